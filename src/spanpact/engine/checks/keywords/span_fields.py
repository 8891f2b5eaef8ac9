"""`name`, `kind`, `status`, `status_message`, `scope`: the single texts that every span has (section 3)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from spanpact.contract.compiled import Matcher, Reference
from spanpact.engine.checks.check import Judge, missing_capability
from spanpact.engine.checks.context import Context
from spanpact.engine.checks.outcomes import KEPT, Breach, Outcome, Undecided
from spanpact.engine.checks.values.matching import TYPE_UNKNOWN, compile_matcher, line_end_hint
from spanpact.engine.checks.values.shown import shown
from spanpact.trace.equality import possible_values
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


def compile_status(matcher: Matcher) -> Judge:
    """Return the check of `status`. Where the source loses the status ok, unset may be either."""
    content = compile_text("status", "status", lambda span: span.status, matcher)

    def judge(span: Span, context: Context) -> Sequence[Outcome]:
        outcomes = content(span, context)
        if "status_ok" in context.capabilities or span.status != "unset":
            return outcomes
        other = content(msgspec.structs.replace(span, status="ok"), context)
        return outcomes if bool(outcomes) == bool(other) else missing_capability(context, "status_ok") or outcomes

    return judge


def compile_name(matcher: Matcher) -> Judge:
    """Return the check of `name`: the span's name meets the matcher, and equals the attribute that `same_as` names."""
    content, reference = compile_text("span-name", "span name", lambda span: span.name, matcher), matcher.same_as

    def judge(span: Span, context: Context) -> Sequence[Outcome]:
        if outcomes := content(span, context):
            return outcomes
        if reference is None or context.values_of is None or (matcher.optional and not span.name):
            return KEPT
        return _compare_name(span.name, reference, context)

    return judge


def _compare_name(name: str, reference: Reference, context: Context) -> Sequence[Outcome]:
    target = f"{reference.entry}.{reference.attribute}"
    assert context.values_of is not None
    others = context.values_of(reference)
    if not others:
        return (Undecided("no-reference", f"{target} has no value in this flow"),)
    for other in others:
        if other != name:
            message = f"the span name differs from {target}"
            return (Breach("span-name", message, shown(other), shown(name), compared=True),)
    return (TYPE_UNKNOWN,) if possible_values(name, context.capabilities) else KEPT
