"""A background job that outlives its request: expired sessions are purged, in a trace of its own (S5.1)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

from demo.flows import DemoFailed, Driven, Driver, Stage
from reference_impl.sessions.store import SqlSessionStore

EXPIRED = 120
"""More than one batch."""
DEADLINE_S = 30.0
_POLL_S = 0.02


def background(driver: Driver, stage: Stage) -> Iterator[Driven]:
    """Ask for a purge, which is answered at once, and wait until it is done, as nobody else does."""
    asyncio.run(_store_expired(stage.database))
    yield driver.request("purge in the background", "POST", "/admin/purge", expect=202)
    deadline = time.monotonic() + DEADLINE_S
    while asyncio.run(_any_left(stage.database)):
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
