"""A background job that outlives its request and purges expired sessions, in a trace of its own (S5.1)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

from demo.flows.client import DemoFailed, Deployment, FlowResult, ServiceClient
from reference_impl.sessions.store import SqlSessionStore

__all__ = ["background_job"]

EXPIRED = 120  # more than one batch of the job
DEADLINE_S = 30.0
_POLL_S = 0.02


def background_job(client: ServiceClient, deployment: Deployment) -> Iterator[FlowResult]:
    """Request a purge, which is answered at once, and wait until the job has deleted every expired session."""
    asyncio.run(_store_expired(deployment.database))
    yield client.request("purge in the background", "POST", "/admin/purge", expect=202)
    deadline = time.monotonic() + DEADLINE_S
    while asyncio.run(_any_left(deployment.database)):
        if time.monotonic() > deadline:
            raise DemoFailed(f"the purge was not done within {DEADLINE_S:g} s")
        time.sleep(_POLL_S)


def _ids() -> Iterator[str]:
    return (f"{number:032x}" for number in range(EXPIRED))


async def _store_expired(database: str) -> None:
    store = SqlSessionStore(database)
    try:
        for session_id in _ids():
            await store.create(session_id, "purged@example.com", "web", time.time() - 60)
    finally:
        await store.close()


async def _any_left(database: str) -> bool:
    store = SqlSessionStore(database)
    try:
        for session_id in _ids():
            if await store.find(session_id) is not None:
                return True
        return False
    finally:
        await store.close()
