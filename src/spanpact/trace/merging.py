"""Put the parts of one trace together that several sources hold."""

from __future__ import annotations

from collections.abc import Sequence

from spanpact.trace.equality import log_key, same_span
from spanpact.trace.model import LogRecord, Span, Trace


def merge_trace(parts: Sequence[Trace]) -> Trace:
    """Return one trace with the spans and log records of several with its id; equal copies in two parts count once."""
    if len(parts) == 1:
        return parts[0]
    spans: list[Span] = []
    logs: list[LogRecord] = []
    for part in parts:
        known: dict[str, list[Span]] = {}
        for span in spans:
            known.setdefault(span.span_id, []).append(span)
        known_logs = set(map(log_key, logs))
        spans += [span for span in part.spans if not any(same_span(each, span) for each in known.get(span.span_id, ()))]
        logs += [record for record in part.logs if log_key(record) not in known_logs]
    label = next((part.scenario for part in parts if part.scenario), "")
    return Trace(parts[0].trace_id, spans, logs, all(part.complete for part in parts), label)
