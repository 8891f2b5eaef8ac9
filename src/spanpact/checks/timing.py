"""`duration`, `order`, `concurrency`: when things happened (sections 3 and 6)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from spanpact.checks.base import KEPT, Breach, Context, Judge, Outcome, Undecided
from spanpact.model import Span
from spanpact.plan import Count, DurationBound


def shown_ns(nanoseconds: int) -> str:
    """A duration in the unit that reads best: `350ns`, `4ms`, `1.5s`."""
    for unit, size in (("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1_000)):
        if abs(nanoseconds) >= size:
            return f"{nanoseconds / size:.4g}{unit}"
    return f"{nanoseconds}ns"


def compile_duration(bound: DurationBound) -> Judge:
    """The judge of `duration`, by the span's own start and end."""
    low, high = bound.at_least_ns, bound.at_most_ns

    def judge(span: Span, _: Context) -> Sequence[Outcome]:
        if not span.end_ns:
            return (Undecided("incomplete", "the span has not ended"),)
        taken = span.end_ns - span.start_ns
        if high is not None and taken > high:
            return (Breach("duration", "it took too long", f"at most {shown_ns(high)}", shown_ns(taken)),)
        if low is not None and taken < low:
            return (Breach("duration", "it took too short", f"at least {shown_ns(low)}", shown_ns(taken)),)
        return KEPT

    return judge


def out_of_order(groups: Sequence[tuple[str, Sequence[Span]]], context: Context) -> list[Breach]:
    """Breaches of `order`: of consecutive ids that have spans, the earlier has ended when the later starts."""
    there = [(name, spans) for name, spans in groups if spans]
    breaches = []
    for (before, earlier), (after, later) in pairwise(there):
        last = max(earlier, key=lambda span: span.end_ns)
        first = min(later, key=lambda span: span.start_ns)
        late = last.end_ns - first.start_ns - context.allowance_ns(last, first)
        if late > 0:
            observed = f"{after} starts {shown_ns(last.end_ns - first.start_ns)} before {before} has ended"
            expected = f"{before} has ended when {after} starts"
            breaches.append(Breach("order", f"{before} and {after} are out of order", expected, observed))
    return breaches


def most_open_at_once(spans: Sequence[Span]) -> int:
    """The most spans that are open at one moment; one that starts where another ends does not overlap it."""
    moments = sorted([(span.start_ns, 1) for span in spans] + [(span.end_ns, -1) for span in spans])
    most = open_now = 0
    for _, change in moments:
        open_now += change
        most = max(most, open_now)
    return most


def concurrency_breach(spans: Sequence[Span], wanted: Count) -> Breach | None:
    """The breach of `concurrency`, None where the most open at once is within the range."""
    most = most_open_at_once(spans)
    if most in wanted:
        return None
    return Breach("concurrency", "another number runs at once", f"{wanted} at once", f"{most} at once")
