"""Run studio-api and audit-api in this process over HTTP; their spans are kept in memory and sent to Jaeger."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
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
from integration.support.studio import SCHEDULE_DELAY_MS, temporary_database
from reference_impl.export.span_exporter import otlp_exporter
from reference_impl.services.audit_api import audit_settings, create_audit_app
from reference_impl.services.studio_api import create_app
from reference_impl.settings import Settings
from reference_impl.telemetry import Telemetry, configure_tracing


class Served:
    """A context manager that runs an application with uvicorn, in a thread, on a free loopback port."""

    def __init__(self, app: Starlette) -> None:
        self._socket = socket.create_server(
            ("127.0.0.1", 0)
        )  # it listens, so that requests wait until the server has started
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False))
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop it after the requests under way are answered; a second call does nothing."""
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()


@dataclass(frozen=True, slots=True)
class ObservedServices:
    """Both services as they run, and every span that has ended, unchanged, in `memory`."""

    deployment: Deployment
    audit: Served
    memory: InMemorySpanExporter


@contextmanager
def observed_studio(
    redis: RedisBackend, postgres: PostgresBackend, jaeger: JaegerBackend, *, on_the_way: Breakage | None = None
) -> Iterator[ObservedServices]:
    """Run both services for as long as the context lasts; at its end all spans have been sent.

    Each service exports its spans into memory and by OTLP/HTTP to the Jaeger. `on_the_way` changes only the spans that
    go to the Jaeger.
    """
    memory = InMemorySpanExporter()
    with temporary_database(postgres) as database, ExitStack() as stack:
        out = {"JAEGER_ENDPOINT": jaeger.otlp_http, "OTEL_BSP_SCHEDULE_DELAY": str(SCHEDULE_DELAY_MS)}
        environ = {**flows_environ(redis, database), **out}
        audit_telemetry = stack.enter_context(_export_twice(audit_settings(environ), memory, on_the_way))
        audit = stack.enter_context(Served(create_audit_app(audit_telemetry)))
        settings = Settings.load({**environ, "AUDIT_URL": audit.url})
        telemetry = stack.enter_context(_export_twice(settings, memory, on_the_way))
        studio = stack.enter_context(Served(create_app(settings, telemetry)))
        yield ObservedServices(Deployment(studio.url, redis, database), audit, memory)


@contextmanager
def _export_twice(settings: Settings, memory: InMemorySpanExporter, on_the_way: Breakage | None) -> Iterator[Telemetry]:
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
