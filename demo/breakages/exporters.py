"""Exporters that apply a breakage to everything that they pass on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from opentelemetry.sdk._logs import ReadableLogRecord
from opentelemetry.sdk._logs.export import LogRecordExporter, LogRecordExportResult
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from demo.breakages.breakage import Breakage

__all__ = ["TamperingExporter", "TamperingLogExporter"]


class TamperingExporter(SpanExporter):
    """An exporter that breaks spans and passes them to another exporter."""

    def __init__(self, inner: SpanExporter, breakage: Breakage) -> None:
        self._inner = inner
        self._breakage = breakage

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Export the broken spans."""
        return self._inner.export(list(self._broken(spans)))

    def _broken(self, spans: Sequence[ReadableSpan]) -> Iterator[ReadableSpan]:
        for span in spans:
            yield from self._breakage.tamper(span)

    def shutdown(self) -> None:
        """Shut the other exporter down."""
        self._inner.shutdown()


class TamperingLogExporter(LogRecordExporter):
    """An exporter that breaks log records and passes them to another exporter."""

    def __init__(self, inner: LogRecordExporter, breakage: Breakage) -> None:
        self._inner = inner
        self._breakage = breakage

    def export(self, batch: Sequence[ReadableLogRecord]) -> LogRecordExportResult:
        """Export the broken records."""
        tampered = [self._breakage.tamper_log(record) for record in batch]
        return self._inner.export([record for record in tampered if record is not None])

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Flush the other exporter."""
        flush = getattr(self._inner, "force_flush", None)
        return bool(flush(timeout_millis)) if flush else True

    def shutdown(self) -> None:
        """Shut the other exporter down."""
        self._inner.shutdown()  # type: ignore[no-untyped-call]
