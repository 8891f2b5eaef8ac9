"""`concurrency`: how many spans of an entry are open at one moment (sections 3 and 6)."""

from __future__ import annotations

import math
from collections.abc import Sequence

from spanpact.contract.compiled import Count
from spanpact.engine.checks.context import Context
from spanpact.engine.checks.outcomes import Breach
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


def concurrency_breach(spans: Sequence[Span], wanted: Count, context: Context) -> Breach | None:
    """Return the breach of `concurrency`, None if the most spans open at once are within the range."""
    allowance = max(context.allowance_ns(spans[0], span) for span in spans)
    many = wanted.high is not None and most_open_at_once(spans, -allowance) > wanted.high
    if many or most_open_at_once(spans, allowance) < wanted.low:
        observed = f"{most_open_at_once(spans)} at once"
        message = f"too {'many' if many else 'few'} run at once"
        return Breach("concurrency", message, f"{wanted} at once", observed)
    return None
