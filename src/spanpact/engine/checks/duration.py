"""`duration`: how long a span took (section 3)."""

from __future__ import annotations

from collections.abc import Sequence

from spanpact.contract.compiled import DurationBound
from spanpact.engine.checks.check import Judge
from spanpact.engine.checks.context import Context
from spanpact.engine.checks.outcomes import KEPT, Breach, Outcome, Undecided
from spanpact.engine.checks.shown import shown_ns
from spanpact.trace.clocks import rounding_ns
from spanpact.trace.model import Span


def compile_duration(bound: DurationBound) -> Judge:
    """Return the check of `duration`, from the span's own start and end, within the source's resolution."""
    low, high = bound.at_least_ns, bound.at_most_ns

    def judge(span: Span, context: Context) -> Sequence[Outcome]:
        if not span.end_ns:
            return (Undecided("incomplete", "the span has not ended"),)
        taken, rounding = span.end_ns - span.start_ns, rounding_ns(context.resolution_ns)
        if high is not None and taken - high > rounding:
            return (Breach("duration", "the span took too long", f"at most {shown_ns(high)}", shown_ns(taken)),)
        if low is not None and low - taken > rounding:
            return (Breach("duration", "the span was too short", f"at least {shown_ns(low)}", shown_ns(taken)),)
        return KEPT

    return judge
