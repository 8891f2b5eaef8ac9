"""Integrity of a span's own times: it ended, and not before it started (section 14)."""

from __future__ import annotations

from collections.abc import Iterator

from spanpact.engine.checks.context import Context
from spanpact.engine.checks.outcomes import Breach, LocatedBreach
from spanpact.engine.checks.values.shown import shown_ns


def check_span_times(context: Context) -> Iterator[LocatedBreach]:
    """Yield `span-times` for each span that never ended or ends before it starts.

    While spans still arrive, an unfinished span may be sent again when it ends.
    """
    for span in context.topology.spans:
        if not span.end_ns and context.complete:
            yield span.span_id, Breach("span-times", "the span never ended", "an end", "no end")
        elif span.end_ns and span.end_ns < span.start_ns:
            observed = f"ends {shown_ns(span.start_ns - span.end_ns)} before its start"
            yield (
                span.span_id,
                Breach("span-times", "the span ends before it starts", "an end after the start", observed),
            )
