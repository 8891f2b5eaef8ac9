"""`duration`: how long a span took (section 3)."""

from __future__ import annotations

from collections.abc import Sequence

from spanpact.contract.compiled import DurationBound
from spanpact.engine.checks.check import Judge
from spanpact.engine.checks.clocks import clock_stood_still, own_clock
from spanpact.engine.checks.context import Context
from spanpact.engine.checks.outcomes import INCOMPLETE, KEPT, Breach, Outcome, Undecided
from spanpact.engine.checks.values.shown import shown_ns
from spanpact.trace.clocks import rounding_ns
from spanpact.trace.model import Span


def compile_duration(bound: DurationBound) -> Judge:
    """Return the check of `duration`, from the span's own start and end, within the source's resolution."""
    low, high = bound.at_least_ns, bound.at_most_ns

    def judge(span: Span, context: Context) -> Sequence[Outcome]:
        if not span.end_ns:
            return (Undecided("incomplete", "the span has not ended"),)
        if context.stood_still(span):
            return (clock_stood_still(span),)
        taken = span.end_ns - span.start_ns
        over = max(taken - high if high is not None else 0, low - taken if low is not None else 0)
        if over <= 0:
            return KEPT
        if over <= rounding_ns(context.resolution_of(span)):
            return KEPT if context.complete else (INCOMPLETE,)
        is_long = high is not None and taken > high
        what, bound = (
            ("took too long", f"at most {shown_ns(high or 0)}")
            if is_long
            else ("was too short", f"at least {shown_ns(low or 0)}")
        )
        return (Breach("duration", f"the span {what}", bound, shown_ns(taken), own_clock(span, context)),)

    return judge
