"""The breaker trips, refuses, half-opens and recovers, driven over HTTP in one trace (docs/specification.md S4.2).

1. A session is made; then somebody else (a backup, a migration) takes the lock on the database, and keeps it.
2. Three requests to end the session wait for the lock in vain: 503, and the third one opens the breaker.
3. Two more are refused at once: to end the session, and to validate it, as the cache has lost it.
4. The lock goes, the breaker's wait passes, and the next request probes: 204, and the breaker is closed.

All of 2 to 4 share one trace, as if one client had sent them within one operation of its own, and the trace is
labelled, so that the contract `breaker-lifecycle` speaks of it.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Final

import httpx
from sqlalchemy.engine import make_url

from demo.flows import Driven, Driver, Stage

SCENARIO: Final = "breaker-lifecycle"
FAILURES: Final = 3
RESET_S: Final = 1.0
LOCK_WAIT_S: Final = 1.5
_BREAKER: Final = {
    "BREAKER_WINDOW_CALLS": str(FAILURES),
    "BREAKER_MINIMUM_CALLS": str(FAILURES),
    "BREAKER_FAILURE_RATE": "1",
    "BREAKER_HALF_OPEN_PERMITS": "1",
    "BREAKER_RESET_SECONDS": str(RESET_S),
}

EXAMPLE_TRACE_ID: Final = "b4ea4e4b4ea4e4b4ea4e4b4ea4e4b4ea"
"""The trace of the flow where example ids are asked for."""


def breaker_environ(database: str) -> dict[str, str]:
    """Settings of a studio-api whose breaker trips and recovers while one looks on.

    Only a lock that is not given within LOCK_WAIT_S makes its calls fail: it is given up by the database. SQLite counts
    no time in which the whole machine stands still. `database` is a URL of SQLAlchemy.
    """
    url = make_url(database)
    in_ms = f"-c lock_timeout={int(LOCK_WAIT_S * 1000)}"
    wait = {"timeout": str(LOCK_WAIT_S)} if url.get_backend_name() == "sqlite" else {"options": in_ms}
    return {"DATABASE_URL": url.update_query_dict(wait).render_as_string(hide_password=False), **_BREAKER}


def breaker_flow(driver: Driver, stage: Stage, *, trace_id: str = "") -> Iterator[Driven]:
    """Drive the flow against a service that runs with `breaker_environ`; `trace_id` is random unless given."""
    trace_id = trace_id or secrets.token_hex(16)
    label(trace_id, SCENARIO)
    driver.request("more sessions", "POST", "/sessions", expect=201, email="eve@example.com", device="web")
    token = driver.tokens[-1]
    headers = {"traceparent": f"00-{trace_id}-{secrets.token_hex(8)}-01", "x-correlation-id": trace_id}
    with httpx.Client(base_url=stage.url, timeout=30, headers=headers) as client:
        caller = Driver(client)
        with locked(stage):
            for number in range(1, FAILURES + 1):
                yield caller.request(f"breaker: failure {number}", "DELETE", "/session", expect=503, token=token)
            yield caller.request("breaker: open, refused", "DELETE", "/session", expect=503, token=token)
            stage.evict(token)
            yield caller.request("breaker: open, no answer", "GET", "/session", expect=503, token=token)
        time.sleep(RESET_S)  # not for something to be ready: it is what the breaker's callers are asked to do
        yield caller.request("breaker: probe, recovered", "DELETE", "/session", expect=204, token=token)


@contextmanager
def locked(stage: Stage) -> Iterator[None]:
    """Hold the lock on the service's database, SQLite or PostgreSQL, that keeps it from writing."""
    url = make_url(stage.database)
    if url.get_backend_name() == "sqlite":
        with closing(sqlite3.connect(url.database or "", isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            yield
    else:
        import psycopg

        address = url.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(address) as connection:
            connection.execute("LOCK TABLE sessions IN ACCESS EXCLUSIVE MODE")
            yield


def label(trace_id: str, scenario: str) -> None:
    """Tell `spanpact run` what a trace shows; nothing where it is not what runs the demo."""
    file = os.environ.get("SPANPACT_SCENARIOS")
    if file:
        with open(file, "a", encoding="utf-8") as lines:
            lines.write(f"{trace_id} {scenario}\n")
