"""Users and sessions in a database: SQLAlchemy, asynchronous; SQLite embedded, PostgreSQL by its URL (S3).

Each query is one client span `db.query` with the stable OpenTelemetry database conventions, and never a value.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from opentelemetry.trace import SpanKind, Tracer, get_tracer
from sqlalchemy import (
    Column,
    Executable,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    RowMapping,
    String,
    Table,
    delete,
    event,
    insert,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from reference_impl import vocabulary as v
from reference_impl.operation_spans import operation_span

_metadata = MetaData()
_users = Table(
    "users",
    _metadata,
    Column("id", Integer, primary_key=True),
    Column("email", String(254), nullable=False, unique=True),
)
_sessions = Table(
    "sessions",
    _metadata,
    Column("id", String(64), primary_key=True),
    Column("user_id", ForeignKey("users.id"), nullable=False),
    Column("device", String(32), nullable=False),
    Column("expires_at", Float, nullable=False),
    Index("sessions_by_user", "user_id"),
    Index("sessions_by_expiry", "expires_at"),
)


class StoreUnavailable(Exception):
    """The database could not be asked; the cause is the driver's error."""


@dataclass(frozen=True, slots=True)
class Session:
    """A user's session on one device; `expires_at` in seconds since the epoch."""

    id: str
    user_id: int
    device: str
    expires_at: float


class SessionStore(Protocol):
    """Where sessions are kept for good. Every method may raise StoreUnavailable."""

    async def find(self, session_id: str) -> Session | None:
        """The session of this id, expired or not; None where there is none."""

    async def create(self, session_id: str, email: str, device: str, expires_at: float) -> Session:
        """Keep a new session of the user of this e-mail address, who is made on first sight."""

    async def delete(self, session_id: str) -> Session | None:
        """Forget a session; gives it, or None where there was none."""

    async def delete_all(self, user_id: int) -> Sequence[Session]:
        """Forget all sessions of a user; gives them."""

    async def active(self, now: float, limit: int) -> Sequence[Session]:
        """Sessions that are not expired at `now`, at most `limit`, those that last longest first."""


class SqlSessionStore:
    """A SessionStore over SQLAlchemy; makes its tables before the first query."""

    def __init__(self, url: str, *, tracer: Tracer | None = None) -> None:
        self.tracer = tracer or get_tracer(__name__)
        self._engine = _engine(url)
        self._server = _server_attributes(url)
        self._ready = False
        self._preparing = asyncio.Lock()

    async def close(self) -> None:
        """Close all connections."""
        await self._engine.dispose()

    async def find(self, session_id: str) -> Session | None:
        """See SessionStore."""
        rows = await self._query("SELECT", _sessions, select(_sessions).where(_sessions.c.id == session_id))
        return _session(rows[0]) if rows else None

    async def create(self, session_id: str, email: str, device: str, expires_at: float) -> Session:
        """See SessionStore."""
        users = await self._query("INSERT", _users, self._upsert_user(email))
        session = Session(session_id, users[0]["id"], device, expires_at)
        values = {"id": session_id, "user_id": session.user_id, "device": device, "expires_at": expires_at}
        await self._query("INSERT", _sessions, insert(_sessions).values(values).returning(_sessions.c.id))
        return session

    async def delete(self, session_id: str) -> Session | None:
        """See SessionStore."""
        statement = delete(_sessions).where(_sessions.c.id == session_id).returning(*_sessions.c)
        rows = await self._query("DELETE", _sessions, statement)
        return _session(rows[0]) if rows else None

    async def delete_all(self, user_id: int) -> Sequence[Session]:
        """See SessionStore."""
        statement = delete(_sessions).where(_sessions.c.user_id == user_id).returning(*_sessions.c)
        return [_session(row) for row in await self._query("DELETE", _sessions, statement)]

    async def active(self, now: float, limit: int) -> Sequence[Session]:
        """See SessionStore."""
        statement = select(_sessions).where(_sessions.c.expires_at > now)
        statement = statement.order_by(_sessions.c.expires_at.desc(), _sessions.c.id).limit(limit)
        return [_session(row) for row in await self._query("SELECT", _sessions, statement)]

    def _upsert_user(self, email: str) -> Executable:
        dialect: Any = postgresql if self._engine.dialect.name == "postgresql" else sqlite
        statement = dialect.insert(_users).values(email=email)
        # An update of nothing, as "do nothing" would return no row.
        statement = statement.on_conflict_do_update(index_elements=[_users.c.email], set_={"email": email})
        return statement.returning(_users.c.id)  # type: ignore[no-any-return]

    async def _query(self, operation: str, table: Table, statement: Executable) -> Sequence[RowMapping]:
        """Run one statement in a transaction of its own, as one `db.query` span."""
        attributes = {
            **self._server,
            v.DB_OPERATION_NAME: operation,
            "db.collection.name": table.name,
            "db.query.summary": f"{operation} {table.name}",
        }
        try:
            with operation_span(self.tracer, v.DB_QUERY, kind=SpanKind.CLIENT, attributes=attributes):
                await self._prepare()
                async with self._engine.begin() as connection:
                    return (await connection.execute(statement)).mappings().all()
        except (SQLAlchemyError, OSError) as error:
            raise StoreUnavailable(type(error).__name__) from error

    async def _prepare(self) -> None:
        """Make the tables, once."""
        if self._ready:
            return
        async with self._preparing, self._engine.begin() as connection:
            await connection.run_sync(_metadata.create_all)
            self._ready = True


def _session(row: RowMapping) -> Session:
    return Session(row["id"], row["user_id"], row["device"], row["expires_at"])


def _engine(url: str) -> AsyncEngine:
    engine = create_async_engine(url, hide_parameters=True)
    if engine.dialect.name == "sqlite":
        event.listen(engine.sync_engine, "connect", _tune_sqlite)
    return engine


def _tune_sqlite(connection: Any, _: object) -> None:
    # Readers do not wait for a writer, and writers wait for each other instead of failing at once.
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA busy_timeout=5000")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _server_attributes(url: str) -> dict[str, str | int]:
    parts = make_url(url)
    attributes: dict[str, str | int] = {v.DB_SYSTEM_NAME: parts.get_backend_name()}
    if parts.host:
        # A file's path is no namespace: it says more of the machine than of the data.
        attributes |= {v.SERVER_ADDRESS: parts.host, v.SERVER_PORT: parts.port or 5432}
        attributes |= {v.DB_NAMESPACE: parts.database} if parts.database else {}
    return attributes
