"""Assemble the spans and log records of many batches into traces."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from spanpact.trace.model import LogRecord, Span, Trace


class _PartialTrace:
    """The spans and log records of one trace so far. `trace` caches the trace built from them until more arrive."""

    __slots__ = ("logs", "spans", "trace")

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.logs: list[LogRecord] = []
        self.trace: Trace | None = None


class TraceAssembler:
    """Collects spans and log records by trace id, in arrival order. Duplicates are kept for a check to judge.

    A trace that has not changed since the last call is returned as the same object. Log records without any span of
    their trace (for example of a trace that was not sampled), and those without a trace id, make no trace: `spanless`
    returns them. Not thread-safe.
    """

    def __init__(self) -> None:
        self._by_id: dict[str, _PartialTrace] = {}
        self.spans = 0
        self.logs = 0

    def add(self, spans: Iterable[Span], logs: Iterable[LogRecord] = ()) -> None:
        """Add the spans and log records of one batch."""
        for span in spans:
            self._changed(span.trace_id).spans.append(span)
            self.spans += 1
        for log in logs:
            self._changed(log.trace_id).logs.append(log)
            self.logs += 1

    def _changed(self, trace_id: str) -> _PartialTrace:
        """Return the partial trace with this id, its cached trace dropped."""
        partial = self._by_id.get(trace_id)
        if partial is None:
            partial = self._by_id[trace_id] = _PartialTrace()
        partial.trace = None
        return partial

    def traces(self, *, complete: bool, scenarios: Mapping[str, str] | None = None) -> tuple[Trace, ...]:
        """Return all traces, in the order in which their first span or log record arrived.

        `complete` says whether their spans have all arrived. `scenarios` maps trace ids to scenario labels.
        """
        return self._built(complete, scenarios or {}, spanless=False)

    def spanless(self, *, complete: bool, scenarios: Mapping[str, str] | None = None) -> tuple[Trace, ...]:
        """Return the log records of which no span has arrived, one trace without spans for each trace id."""
        return self._built(complete, scenarios or {}, spanless=True)

    def _built(self, complete: bool, labels: Mapping[str, str], *, spanless: bool) -> tuple[Trace, ...]:
        return tuple(
            _build_trace(trace_id, partial, complete, labels.get(trace_id, ""))
            for trace_id, partial in self._by_id.items()
            if (not partial.spans) == spanless
        )


def _build_trace(trace_id: str, partial: _PartialTrace, complete: bool, scenario: str) -> Trace:
    trace = partial.trace
    if trace is None or trace.complete != complete or trace.scenario != scenario:
        trace = Trace(trace_id, tuple(partial.spans), tuple(partial.logs), complete, scenario)
        partial.trace = trace
    return trace
