"""`order`: each span of an entry has ended when a span of the next entry starts (sections 3 and 6)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TypeAlias

from spanpact.engine.checks.context import Context
from spanpact.engine.checks.outcomes import Breach, Undecided
from spanpact.engine.checks.shown import shown_ns
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
    # One span per process is enough, the last to end and the first to start: skew depends on the processes only.
    last = _one_of_each_process(sorted(earlier, key=lambda span: -span.end_ns), context)
    first = _one_of_each_process(sorted(later, key=lambda span: span.start_ns), context)
    late = max((a.end_ns - b.start_ns for a in last for b in first if _exceeds(a, b, context)), default=0)
    if late <= 0:
        return None
    observed = f"{later_id} starts {shown_ns(late)} before {earlier_id} has ended"
    expected = f"{earlier_id} has ended when {later_id} starts"
    return Breach("order", f"{earlier_id} and {later_id} are out of order", expected, observed)


def _exceeds(earlier: Span, later: Span, context: Context) -> bool:
    return earlier.end_ns - later.start_ns > context.allowance_ns(earlier, later)


def _one_of_each_process(spans: Sequence[Span], context: Context) -> list[Span]:
    """Return the first span of each process; only one if processes cannot be distinguished."""
    chosen: list[Span] = []
    for span in spans:
        if not any(context.same_process(span, other) for other in chosen):
            chosen.append(span)
            if "resource" not in context.capabilities:
                break  # each span may come from a process of its own: the allowance is the same for all
    return chosen
