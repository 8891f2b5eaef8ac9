"""The tuned SQLAlchemy engine of a database, and the attributes and error codes for its spans (S4.1).

SQLite by `sqlite+aiosqlite://`, PostgreSQL by `postgresql+psycopg://`.
"""

from __future__ import annotations

import asyncio
import math
import re
from typing import Any, Final

import aiosqlite
from sqlalchemy import event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from reference_impl import vocabulary as v

POSTGRESQL_PORT: Final = 5432
_ANSWERS: Final = frozenset({"IntegrityError", "DataError", "ProgrammingError", "NotSupportedError"})
_CODE = re.compile(r"[A-Z0-9_]{1,40}")


def make_engine(url: str, *, size: int, deadline_s: float) -> AsyncEngine:
    """Return an engine of at most `size` connections, which waits for a lock or a connection at most `deadline_s`.

    The URL may set the wait for a lock: `?timeout=` of SQLite (seconds), or `?options=-c lock_timeout=` of PostgreSQL
    (milliseconds). `size` must be 1 for a SQLite database in memory, which has one connection.
    """
    parts = make_url(url)
    pooling: dict[str, Any] = {} if in_memory(parts) else {"pool_size": size, "max_overflow": 0}
    if parts.get_backend_name() == "sqlite":
        opening = {"async_creator_fn": _open_sqlite}
        engine = create_async_engine(parts, hide_parameters=True, connect_args=opening, **pooling)
        # A little less than the deadline, so that the error is about the lock.
        lock_wait_s = float(str(parts.query.get("timeout", 0.8 * deadline_s)))
        event.listen(engine.sync_engine, "connect", _tuner_of_sqlite(lock_wait_s))
        return engine
    # pre_ping: after a restart of the server, old connections must not fail the first calls.
    connecting = {"connect_timeout": max(2, math.ceil(deadline_s))}  # libpq takes whole seconds, at least 2
    return create_async_engine(parts, hide_parameters=True, pool_pre_ping=True, connect_args=connecting, **pooling)


def in_memory(url: URL) -> bool:
    """Return whether this is a SQLite database without a file."""
    return url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:")


def server_attributes(url: str) -> dict[str, str | int]:
    """Return the server's attributes by the stable conventions: never a user, a password or a file's path."""
    parts = make_url(url)
    attributes: dict[str, str | int] = {v.DB_SYSTEM_NAME: parts.get_backend_name()}
    if parts.host:
        # A file's path is not a namespace: it describes the machine, not the data.
        attributes |= {v.SERVER_ADDRESS: parts.host, v.SERVER_PORT: parts.port or POSTGRESQL_PORT}
        attributes |= {v.DB_NAMESPACE: parts.database} if parts.database else {}
    return attributes


def is_outage(error: Exception) -> bool:
    """Return whether an exception means that the database is down: not reached, gave up, or too slow.

    A statement that it rejected (a constraint, a wrong type, an unknown table) is an answer.
    """
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    return is_of_database(error) and type(error).__name__ not in _ANSWERS


def is_of_database(error: Exception) -> bool:
    """Return whether an exception comes from the database or its connection, not from the caller's own code."""
    if isinstance(error, PoolTimeout):
        return False
    return isinstance(error, DBAPIError | DisconnectionError | OSError)


def response_code(error: BaseException) -> str | None:
    """Return the database's error code: SQLSTATE of PostgreSQL (`57014`), SQLite's name (`SQLITE_BUSY`); else None."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(cause, "sqlstate", None) or getattr(cause, "sqlite_errorname", None)
    return code if isinstance(code, str) and _CODE.fullmatch(code) else None


async def _open_sqlite(*arguments: Any, **options: Any) -> aiosqlite.Connection:
    """Return a connection. If that fails, wait for the end of its thread before raising.

    aiosqlite lets the thread continue, which would then use an event loop that may be closed.
    """
    connection = aiosqlite.connect(*arguments, **options)
    connection._thread.daemon = True  # as in SQLAlchemy: an unclosed connection must not keep the process alive
    try:
        return await connection
    except Exception:
        await asyncio.to_thread(connection._thread.join)
        raise


def _tuner_of_sqlite(lock_wait_s: float) -> Any:
    def tune(connection: Any, _: object) -> None:
        # Readers do not wait for a writer; writers wait for each other instead of failing at once.
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={int(lock_wait_s * 1000)}")
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=NORMAL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    return tune
