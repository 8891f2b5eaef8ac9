"""Integrity of log records: the span that they name is in their trace (section 14)."""

from __future__ import annotations

from collections.abc import Iterator

from spanpact.engine.checks.context import Context
from spanpact.engine.checks.outcomes import Breach, LocatedBreach

_SAMPLED = 1  # W3C Trace Context


def check_log_correlation(context: Context) -> Iterator[LocatedBreach]:
    """Yield `log-uncorrelated` for each span id that log records name and no span of the trace has.

    Records whose flags say that their span was not sampled are left out: such a span is never exported.
    """
    topology = context.topology
    unknown: dict[str, int] = {}
    for record in topology.trace.logs:
        if record.span_id and record.span_id not in topology.by_id and not is_unsampled(record.trace_flags):
            unknown[record.span_id] = unknown.get(record.span_id, 0) + 1
    for span_id, number in unknown.items():
        message = "log records name a span that is not in their trace"
        yield span_id, Breach("log-uncorrelated", message, "a span of the trace", f"{number} records")


def is_unsampled(trace_flags: int) -> bool:
    """Return whether the flags of a log record say that its span was not sampled.

    Flags of 0 may also mean that the emitter did not set them.
    """
    return bool(trace_flags) and not trace_flags & _SAMPLED
