"""`kind`, `status`, `status_message`, `scope`: the single texts that every span has (section 3)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from spanpact.contract.compiled import Matcher
from spanpact.engine.checks.check import Judge, missing_capability
from spanpact.engine.checks.context import Context
from spanpact.engine.checks.outcomes import KEPT, Breach, Outcome
from spanpact.engine.checks.shown import shown
from spanpact.engine.checks.values import compile_matcher, line_end_hint
from spanpact.trace.model import Capability, Span


def compile_text(
    finding: str, what: str, get: Callable[[Span], str], matcher: Matcher, capability: Capability | None = None
) -> Judge:
    """Return the check of a text that `get` takes from the span. The empty text counts as missing.

    `finding` is the id of its breaches, `what` the field's name in messages, `capability` what the source needs.
    """
    fault = compile_matcher(matcher)

    def judge(span: Span, context: Context) -> Sequence[Outcome]:
        if capability and (outcome := missing_capability(context, capability)):
            return outcome
        text = get(span)
        if text == matcher.equals:
            return KEPT
        if matcher.presence or matcher.optional:
            if not text:
                if matcher.presence == "present":
                    return (Breach(finding, f"the {what} is missing", "present", "missing"),)
                return KEPT
            if matcher.presence == "absent":
                return (Breach(finding, f"the {what} must be absent", "absent", shown(text)),)
        if wrong := fault(text):
            hint = line_end_hint(matcher, text)
            return (Breach(finding, f"the {what} differs", wrong[1], shown(text), hint),)
        return KEPT

    return judge
