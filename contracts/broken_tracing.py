"""The reference implementation with its telemetry broken, so that the contracts can be seen to report it."""

from __future__ import annotations

from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, LogRecordExporter
from opentelemetry.sdk.trace.export import SpanExporter
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from containers.servers.redis_server import RedisBackend
from contracts.reference_adapter import ReferenceImplementation
from demo.breakages import Breakage, TamperingExporter, TamperingLogExporter

__all__ = ["BrokenTracing"]


class BrokenTracing(ReferenceImplementation):
    """studio-api in this process, whose spans and log records a breakage changes on their way out."""

    def __init__(self, redis: RedisBackend, breakage: Breakage) -> None:
        super().__init__(redis)
        self._breakage = breakage

    def span_exporter(self, memory: InMemorySpanExporter) -> SpanExporter:
        """Return an exporter that applies the breakage."""
        return TamperingExporter(memory, self._breakage)

    def log_exporter(self, memory: InMemoryLogRecordExporter) -> LogRecordExporter:
        """Return an exporter that applies the breakage."""
        return TamperingLogExporter(memory, self._breakage)
