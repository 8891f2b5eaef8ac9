"""The scenarios of the session cache (docs/specification.md S3)."""

from __future__ import annotations

import time

from contracts.scenarios.closed_port import closed_port
from contracts.scenarios.harness import EMAIL, Action, Harness
from reference_impl.sessions.cache import INDEX_KEY, SESSION_KEY
from reference_impl.sessions.tokens import issue_token, read_token


async def _hit(harness: Harness) -> None:
    token = await harness.create_session()
    harness.discard_spans()
    await harness.cache.validate(token)


async def _miss(harness: Harness) -> None:
    token = await harness.create_session()
    harness.untraced_redis.flushdb()
    harness.discard_spans()
    await harness.cache.validate(token)


async def _expired(harness: Harness) -> None:
    await harness.store.create("e" * 32, EMAIL, "web", time.time() - 60)
    harness.discard_spans()
    await harness.cache.validate(issue_token("e" * 32, harness.settings.session_secret))


async def _unknown(harness: Harness) -> None:
    await harness.cache.validate(issue_token("f" * 32, harness.settings.session_secret))


async def _tampered(harness: Harness) -> None:
    token = await harness.create_session()
    harness.discard_spans()
    await harness.cache.validate(token[:-4] + "AAAA")


async def _session_redis_down(harness: Harness) -> None:
    token = await harness.create_session()
    with closed_port() as port:
        await harness.reconnect(f"redis://127.0.0.1:{port}/0")
        harness.discard_spans()
        assert (await harness.cache.validate(token)).valid


async def _invalidate(harness: Harness) -> None:
    token = await harness.create_session()
    harness.discard_spans()
    await harness.request("DELETE", "/session", token)
    assert not harness.untraced_redis.exists(SESSION_KEY.format(id=read_token(token, harness.settings.session_secret)))
    assert not harness.untraced_redis.exists(INDEX_KEY.format(user_id=1, device="web"))


async def _invalidate_again(harness: Harness) -> None:
    token = await harness.create_session()
    await harness.request("DELETE", "/session", token)
    harness.discard_spans()
    await harness.request("DELETE", "/session", token)


async def _invalidate_tampered(harness: Harness) -> None:
    await harness.request("DELETE", "/session", "no.token")


async def _invalidate_redis_down(harness: Harness) -> None:
    token = await harness.create_session()
    with closed_port() as port:
        await harness.reconnect(f"redis://127.0.0.1:{port}/0")
        harness.discard_spans()
        await harness.request("DELETE", "/session", token)


async def _invalidate_all(harness: Harness) -> None:
    for device in ("web", "phone"):
        await harness.create_session(device=device)
    harness.discard_spans()
    assert await harness.cache.invalidate_all(1) == 2


async def _invalidate_none(harness: Harness) -> None:
    assert await harness.cache.invalidate_all(1) == 0


async def _warm(harness: Harness) -> None:
    for _ in range(20):
        await harness.create_session()
    harness.discard_spans()
    assert await harness.cache.warm_cache() == 20


async def _warm_empty(harness: Harness) -> None:
    assert await harness.cache.warm_cache() == 0


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
