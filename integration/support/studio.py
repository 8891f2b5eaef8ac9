"""Run studio-api and audit-api as processes, on the Redis, PostgreSQL and Jaeger of this run."""

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

SCHEDULE_DELAY_MS = 50
"""The delay before a service sends spans: short, so that tests need not wait."""


@contextmanager
def temporary_database(postgres: PostgresBackend) -> Iterator[str]:
    """Create an empty database for as long as the context lasts. Yield its SQLAlchemy URL."""
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
    """Run both services with a database of their own for as long as the context lasts; spans go to the Jaeger.

    `breakage` names a way to break the tracing (`demo.breakages`). Settings in `environ` override those of the demo.
    `Services.studio.stop()` ends studio-api, which first sends its remaining spans.
    """
    given = {"JAEGER_ENDPOINT": jaeger.otlp_http, "OTEL_BSP_SCHEDULE_DELAY": str(SCHEDULE_DELAY_MS), **environ}
    with (
        temporary_database(postgres) as database,
        tempfile.TemporaryDirectory(prefix="studio-api-") as folder,
        running_services(redis, database, Path(folder), breakage=breakage, environ=given) as services,
    ):
        yield services


def _execute(postgres: PostgresBackend, statement: str, name: str) -> None:
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(sql.Identifier(name)))
