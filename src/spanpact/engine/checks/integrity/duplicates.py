"""Integrity of the spans of one id: one span that was stored twice, or several spans (section 14)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from spanpact.engine.checks.context import Context
from spanpact.engine.checks.outcomes import Breach, LocatedBreach
from spanpact.engine.checks.values.shown import shown_ns
from spanpact.trace.equality import differing_fields, same_span
from spanpact.trace.model import Span
from spanpact.trace.topology import Topology

_MOST_NAMED: Final = 5
_EXPORTED_TWICE: Final = "two exporters, or a retry after a lost answer: let one of them send each span"
_IDS_REPEAT: Final = (
    "random is seeded again (Hypothesis, a rerun, a fixed seed): use an id generator with a random source of its own"
)
_ID_COLLISION: Final = "two spans draw one id, or a span is sent again after a change: give each span an id of its own"


def check_duplicates(context: Context) -> Iterator[LocatedBreach]:
    """Yield `span-duplicate` for each id that several spans have, with the likely cause.

    While spans still arrive, an unfinished one may be an update of one still to come.
    """
    others: dict[int, list[Span]] = {}
    for span in context.topology.duplicates:
        if span.end_ns or context.complete:
            others.setdefault(_judged(context.topology, span), []).append(span)
    for i, copies in others.items():
        judged = context.topology.spans[i]
        yield judged.span_id, _breach(judged, copies, context.resolution_ns)


def _judged(topology: Topology, span: Span) -> int:
    """Return the span that is judged instead of this one."""
    client = topology.clients.get(span.span_id)
    return client if client is not None and span.kind == "client" else topology.by_id[span.span_id]


def _breach(judged: Span, others: Sequence[Span], resolution_ns: int) -> Breach:
    number = f"{len(others) + 1}"
    later = max(abs(span.start_ns - judged.start_ns) for span in others)
    if later >= resolution_ns:
        observed = f"{number} spans with the id {judged.span_id}, {shown_ns(later)} apart"
        message = "the ids of the trace repeat: spans with this id start at other times"
        return Breach("span-duplicate", message, "a unique id", observed, _IDS_REPEAT)
    differing = [span for span in others if not same_span(judged, span)]
    if not differing:
        observed = f"{number} equal copies of the span {judged.span_id}"
        return Breach("span-duplicate", "the same span was exported twice", "one copy", observed, _EXPORTED_TWICE)
    fields = list(dict.fromkeys(field for span in differing for field in differing_fields(judged, span)))
    named = ", ".join(fields[:_MOST_NAMED]) + (", …" if len(fields) > _MOST_NAMED else "")
    observed = f"{number} spans with the id {judged.span_id}, which differ in {named}"
    message = "another span of the trace has the same id"
    return Breach("span-duplicate", message, "a unique id", observed, _ID_COLLISION)
