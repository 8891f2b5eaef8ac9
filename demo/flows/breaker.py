"""The breaker opens, rejects, half-opens and closes, driven over HTTP in one trace (docs/specification.md S4.2).

1. A session is created; then another client (a backup, a migration) takes the lock on the database.
2. Three requests to end the session wait for the lock in vain: 503, and the third one opens the breaker.
3. Two more are rejected at once: one to end the session, one to validate it after the cache has lost it.
4. The lock is released and the breaker's wait passes. The next request is the probe: 204, and the breaker is closed.

Steps 2 to 4 share one trace, as if one client had sent them within one operation of its own. The trace is labelled with
the scenario, so that the contract `breaker-lifecycle` applies to it.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Final

import httpx2
from sqlalchemy.engine import make_url

from demo.flows.client import Deployment, FlowResult, ServiceClient

__all__ = ["EXAMPLE_TRACE_ID", "FAILURES", "RESET_S", "SCENARIO", "breaker_environ", "breaker_lifecycle"]

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
"""The flow's trace id in a demo with example ids."""


def breaker_environ(database: str) -> dict[str, str]:
    """Return settings of a studio-api whose breaker opens and closes within seconds. `database` is a SQLAlchemy URL.

    Its calls fail only where the database gives up waiting for a lock after LOCK_WAIT_S. SQLite does not count time in
    which the whole machine stalls.
    """
    url = make_url(database)
    in_ms = f"-c lock_timeout={int(LOCK_WAIT_S * 1000)}"
    wait = {"timeout": str(LOCK_WAIT_S)} if url.get_backend_name() == "sqlite" else {"options": in_ms}
    return {"DATABASE_URL": url.update_query_dict(wait).render_as_string(hide_password=False), **_BREAKER}


def breaker_lifecycle(client: ServiceClient, deployment: Deployment, *, trace_id: str = "") -> Iterator[FlowResult]:
    """Drive the flow against a service that runs with `breaker_environ`; `trace_id` is random unless given."""
    trace_id = trace_id or secrets.token_hex(16)
    _label(trace_id, SCENARIO)
    client.request("more sessions", "POST", "/sessions", expect=201, email="eve@example.com", device="web")
    token = client.tokens[-1]
    headers = {"traceparent": f"00-{trace_id}-{secrets.token_hex(8)}-01", "x-correlation-id": trace_id}
    with httpx2.Client(base_url=deployment.url, timeout=30, headers=headers) as http:
        caller = ServiceClient(http)
        with _locked(deployment):
            for number in range(1, FAILURES + 1):
                yield caller.request(f"breaker: failure {number}", "DELETE", "/session", expect=503, token=token)
            yield caller.request("breaker: open, refused", "DELETE", "/session", expect=503, token=token)
            deployment.evict(token)
            yield caller.request("breaker: open, no answer", "GET", "/session", expect=503, token=token)
        time.sleep(RESET_S)  # as the breaker asks its callers to do
        yield caller.request("breaker: probe, recovered", "DELETE", "/session", expect=204, token=token)


@contextmanager
def _locked(deployment: Deployment) -> Iterator[None]:
    """Hold a lock on the service's database, SQLite or PostgreSQL, that blocks its writes."""
    url = make_url(deployment.database)
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


def _label(trace_id: str, scenario: str) -> None:
    """Tell `spanpact run`, if that runs the demo, which scenario a trace shows."""
    file = os.environ.get("SPANPACT_SCENARIOS")
    if file:
        with open(file, "a", encoding="utf-8") as lines:
            lines.write(f"{trace_id} {scenario}\n")
