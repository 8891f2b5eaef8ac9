"""Compare the start and the end of each span with those of its parent (sections 6 and 14)."""

from __future__ import annotations

from collections.abc import Iterator

from spanpact.engine.checks.clocks import compared_clocks
from spanpact.engine.checks.context import Context
from spanpact.engine.checks.outcomes import Breach, LocatedBreach
from spanpact.engine.checks.shown import shown_ns
from spanpact.trace.model import Span
from spanpact.trace.topology import TOP


def check_child_and_parent_times(context: Context) -> Iterator[LocatedBreach]:
    """Yield `child-early` and `child-late` for each span that starts before its parent or ends after it.

    Differences within the allowance between the two spans are accepted (section 6).
    """
    topology = context.topology
    for i, span in enumerate(topology.spans):
        if topology.parent[i] == TOP:
            continue
        parent = topology.spans[topology.parent[i]]
        early, late = parent.start_ns - span.start_ns, span.end_ns - parent.end_ns
        if early <= 0 and late <= 0:
            continue
        allowed = context.allowance_ns(parent, span)
        hint = compared_clocks(span, parent, context) if max(early, late) > allowed else ""
        if early > allowed:
            message, observed = "the span starts before its parent", f"{shown_ns(early)} earlier"
            yield span.span_id, Breach("child-early", message, "not before its parent", observed, hint)
        if late > allowed and span.end_ns and parent.end_ns and not _ends_late_by_design(span, parent, context):
            message, observed = "the span ends after its parent", f"{shown_ns(late)} later"
            yield span.span_id, Breach("child-late", message, "not after its parent", observed, hint)


def _ends_late_by_design(span: Span, parent: Span, context: Context) -> bool:
    """Return whether nobody waits for the span: a consumer below its producer, or below a span of another process."""
    return span.kind == "consumer" and (parent.kind == "producer" or not context.same_process(span, parent))
