"""The adapter that plugs the reference implementation into the contract tests: an example to copy.

An adapter is an object with a name, the names of the scenarios that it can perform, and `perform`
(`spanpact.conformance.Implementation`). `perform` here

1. empties the backends and starts the system in this process, with exporters that keep spans and logs in memory;
2. does what the scenario asks, with the system's own functions;
3. shuts the system down, so that every span has ended, and returns what the exporters hold.

`contracts/test_reference_impl.py` is the whole test. Yours needs other settings, and actions of its own in the place of
`ALL_ACTIONS`; the names and the meaning of the scenarios stay (`spanpact.conformance.SCENARIOS`).
"""

from __future__ import annotations

import asyncio
import io
import tempfile
from collections.abc import Collection, Mapping
from pathlib import Path
from types import MappingProxyType

from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, LogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from containers.servers.redis_server import RedisBackend
from contracts.scenario_catalogue import ACTIONS, ALL_ACTIONS
from contracts.scenarios.harness import Harness
from reference_impl.logs.structured import configure_logging
from reference_impl.propagation.correlation import correlation, new_correlation_id
from reference_impl.settings import Settings
from reference_impl.telemetry.log_export import LogExport
from reference_impl.telemetry.setup import configure_tracing
from spanpact.sources import MemorySource
from spanpact.trace.model import Reading

__all__ = ["ReferenceImplementation"]


class ReferenceImplementation:
    """studio-api in this process, on a real Redis and a SQLite file. Each scenario starts with both empty."""

    name = "studio-api"

    def __init__(self, redis: RedisBackend, variables: Mapping[str, str] = MappingProxyType({})) -> None:
        """`variables` is the environment of the service."""
        self._redis = redis
        self._variables = variables

    @property
    def scenarios(self) -> Collection[str]:
        """Return the names of all scenarios: this implementation can perform every one."""
        return ACTIONS.keys()

    def perform(self, scenario: str) -> Reading:
        """Perform a scenario with one correlation id and return its traces, labelled with the scenario's name."""
        spans, logs = InMemorySpanExporter(), InMemoryLogRecordExporter()  # type: ignore[no-untyped-call]
        with tempfile.TemporaryDirectory(prefix="studio-api-") as folder:
            database = f"sqlite+aiosqlite:///{Path(folder) / 'studio.db'}"
            settings = Settings.load(self._variables, redis_url=self._redis.url, database_url=database)
            self._run(scenario, settings, spans, logs)
        return self.read(spans, logs, scenario)

    def read(self, spans: InMemorySpanExporter, logs: InMemoryLogRecordExporter, scenario: str) -> Reading:
        """Return what the exporters hold, labelled with the scenario's name."""
        trace_ids = {format(span.context.trace_id, "032x") for span in spans.get_finished_spans()}
        # The label lets contracts with a `scenario` condition apply to these traces.
        return MemorySource(spans, logs=logs, scenarios=dict.fromkeys(trace_ids, scenario)).read()

    def _run(
        self, scenario: str, settings: Settings, spans: InMemorySpanExporter, logs: InMemoryLogRecordExporter
    ) -> None:
        log_stream = io.StringIO()
        log_export = LogExport(settings, SimpleLogRecordProcessor(self.log_exporter(logs)))
        logging = configure_logging(settings, stream=log_stream, logger_provider=log_export.provider)
        # A simple processor exports each span when it ends, so that nothing has to be flushed.
        telemetry = configure_tracing(settings, span_processors=[SimpleSpanProcessor(self.span_exporter(spans))])
        try:
            with correlation(new_correlation_id()):
                asyncio.run(Harness(settings, telemetry, spans, log_stream).run(ALL_ACTIONS[scenario]))
        finally:
            telemetry.shutdown()
            logging.close()

    def span_exporter(self, memory: InMemorySpanExporter) -> SpanExporter:
        """Return the exporter of spans, which `BrokenTracing` overrides."""
        return memory

    def log_exporter(self, memory: InMemoryLogRecordExporter) -> LogRecordExporter:
        """Return the exporter of log records, which `BrokenTracing` overrides."""
        return memory
