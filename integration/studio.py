"""studio-api and audit-api as real processes, on the real Redis, PostgreSQL and Jaeger of this run."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url

from containers.servers.jaeger_server import JaegerBackend
from containers.servers.postgres_server import PostgresBackend
from containers.servers.redis_server import RedisBackend
from demo.services import Services, running_services

SPANS_LEAVE_MS = 50
"""After how long a service sends its spans, so that nobody waits for more than the flow itself."""


@contextmanager
def own_database(postgres: PostgresBackend) -> Iterator[str]:
    """A new, empty database of the server, by its URL for SQLAlchemy; away with the context."""
    name = f"studio_{secrets.token_hex(6)}"
    _execute(postgres, "CREATE DATABASE {}", name)
    try:
        yield make_url(postgres.sqlalchemy_url).set(database=name).render_as_string(hide_password=False)
    finally:
        _execute(postgres, "DROP DATABASE {} WITH (FORCE)", name)


@contextmanager
def running_studio(
    redis: RedisBackend,
    postgres: PostgresBackend,
    jaeger: JaegerBackend,
    *,
    breakage: str | None = None,
    **environ: str,
) -> Iterator[Services]:
    """Both services for as long as the context lasts, with a database of their own; spans go to the Jaeger.

    `breakage` names a way to break the tracing (`demo.breakages`); `environ` are settings of both services, which
    go before those of the demo. `Services.studio.stop()` ends studio-api, which sends what spans it still has.
    """
    given = {"JAEGER_ENDPOINT": jaeger.otlp_http, "OTEL_BSP_SCHEDULE_DELAY": str(SPANS_LEAVE_MS), **environ}
    with (
        own_database(postgres) as database,
        tempfile.TemporaryDirectory(prefix="studio-api-") as folder,
        running_services(redis, database, Path(folder), breakage=breakage, environ=given) as services,
    ):
        yield services


def _execute(postgres: PostgresBackend, statement: str, name: str) -> None:
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(sql.Identifier(name)))
