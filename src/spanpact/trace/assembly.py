"""Gathers spans and log records of many batches into traces."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from spanpact.trace.model import LogRecord, Span, Trace


class _Gathered:
    """What has come of one trace so far, and the trace last made of it (None once more has come)."""

    __slots__ = ("logs", "made", "spans")

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.logs: list[LogRecord] = []
        self.made: Trace | None = None


class TraceAssembler:
    """Spans and log records by trace id, in the order in which they came; duplicates are kept for a check to judge.

    A trace in which nothing changed since the last call of `traces` is given as the same object again. Log records
    whose trace has no span (one that was not sampled, say) make no trace. Not thread-safe.
    """

    def __init__(self) -> None:
        self._by_id: dict[str, _Gathered] = {}
        self.spans = 0
        self.logs = 0

    def add(self, spans: Iterable[Span], logs: Iterable[LogRecord] = ()) -> None:
        """Take in one batch."""
        for span in spans:
            gathered = self._of(span.trace_id)
            gathered.spans.append(span)
            self.spans += 1
        for log in logs:
            gathered = self._of(log.trace_id)
            gathered.logs.append(log)
            self.logs += 1

    def _of(self, trace_id: str) -> _Gathered:
        gathered = self._by_id.get(trace_id)
        if gathered is None:
            gathered = self._by_id[trace_id] = _Gathered()
        gathered.made = None
        return gathered

    def traces(self, *, complete: bool, scenarios: Mapping[str, str] | None = None) -> tuple[Trace, ...]:
        """All traces, those first whose first span or log record came first. `scenarios` labels trace ids."""
        labels = scenarios or {}
        return tuple(
            _trace(trace_id, gathered, complete, labels.get(trace_id, ""))
            for trace_id, gathered in self._by_id.items()
            if gathered.spans
        )


def _trace(trace_id: str, gathered: _Gathered, complete: bool, scenario: str) -> Trace:
    made = gathered.made
    if made is None or made.complete != complete or made.scenario != scenario:
        made = Trace(trace_id, tuple(gathered.spans), tuple(gathered.logs), complete, scenario)
        gathered.made = made
    return made
