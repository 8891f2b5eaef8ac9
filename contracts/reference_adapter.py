"""Plugs the reference implementation into the contract tests: the file that others copy.

An adapter performs scenarios and gives the traces that they caused. This one runs everything in its own process,
on a real Redis and a real SQLite file, and reads the spans from OpenTelemetry's in-memory exporter.
"""

from __future__ import annotations

import asyncio
import io
import tempfile
from collections.abc import Collection
from pathlib import Path

from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from containers.servers.redis_server import RedisBackend
from contracts.scenario_catalogue import ACTIONS, ALL_ACTIONS
from contracts.scenarios.stage import Stage
from demo.breakages import Breakage, TamperingExporter, TamperingLogExporter
from reference_impl.logs.structured import configure_logging
from reference_impl.propagation.correlation import correlation, new_correlation_id
from reference_impl.settings import Settings
from reference_impl.telemetry.log_export import LogExport
from reference_impl.telemetry.setup import configure_tracing
from spanpact.sources import MemorySource
from spanpact.trace.model import Reading


class ReferenceImplementation:
    """studio-api, in process. Each scenario begins with an empty Redis and an empty database."""

    name = "studio-api"

    def __init__(self, redis: RedisBackend, *, breakage: Breakage | None = None) -> None:
        """`breakage` breaks its tracing, so that the contracts can be seen to notice."""
        self._redis = redis
        self._breakage = breakage

    @property
    def scenarios(self) -> Collection[str]:
        """Every scenario that there is."""
        return ACTIONS.keys()

    def perform(self, scenario: str) -> Reading:
        """Perform a scenario within one correlation id and give the spans that it made, labelled with its name."""
        exporter, lines = InMemorySpanExporter(), InMemoryLogRecordExporter()  # type: ignore[no-untyped-call]
        log = io.StringIO()
        with tempfile.TemporaryDirectory(prefix="studio-api-") as folder:
            database = f"sqlite+aiosqlite:///{Path(folder) / 'studio.db'}"
            settings = Settings.load({}, redis_url=self._redis.url, database_url=database)
            logs = configure_logging(settings, stream=log, logger_provider=self._logger_provider(settings, lines))
            telemetry = configure_tracing(settings, span_processors=[SimpleSpanProcessor(self._broken(exporter))])
            try:
                with correlation(new_correlation_id()):
                    asyncio.run(Stage(settings, telemetry, exporter, log).play(ALL_ACTIONS[scenario]))
            finally:
                telemetry.shutdown()
                logs.close()
        traces = {format(span.context.trace_id, "032x") for span in exporter.get_finished_spans()}
        return MemorySource(exporter, logs=lines, scenarios=dict.fromkeys(traces, scenario)).read()

    def _logger_provider(self, settings: Settings, lines: InMemoryLogRecordExporter) -> LoggerProvider:
        exporter = TamperingLogExporter(lines, self._breakage) if self._breakage else lines
        return LogExport(settings, SimpleLogRecordProcessor(exporter)).provider

    def _broken(self, exporter: SpanExporter) -> SpanExporter:
        return TamperingExporter(exporter, self._breakage) if self._breakage else exporter
