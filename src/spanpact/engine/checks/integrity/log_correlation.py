"""Integrity of log records: the span that they name is in their trace (section 14)."""

from __future__ import annotations

from collections.abc import Iterator

from spanpact.engine.checks.context import Context
from spanpact.engine.checks.outcomes import Breach, LocatedBreach


def check_log_correlation(context: Context) -> Iterator[LocatedBreach]:
    """Yield `log-uncorrelated` for each span id that log records name and no span of the trace has."""
    topology = context.topology
    unknown: dict[str, int] = {}
    for record in topology.trace.logs:
        if record.span_id and record.span_id not in topology.by_id:
            unknown[record.span_id] = unknown.get(record.span_id, 0) + 1
    for span_id, number in unknown.items():
        message = "log records name a span that is not in their trace"
        yield span_id, Breach("log-uncorrelated", message, "a span of the trace", f"{number} records")
