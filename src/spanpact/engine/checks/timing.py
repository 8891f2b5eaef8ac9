"""`duration`, `order`, `concurrency`: when things happened (sections 3 and 6)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TypeAlias

from spanpact.contract.compiled import Count, DurationBound
from spanpact.engine.checks.base import KEPT, Breach, Context, Judge, Outcome, Undecided
from spanpact.trace.clocks import rounding_ns
from spanpact.trace.model import Span


def shown_ns(nanoseconds: int) -> str:
    """A duration in the unit that reads best: `350ns`, `4ms`, `1.5s`."""
    for unit, size in (("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1_000)):
        if abs(nanoseconds) >= size:
            return f"{nanoseconds / size:.4g}{unit}"
    return f"{nanoseconds}ns"


def compile_duration(bound: DurationBound) -> Judge:
    """The judge of `duration`, by the span's own start and end, as far as the source's resolution can tell."""
    low, high = bound.at_least_ns, bound.at_most_ns

    def judge(span: Span, context: Context) -> Sequence[Outcome]:
        if not span.end_ns:
            return (Undecided("incomplete", "the span has not ended"),)
        taken, unclear = span.end_ns - span.start_ns, rounding_ns(context.resolution_ns)
        if high is not None and taken - high > unclear:
            return (Breach("duration", "it took too long", f"at most {shown_ns(high)}", shown_ns(taken)),)
        if low is not None and low - taken > unclear:
            return (Breach("duration", "it took too short", f"at least {shown_ns(low)}", shown_ns(taken)),)
        return KEPT

    return judge


_Named: TypeAlias = tuple[str, Sequence[Span]]
"""An id and its spans."""


def out_of_order(groups: Sequence[_Named], context: Context) -> list[Breach | Undecided]:
    """Breaches of `order`: of consecutive ids that have spans, the earlier has ended when the later starts."""
    there = [(name, spans) for name, spans in groups if spans]
    found = (_overlap(earlier, later, context) for earlier, later in pairwise(there))
    return [outcome for outcome in found if outcome]


def _overlap(before: _Named, after: _Named, context: Context) -> Breach | Undecided | None:
    (earlier_id, earlier), (later_id, later) = before, after
    if not all(span.end_ns for span in earlier):
        return Undecided("incomplete", f"a span of {earlier_id} has not ended")
    # Of each process the last to end and the first to start are enough: only between processes is skew allowed.
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
    """The first span of each process."""
    chosen: list[Span] = []
    for span in spans:
        if not any(context.same_process(span, other) for other in chosen):
            chosen.append(span)
            if "resource" not in context.capabilities:
                break  # all may be of as many processes as there are
    return chosen


def most_open_at_once(spans: Sequence[Span], allowance_ns: int = 0) -> int:
    """The most spans that are open at one moment, if each lasted longer by the allowance (shorter: negative).

    One that starts where another ends does not overlap it; one that never ended is open for ever; one that takes
    no time is open all the same.
    """
    moments = []
    for span in spans:
        end = span.end_ns + allowance_ns if span.end_ns else math.inf
        moments += [(span.start_ns, 1), (max(end, span.start_ns + 1), -1)]
    most = open_now = 0
    for _, change in sorted(moments):
        open_now += change
        most = max(most, open_now)
    return most


def concurrency_breach(spans: Sequence[Span], wanted: Count, context: Context) -> Breach | None:
    """The breach of `concurrency`, None where the most open at once is within the range."""
    allowance = max(context.allowance_ns(spans[0], span) for span in spans)
    many = wanted.high is not None and most_open_at_once(spans, -allowance) > wanted.high
    if many or most_open_at_once(spans, allowance) < wanted.low:
        observed = f"{most_open_at_once(spans)} at once"
        message = f"too {'many' if many else 'few'} run at once"
        return Breach("concurrency", message, f"{wanted} at once", observed)
    return None
