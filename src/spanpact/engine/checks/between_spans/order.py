"""`order`: each span of an entry has ended when a span of the next entry starts (sections 3 and 6)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TypeAlias

from spanpact.engine.checks.clocks import clock_stood_still, compared_clocks
from spanpact.engine.checks.context import Context
from spanpact.engine.checks.outcomes import Breach, Undecided
from spanpact.engine.checks.values.shown import shown_ns
from spanpact.trace.model import Span

NamedSpans: TypeAlias = tuple[str, Sequence[Span]]
"""An id and its spans."""


def out_of_order(groups: Sequence[NamedSpans], context: Context) -> list[Breach | Undecided]:
    """Return an outcome for each two consecutive ids whose spans are not in order; ids without spans are skipped.

    Those with such an id between them are not compared while spans may still arrive: the id would be compared with
    each of them, with an allowance for both.
    """
    compared = [(name, spans) for name, spans in groups if spans] if context.complete else groups
    found = (_overlap(earlier, later, context) for earlier, later in pairwise(compared) if earlier[1] and later[1])
    return [outcome for outcome in found if outcome]


def _overlap(before: NamedSpans, after: NamedSpans, context: Context) -> Breach | Undecided | None:
    (earlier_id, earlier), (later_id, later) = before, after
    if not all(span.end_ns for span in earlier):
        return Undecided("incomplete", f"a span of {earlier_id} has not ended")
    still = next((span for span in (*earlier, *later) if context.stood_still(span)), None)
    if still is not None:
        earlier, later = ([span for span in spans if not context.stood_still(span)] for spans in (earlier, later))
    pair = _latest_overlap(earlier, later, context)
    if pair is None:
        return None if still is None else clock_stood_still(still)
    last, first = pair
    observed = f"{later_id} starts {shown_ns(last.end_ns - first.start_ns)} before {earlier_id} has ended"
    expected = f"{earlier_id} has ended when {later_id} starts"
    message = f"{earlier_id} and {later_id} are out of order"
    return Breach("order", message, expected, observed, compared_clocks(last, first, context))


def _latest_overlap(earlier: Sequence[Span], later: Sequence[Span], context: Context) -> tuple[Span, Span] | None:
    """Return an earlier span and a later one that starts too long before its end; None if all are in order."""
    if not earlier or not later or max(a.end_ns for a in earlier) <= min(b.start_ns for b in later):
        return None
    # One span per clock is enough, the last to end and the first to start: what is allowed depends on the clocks only.
    last = _one_of_each_clock(sorted(earlier, key=lambda span: -span.end_ns), context)
    first = _one_of_each_clock(sorted(later, key=lambda span: span.start_ns), context)
    pairs = [(a, b) for a in last for b in first if a.end_ns - b.start_ns > context.allowance_ns(a, b)]
    return max(pairs, key=lambda pair: pair[0].end_ns - pair[1].start_ns, default=None)


def _one_of_each_clock(spans: Sequence[Span], context: Context) -> list[Span]:
    """Return the first span of each process and resolution."""
    if "resource" not in context.capabilities:
        return [spans[0]]  # each span may come from a process of its own: the allowance is the same for all
    chosen: dict[tuple[int, int], Span] = {}
    processes, by_id = context.processes, context.topology.by_id
    for span in spans:
        chosen.setdefault((processes[by_id[span.span_id]], context.resolution_of(span)), span)
    return list(chosen.values())
