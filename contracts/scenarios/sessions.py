"""What the reference implementation does in each scenario of the session cache (docs/specification.md S3)."""

from __future__ import annotations

import time

from contracts.scenarios.closed_port import closed_port
from contracts.scenarios.stage import EMAIL, Action, Stage
from reference_impl.sessions.cache import INDEX_KEY, SESSION_KEY
from reference_impl.sessions.tokens import issue_token, read_token


async def _hit(stage: Stage) -> None:
    token = await stage.session()
    stage.begin()
    await stage.cache.validate(token)


async def _miss(stage: Stage) -> None:
    token = await stage.session()
    stage.plain.flushdb()
    stage.begin()
    await stage.cache.validate(token)


async def _expired(stage: Stage) -> None:
    await stage.store.create("e" * 32, EMAIL, "web", time.time() - 60)
    stage.begin()
    await stage.cache.validate(issue_token("e" * 32, stage.settings.session_secret))


async def _unknown(stage: Stage) -> None:
    await stage.cache.validate(issue_token("f" * 32, stage.settings.session_secret))


async def _tampered(stage: Stage) -> None:
    token = await stage.session()
    stage.begin()
    await stage.cache.validate(token[:-4] + "AAAA")


async def _session_redis_down(stage: Stage) -> None:
    token = await stage.session()
    with closed_port() as port:
        await stage.reconnect(f"redis://127.0.0.1:{port}/0")
        stage.begin()
        assert (await stage.cache.validate(token)).valid


async def _invalidate(stage: Stage) -> None:
    token = await stage.session()
    stage.begin()
    await stage.request("DELETE", "/session", token)
    assert not stage.plain.exists(SESSION_KEY.format(id=read_token(token, stage.settings.session_secret)))
    assert not stage.plain.exists(INDEX_KEY.format(user_id=1, device="web"))


async def _invalidate_again(stage: Stage) -> None:
    token = await stage.session()
    await stage.request("DELETE", "/session", token)
    stage.begin()
    await stage.request("DELETE", "/session", token)


async def _invalidate_tampered(stage: Stage) -> None:
    await stage.request("DELETE", "/session", "no.token")


async def _invalidate_redis_down(stage: Stage) -> None:
    token = await stage.session()
    with closed_port() as port:
        await stage.reconnect(f"redis://127.0.0.1:{port}/0")
        stage.begin()
        await stage.request("DELETE", "/session", token)


async def _invalidate_all(stage: Stage) -> None:
    for device in ("web", "phone"):
        await stage.session(device=device)
    stage.begin()
    assert await stage.cache.invalidate_all(1) == 2


async def _invalidate_none(stage: Stage) -> None:
    assert await stage.cache.invalidate_all(1) == 0


async def _warm(stage: Stage) -> None:
    for _ in range(20):
        await stage.session()
    stage.begin()
    assert await stage.cache.warm_cache() == 20


async def _warm_empty(stage: Stage) -> None:
    assert await stage.cache.warm_cache() == 0


SESSION_ACTIONS: dict[str, Action] = {
    "session-hit": _hit,
    "session-miss": _miss,
    "session-expired": _expired,
    "session-unknown": _unknown,
    "session-tampered": _tampered,
    "session-redis-down": _session_redis_down,
    "session-invalidate": _invalidate,
    "session-invalidate-again": _invalidate_again,
    "session-invalidate-tampered": _invalidate_tampered,
    "session-invalidate-redis-down": _invalidate_redis_down,
    "session-invalidate-all": _invalidate_all,
    "session-invalidate-none": _invalidate_none,
    "cache-warm": _warm,
    "cache-warm-empty": _warm_empty,
}
"""By scenario."""
