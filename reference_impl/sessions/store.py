"""Users and sessions in a SQLite or PostgreSQL database, through the connection manager (S3, S4.1).

Every operation is one transaction with one span `execute_with_circuit_breaker`, and a `db.query` for each statement.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, TypeVar

import msgspec
from opentelemetry.trace import Tracer
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
    insert,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.schema import CreateIndex, CreateTable

from reference_impl.circuit_breaker import CircuitOpen
from reference_impl.database.manager import ConnectionManager, PoolExhausted, PoolSettings, Queries

T = TypeVar("T")

POOL: Final = "sessions"
"""The key of the connection manager's pool for sessions."""
_SCHEMA_LOCK: Final = 7_236_517_094
"""A number that no other program locks. PostgreSQL's IF NOT EXISTS does not protect from a second process."""

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
    """The database could not be used; the cause is why. `retry_after_s`: how long to wait before a retry."""

    def __init__(self, reason: str, retry_after_s: float = 0.0) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s


class Session(msgspec.Struct, frozen=True):
    """A user's session on one device; `expires_at` in seconds since the epoch."""

    id: str
    user_id: int
    device: str
    expires_at: float


class SqlSessionStore:
    """The permanent storage of sessions; its tables are created before the first query.

    Every operation may raise StoreUnavailable.
    """

    def __init__(self, database: ConnectionManager | str, *, pool: str = POOL, tracer: Tracer | None = None) -> None:
        """Use a connection manager that has the pool, or make one for the URL of a database."""
        self._own = isinstance(database, str)
        if isinstance(database, str):
            database = ConnectionManager({pool: PoolSettings(url=database, checkout_timeout_s=30)}, tracer=tracer)
        self._connections = database
        self._pool = pool
        database.prepare(pool, _make_tables)

    async def close(self) -> None:
        """Close all connections, unless the manager was passed in."""
        if self._own:
            await self._connections.close()

    async def find(self, session_id: str) -> Session | None:
        """Return the session of this id, expired or not; None if there is none."""
        rows = await self._query("SELECT", select(_sessions).where(_sessions.c.id == session_id))
        return _session(rows[0]) if rows else None

    async def create(self, session_id: str, email: str, device: str, expires_at: float) -> Session:
        """Store and return a new session of the user of this e-mail address, who is created if unknown."""

        async def insert_both(queries: Queries) -> Session:
            users = await queries.run("INSERT", _users.name, _upsert_user(email, queries.dialect))
            session = Session(session_id, users[0]["id"], device, expires_at)
            values = {"id": session_id, "user_id": session.user_id, "device": device, "expires_at": expires_at}
            await queries.run("INSERT", _sessions.name, insert(_sessions).values(values))
            return session

        return await self._execute("INSERT", insert_both)

    async def delete(self, session_id: str) -> Session | None:
        """Delete a session. Return it, or None if there was none."""
        statement = delete(_sessions).where(_sessions.c.id == session_id).returning(*_sessions.c)
        rows = await self._query("DELETE", statement)
        return _session(rows[0]) if rows else None

    async def delete_all(self, user_id: int) -> Sequence[Session]:
        """Delete all sessions of a user. Return them."""
        statement = delete(_sessions).where(_sessions.c.user_id == user_id).returning(*_sessions.c)
        return [_session(row) for row in await self._query("DELETE", statement)]

    async def delete_expired(self, now: float, limit: int) -> Sequence[Session]:
        """Delete at most `limit` sessions that are expired at `now`. Return them."""
        expired = select(_sessions.c.id).where(_sessions.c.expires_at <= now).limit(limit)
        statement = delete(_sessions).where(_sessions.c.id.in_(expired)).returning(*_sessions.c)
        return [_session(row) for row in await self._query("DELETE", statement)]

    async def active(self, now: float, limit: int) -> Sequence[Session]:
        """Return at most `limit` sessions that are not expired at `now`, the longest lasting first."""
        statement = select(_sessions).where(_sessions.c.expires_at > now)
        statement = statement.order_by(_sessions.c.expires_at.desc(), _sessions.c.id).limit(limit)
        return [_session(row) for row in await self._query("SELECT", statement)]

    async def _query(self, operation: str, statement: Executable) -> Sequence[RowMapping]:
        return await self._execute(operation, lambda queries: queries.run(operation, _sessions.name, statement))

    async def _execute(self, operation: str, work: Callable[[Queries], Awaitable[T]]) -> T:
        try:
            return await self._connections.execute_with_circuit_breaker(self._pool, operation, work)
        except CircuitOpen as refusal:
            raise StoreUnavailable(type(refusal).__name__, refusal.retry_after_s) from refusal
        except (DBAPIError, DisconnectionError, OSError, PoolExhausted) as error:
            raise StoreUnavailable(type(error).__name__) from error


def _upsert_user(email: str, dialect: str) -> Executable:
    module: Any = postgresql if dialect == "postgresql" else sqlite
    statement = module.insert(_users).values(email=email)
    # An update without effect, because "do nothing" returns no row.
    statement = statement.on_conflict_do_update(index_elements=[_users.c.email], set_={"email": email})
    return statement.returning(_users.c.id)  # type: ignore[no-any-return]


async def _make_tables(connection: AsyncConnection) -> None:
    if connection.dialect.name == "postgresql":
        await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _SCHEMA_LOCK})
    for table in _metadata.sorted_tables:
        await connection.execute(CreateTable(table, if_not_exists=True))
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            await connection.execute(CreateIndex(index, if_not_exists=True))


def _session(row: RowMapping) -> Session:
    return Session(row["id"], row["user_id"], row["device"], row["expires_at"])
