"""`concurrency`: how many spans of an entry are open at one moment (sections 3 and 6)."""

from __future__ import annotations

import math
from collections.abc import Sequence

from spanpact.contract.compiled import Count
from spanpact.engine.checks.clocks import clock_stood_still, compared_clocks
from spanpact.engine.checks.context import Context
from spanpact.engine.checks.outcomes import Breach, Undecided
from spanpact.trace.clocks import COARSE_NS
from spanpact.trace.model import Span


def most_open_at_once(spans: Sequence[Span], allowance_ns: int = 0) -> int:
    """Return the most spans open at one moment if each lasted longer by the allowance (negative: shorter).

    A span that starts when another ends does not overlap it. A span that never ended stays open. A span that takes
    no time counts as one nanosecond.
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


def concurrency_outcome(spans: Sequence[Span], wanted: Count, context: Context) -> Breach | Undecided | None:
    """Return the outcome of `concurrency`, None if the most spans open at once are within the range."""
    most = most_open_at_once(spans)
    still = next((span for span in spans if context.stood_still(span)), None)
    if still is not None and len(spans) >= wanted.low:
        is_sure = wanted.low <= 1 and (wanted.high is None or len(spans) <= wanted.high)
        return None if is_sure else clock_stood_still(still)
    if most in wanted:
        return None
    widest = max(spans, key=lambda span: context.allowance_ns(spans[0], span))
    allowance = context.allowance_ns(spans[0], widest)
    if not context.complete:  # a span of another process may come, with a coarser clock
        allowance = max(allowance, context.tolerance_ns + context.skew_ns + COARSE_NS[0])
    many = wanted.high is not None and most_open_at_once(spans, -allowance) > wanted.high
    if many or most_open_at_once(spans, allowance) < wanted.low:
        message = f"too {'many' if many else 'few'} run at once"
        hint = compared_clocks(spans[0], widest, context)
        return Breach("concurrency", message, f"{wanted} at once", f"{most} at once", hint)
    return None
