"""studio-api and audit-api in this process, served over HTTP: what they trace is kept in memory, and goes to Jaeger."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import uvicorn
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from starlette.applications import Starlette

from containers.servers.jaeger_server import JaegerBackend
from containers.servers.postgres_server import PostgresBackend
from containers.servers.redis_server import RedisBackend
from demo.breakages import Breakage, TamperingExporter
from demo.flows import Deployment
from demo.services import flows_environ
from integration.studio import SPANS_LEAVE_MS, own_database
from reference_impl.export.span_exporter import otlp_exporter
from reference_impl.services.audit_api import audit_settings, create_audit_app
from reference_impl.services.studio_api import create_app
from reference_impl.settings import Settings
from reference_impl.telemetry import Telemetry, configure_tracing


class Served:
    """A context manager: an application under uvicorn, in a thread, on a free port of loopback."""

    def __init__(self, app: Starlette) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))  # it listens: a request waits for the server to start
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False))
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End it, when the requests under way have their answers; a second call does nothing."""
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()


@dataclass(frozen=True, slots=True)
class Observed:
    """Both services as they run, and every span that they have ended, as it was before it left for Jaeger."""

    deployment: Deployment
    audit: Served
    memory: InMemorySpanExporter


@contextmanager
def observed_studio(
    redis: RedisBackend, postgres: PostgresBackend, jaeger: JaegerBackend, *, on_the_way: Breakage | None = None
) -> Iterator[Observed]:
    """Both services for as long as the context lasts; at its end all spans have left.

    One provider for each service, with two ways out: into memory, and by OTLP/HTTP to the Jaeger. `on_the_way` changes
    spans on the second way only.
    """
    memory = InMemorySpanExporter()
    with own_database(postgres) as database, ExitStack() as stack:
        out = {"JAEGER_ENDPOINT": jaeger.otlp_http, "OTEL_BSP_SCHEDULE_DELAY": str(SPANS_LEAVE_MS)}
        environ = {**flows_environ(redis, database), **out}
        told = stack.enter_context(_two_ways(audit_settings(environ), memory, on_the_way))
        audit = stack.enter_context(Served(create_audit_app(told)))
        settings = Settings.load({**environ, "AUDIT_URL": audit.url})
        telemetry = stack.enter_context(_two_ways(settings, memory, on_the_way))
        studio = stack.enter_context(Served(create_app(settings, telemetry)))
        yield Observed(Deployment(studio.url, redis, database), audit, memory)


@contextmanager
def _two_ways(settings: Settings, memory: InMemorySpanExporter, on_the_way: Breakage | None) -> Iterator[Telemetry]:
    exporter, _ = otlp_exporter(settings)
    telemetry = configure_tracing(
        settings,
        span_processors=[SimpleSpanProcessor(memory)],
        exporter=TamperingExporter(exporter, on_the_way) if on_the_way else exporter,
    )
    try:
        yield telemetry
    finally:
        sent = telemetry.shutdown()
    assert sent, telemetry
