"""Integrity of links: the span that a link names is in its trace, if that was read whole (section 14)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from spanpact.engine.checks.context import Context
from spanpact.engine.checks.outcomes import Breach, LocatedBreach
from spanpact.trace.topology import span_ids_if_whole

_MOST_SHOWN: Final = 3


def check_link_targets(context: Context) -> Iterator[LocatedBreach]:
    """Yield `link-dangling` for each span with links to spans that are not in their trace.

    Nothing is known of a trace that was not read, that may still grow, or that has a parent elsewhere. An id of zeros
    names no span.
    """
    linking = [span for span in context.topology.spans if span.links]
    if not linking or "links" not in context.capabilities:
        return
    trace = context.topology.trace
    own_ids = span_ids_if_whole(trace)
    for span in linking:
        targets = dict.fromkeys((link.trace_id, link.span_id) for link in span.links)
        lost = [
            (trace_id, span_id)
            for trace_id, span_id in targets
            if span_id.strip("0")
            and (
                own_ids is not None and span_id not in own_ids
                if trace_id == trace.trace_id
                else context.lacks_span(trace_id, span_id)
            )
        ]
        if lost:
            named = [f"span {span_id} of trace {trace_id}" for trace_id, span_id in lost]
            more = ", …" if len(named) > _MOST_SHOWN else ""
            observed = f"{len(lost)} of {len(targets)} links: {', '.join(named[:_MOST_SHOWN])}{more}"
            message = "a link names a span that is not in its trace"
            yield span.span_id, Breach("link-dangling", message, "a span of the linked trace", observed)
