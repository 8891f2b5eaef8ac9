"""`parent`: whether a span has a parent, and whether that is in another process (section 3)."""

from __future__ import annotations

from collections.abc import Sequence

from spanpact.contract.compiled import ParentKind
from spanpact.engine.checks.check import Check, Judge
from spanpact.engine.checks.context import Context
from spanpact.engine.checks.outcomes import INCOMPLETE, KEPT, Breach, Outcome, Undecided
from spanpact.errors import Place
from spanpact.trace.model import Span
from spanpact.trace.name_patterns import NamePattern
from spanpact.trace.process import sets_flags


def compile_parent(wanted: ParentKind) -> Judge:
    """Return the check of `parent: none | local | remote`."""

    def judge(span: Span, context: Context) -> Sequence[Outcome]:
        observed = _parent_kind(span, context)
        if wanted != "none" and _may_be_doubted(span, context):
            return (INCOMPLETE,)
        if observed == wanted:
            return KEPT
        if observed is None and wanted != "none":
            if not context.complete and "resource" in context.capabilities and context.parent_of(span) is None:
                return (INCOMPLETE,)  # the service name of a parent still to come decides
            return (Undecided("capability", "the source does not distinguish remote parents from local ones"),)
        return (Breach("parent", "the parent differs", wanted, observed or "a parent"),)

    return judge


def _may_be_doubted(span: Span, context: Context) -> bool:
    """Return whether spans still to come may show that the emitter flags remote parents as local."""
    return not context.complete and span.parent_remote is False and not sets_flags(span.resource)


def _parent_kind(span: Span, context: Context) -> ParentKind | None:
    """Return the kind of the span's parent, None where the source does not show it."""
    if context.has_id_of_its_client(span):
        return "remote"
    if not span.parent_id:
        return "none"
    if (remote := context.flagged_remote(span)) is not None:
        return "remote" if remote else "local"
    parent = context.parent_of(span)
    if parent is None or "resource" not in context.capabilities:
        return None
    name, own = (each.resource.attributes.get("service.name") for each in (parent, span))
    return "remote" if name != own else None  # two processes may have equal names


def compile_parents(names: NamePattern, place: Place | None) -> Check:
    """Return the check of `parents`: the parent has one of the names; `none` is for spans without one in the trace."""

    def judge(span: Span, context: Context) -> Sequence[Outcome]:
        parent = context.parent_of(span)
        if not context.complete and (not context.is_final(parent) if parent else span.parent_id):
            return (INCOMPLETE,)
        if ("none" in names.texts) if parent is None else names.fits(parent.name):
            return KEPT
        observed = parent.name if parent else "none"
        return (Breach("parent", "the parent has another name", str(names), observed),)

    return Check("parents", judge, place=place)
