"""`kind`, `status`, `status_message`, `scope`, `parent`: what a span says of itself in one word (section 3)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from spanpact.contract.compiled import Matcher, ParentKind
from spanpact.engine.checks.base import INCOMPLETE, KEPT, Breach, Context, Judge, Outcome, Undecided, lacking
from spanpact.engine.checks.values import compile_matcher, shown
from spanpact.trace.model import Capability, Span


def compile_text(
    finding: str, what: str, get: Callable[[Span], str], matcher: Matcher, capability: Capability | None = None
) -> Judge:
    """The judge of a text that every span has. The empty text of an optional field counts as missing."""
    fault = compile_matcher(matcher)

    def judge(span: Span, context: Context) -> Sequence[Outcome]:
        if capability and (outcome := lacking(context, capability)):
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
                return (Breach(finding, f"the {what} must not be there", "absent", shown(text)),)
        if wrong := fault(text):
            return (Breach(finding, f"the {what} is another", wrong[1], shown(text)),)
        return KEPT

    return judge


def compile_parent(wanted: ParentKind) -> Judge:
    """The judge of `parent: none | local | remote`."""

    def judge(span: Span, context: Context) -> Sequence[Outcome]:
        observed = _parent_kind(span, context)
        if observed == wanted:
            return KEPT
        if observed is None and wanted != "none":
            if not context.complete and "resource" in context.capabilities and context.parent_of(span) is None:
                return (INCOMPLETE,)  # its parent's service name will tell
            return (Undecided("capability", "the source does not tell remote parents from local ones"),)
        return (Breach("parent", "the parent is another", wanted, observed or "a parent"),)

    return judge


def _parent_kind(span: Span, context: Context) -> ParentKind | None:
    if not span.parent_id:
        return "none"
    if (remote := context.remote(span)) is not None:
        return "remote" if remote else "local"
    parent = context.parent_of(span)
    if parent is None or "resource" not in context.capabilities:
        return None
    name, own = (each.resource.attributes.get("service.name") for each in (parent, span))
    return "remote" if name != own else None  # equal names may still be two processes
