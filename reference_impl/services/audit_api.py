"""audit-api stores records of other services' events: `python -m reference_impl.services.audit_api`.

It is the second service of a trace (S5.5): its server span has a remote parent, and the correlation id of the request.
SQLite stores the records in a thread that gets the request's context (S5.1). Tracing is configured as for studio-api,
with `audit-api` as the default service name; AUDIT_HOST, AUDIT_PORT and AUDIT_DATABASE are its own settings. It trusts
its callers, and listens on loopback by default.
"""

from __future__ import annotations

import os
import re
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar

from opentelemetry.trace import SpanKind, Tracer
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from reference_impl import vocabulary as v
from reference_impl.instrumentation.operation_spans import operation_span
from reference_impl.logs.structured import configure_logging
from reference_impl.propagation.async_context import run_in_executor
from reference_impl.propagation.correlation import current_correlation_id, new_correlation_id
from reference_impl.services.audit_client import RECORDS_PATH
from reference_impl.services.plain_spans import tracing
from reference_impl.services.request_bodies import read_object
from reference_impl.services.responses import HEALTH, JsonResponse, healthz, refuse
from reference_impl.services.serving import serve
from reference_impl.settings import Settings, SettingsError
from reference_impl.telemetry import Telemetry, configure_tracing
from reference_impl.telemetry.log_export import log_export

SERVICE_NAME: Final = "audit-api"
MEMORY: Final = ":memory:"
_EVENT = re.compile(r"[a-z][a-z_.]{0,63}")
_TABLE = """CREATE TABLE IF NOT EXISTS audit_records
    (id INTEGER PRIMARY KEY, received_at REAL, correlation_id TEXT, event TEXT, user_id INTEGER, device TEXT)"""
_INSERT = "INSERT INTO audit_records (received_at, correlation_id, event, user_id, device) VALUES (?, ?, ?, ?, ?)"
_SELECT = "SELECT * FROM audit_records WHERE correlation_id = ? ORDER BY id LIMIT 100"

T = TypeVar("T")


class AuditRecords:
    """The records, in a SQLite file or in memory, used by one thread; each statement is one `db.query` span."""

    def __init__(self, path: str, tracer: Tracer) -> None:
        self._tracer = tracer
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="audit-records")
        self._database = self._thread.submit(_open, path).result()

    async def add(self, correlation_id: str, event: str, user_id: int | None, device: str | None) -> None:
        """Store a record of an event."""
        await self._query("INSERT", _INSERT, (time.time(), correlation_id, event, user_id, device))

    async def find(self, correlation_id: str) -> list[dict[str, Any]]:
        """Return the first hundred records of this correlation id, oldest first."""
        return await self._query("SELECT", _SELECT, (correlation_id,))

    async def close(self) -> None:
        """Close the file, after the last statement."""
        await run_in_executor(self._thread, self._database.close)
        self._thread.shutdown()

    async def _query(self, operation: str, statement: str, values: tuple[object, ...]) -> list[dict[str, Any]]:
        return await run_in_executor(self._thread, self._query_in_thread, operation, statement, values)

    def _query_in_thread(self, operation: str, statement: str, values: tuple[object, ...]) -> list[dict[str, Any]]:
        attributes = {
            v.DB_SYSTEM_NAME: "sqlite",
            v.DB_OPERATION_NAME: operation,
            "db.collection.name": "audit_records",
            "db.query.summary": f"{operation} audit_records",
        }
        with (
            operation_span(self._tracer, v.DB_QUERY, kind=SpanKind.CLIENT, attributes=attributes),
            self._database as transaction,
        ):
            return [dict(row) for row in transaction.execute(statement, values)]


def _open(path: str) -> sqlite3.Connection:
    database = sqlite3.connect(path)
    database.row_factory = sqlite3.Row
    database.execute(_TABLE)
    return database


def create_audit_app(
    telemetry: Telemetry,
    *,
    database: str = MEMORY,
    make_correlation_id: Callable[[], str] = new_correlation_id,
) -> Starlette:
    """Return the application: POST and GET /audit/records, GET /healthz; its records are `app.state.records`."""
    records = AuditRecords(database, telemetry.tracer("reference_impl.services.audit_api"))
    routes = [
        Route(RECORDS_PATH, add_record, methods=["POST"]),
        Route(RECORDS_PATH, find_records, methods=["GET"]),
        Route(HEALTH, healthz, methods=["GET"]),
    ]

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await records.close()

    middleware = [tracing(telemetry, routes, untraced=frozenset({HEALTH}), make_correlation_id=make_correlation_id)]
    app = Starlette(routes=routes, middleware=middleware, exception_handlers={HTTPException: refuse}, lifespan=lifespan)
    app.state.records = records
    return app


async def add_record(request: Request) -> Response:
    """Serve POST /audit/records {"event", "user_id", "device"}: 201 when stored, under the request's correlation id."""
    body = await read_object(request)
    event, user_id, device = body.get("event"), body.get("user_id"), body.get("device")
    if not (isinstance(event, str) and _EVENT.fullmatch(event)):
        raise HTTPException(422, "event: accepted: 1 to 64 lower-case letters, _ and .")
    if not (user_id is None or (type(user_id) is int and 0 <= user_id < 2**63)):
        raise HTTPException(422, "user_id: accepted: a whole number")
    if not (device is None or (isinstance(device, str) and device.isascii() and len(device) <= 32)):
        raise HTTPException(422, "device: accepted: a text of at most 32 ASCII characters")
    await _records(request).add(current_correlation_id() or "", event, user_id, device)
    return JsonResponse({"recorded": True}, 201)


async def find_records(request: Request) -> Response:
    """Serve GET /audit/records?correlation_id=ID: the records of one correlation id."""
    found = await _records(request).find(request.query_params.get("correlation_id", ""))
    return JsonResponse({"records": found})


def _records(request: Request) -> AuditRecords:
    records: AuditRecords = request.app.state.records
    return records


def audit_settings(environ: Mapping[str, str]) -> Settings:
    """Return studio-api's settings with audit-api's own name, host and port. Raise SettingsError."""
    own = {
        "OTEL_SERVICE_NAME": environ.get("OTEL_SERVICE_NAME") or SERVICE_NAME,
        "STUDIO_HOST": environ.get("AUDIT_HOST", ""),
        "STUDIO_SESSION_SECRET": "audit-api makes no tokens",  # studio-api requires it in production
    }
    port = environ.get("AUDIT_PORT") or "8081"
    if not re.fullmatch("[0-9]{1,5}", port) or int(port) > 65535:
        raise SettingsError(f"AUDIT_PORT: {port[:20]!r} is no port; accepted: a whole number from 0 to 65535")
    return Settings.load({**environ, **own, "STUDIO_PORT": port})


def main() -> int:
    """Serve until a signal; return the exit code, as studio-api does."""
    database = os.environ.get("AUDIT_DATABASE") or MEMORY
    try:
        settings = audit_settings(os.environ)
        export = log_export(settings)
        configure_logging(settings, logger_provider=export.provider if export else None)
        telemetry = configure_tracing(settings, register_global=True)
        app = create_audit_app(telemetry, database=database)
    except SettingsError as problem:
        print(f"{SERVICE_NAME}: {problem}", file=sys.stderr)
        return 2
    except sqlite3.Error as problem:
        print(f"{SERVICE_NAME}: AUDIT_DATABASE: {problem}; accepted: the path of a SQLite file", file=sys.stderr)
        return 2
    return serve(settings, telemetry, app=app, name=SERVICE_NAME, logs=export)


if __name__ == "__main__":
    sys.exit(main())
