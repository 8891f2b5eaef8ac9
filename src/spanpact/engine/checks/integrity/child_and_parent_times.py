"""Compare the start and the end of each span with those of its parent (sections 6 and 14)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from spanpact.engine.checks.clocks import compared_clocks
from spanpact.engine.checks.context import Context
from spanpact.engine.checks.outcomes import Breach, LocatedBreach
from spanpact.engine.checks.values.shown import shown_ns
from spanpact.trace.clocks import ends_by_another_clock
from spanpact.trace.model import Span
from spanpact.trace.topology import TOP

_ENDED_BY_RESPONSE: Final = frozenset(
    f"@opentelemetry/instrumentation-{framework}" for framework in ("connect", "express", "router")
)
"""Scopes whose spans end when the response is closed, after the server span that ends at the same event."""


def check_child_and_parent_times(context: Context) -> Iterator[LocatedBreach]:
    """Yield `child-early` and `child-late` for each span that starts before its parent or ends after it.

    Differences within the allowance between the two spans are accepted (section 6). If the parent's SDK reads two
    clocks, its end may be too early by a pause until its first child starts.
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
        if early > allowed:
            message, observed = "the span starts before its parent", f"{shown_ns(early)} earlier"
            hint = compared_clocks(span, parent, context)
            yield span.span_id, Breach("child-early", message, "not before its parent", observed, hint)
        if late <= allowed or not span.end_ns or not parent.end_ns or _ends_late_by_design(span, parent, context):
            continue
        pause = _longest_pause_ns(topology.parent[i], context)
        if late > allowed + pause:
            message, observed = "the span ends after its parent", f"{shown_ns(late)} later"
            hint = compared_clocks(span, parent, context, pause_ns=pause)
            yield span.span_id, Breach("child-late", message, "not after its parent", observed, hint)


def _longest_pause_ns(i: int, context: Context) -> int:
    """Return by how much the end of span `i`, which has children, may be too early since its SDK reads two clocks."""
    topology = context.topology
    span, first_child = topology.spans[i], topology.spans[topology.children(i)[0]]
    if not ends_by_another_clock(span, context.resolution_of(span)):
        return 0
    return max(0, first_child.start_ns - span.start_ns)


def _ends_late_by_design(span: Span, parent: Span, context: Context) -> bool:
    """Return whether nobody waits for the span, or its late end shows no work.

    The first is a consumer below its producer, or below a span of another process; the second a layer of a framework.
    """
    if span.scope.name in _ENDED_BY_RESPONSE:
        return True
    return span.kind == "consumer" and (parent.kind == "producer" or not context.same_process(span, parent))
