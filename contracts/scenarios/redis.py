"""The scenarios of the Redis commands (docs/specification.md S2)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from contracts.scenarios.closed_port import closed_port
from contracts.scenarios.harness import EMAIL, RedisHarness
from reference_impl.sessions.cache import INDEX_KEY


async def _get_hit(harness: RedisHarness) -> None:
    harness.untraced_redis.set("session:1", "{}")
    await harness.send("get", "session:1")


async def _get_miss(harness: RedisHarness) -> None:
    await harness.send("get", "session:1")


async def _set(harness: RedisHarness) -> None:
    await harness.send("set", "session:1", EMAIL, ex=60)


async def _hget(harness: RedisHarness) -> None:
    harness.untraced_redis.hset("user_sessions:1:web", "a", "1")
    await harness.send("hget", "user_sessions:1:web", "a")
    await harness.send("hget", "user_sessions:1:web", "b")


async def _hgetall(harness: RedisHarness) -> None:
    harness.untraced_redis.hset("user_sessions:1:web", "a", "1")
    await harness.send("hgetall", "user_sessions:1:web")
    await harness.send("hgetall", "user_sessions:2:web")


async def _del(harness: RedisHarness) -> None:
    harness.untraced_redis.mset({"session:1": "", "session:2": ""})
    await harness.send("delete", "session:1")
    await harness.send("delete", "session:1", "session:2")


async def _scan(harness: RedisHarness) -> None:
    harness.untraced_redis.mset({INDEX_KEY.format(user_id=1, device=f"d{number}"): "" for number in range(50)})
    pattern = INDEX_KEY.format(user_id=1, device="*")
    assert len([key async for key in harness.redis.scan_iter(match=pattern, count=10)]) == 50
    assert len(list(harness.sync_redis.scan_iter(match=pattern, count=10))) == 50


async def _expire(harness: RedisHarness) -> None:
    harness.untraced_redis.set("session:1", "{}")
    await harness.send("expire", "session:1", 60)


async def _pipeline(harness: RedisHarness) -> None:
    await harness.pipeline(("set", "session:1", "a"), ("get", "session:1"), ("delete", "session:1"))
    await harness.pipeline()  # an empty pipeline sends nothing, so it has no span


async def _transaction(harness: RedisHarness) -> None:
    await harness.pipeline(("set", "session:1", "a"), ("expire", "session:1", "60"), transaction=True)


async def _unregistered_key(harness: RedisHarness) -> None:
    await harness.send("get", f"profile:{EMAIL}")


async def _failing_command(harness: RedisHarness) -> None:
    harness.untraced_redis.set("session:1", "{}")
    await harness.send("hget", "session:1", EMAIL)


async def _failing_pipeline(harness: RedisHarness) -> None:
    harness.untraced_redis.set("session:1", "{}")
    await harness.pipeline(("get", "session:1"), ("hget", "session:1", EMAIL))


async def _unknown_command(harness: RedisHarness) -> None:
    await harness.send("execute_command", "PLEASE", EMAIL)


async def _script_error(harness: RedisHarness) -> None:
    await harness.send("eval", f"return redis.error_reply('OOPS {EMAIL}')", 1, "session:1")


async def _redis_down(harness: RedisHarness) -> None:
    with closed_port() as port:
        await harness.reconnect(f"redis://127.0.0.1:{port}/0")
        await harness.send("get", "session:1")


REDIS_ACTIONS: dict[str, Callable[[RedisHarness], Awaitable[None]]] = {
    "redis-get-hit": _get_hit,
    "redis-get-miss": _get_miss,
    "redis-set": _set,
    "redis-hget": _hget,
    "redis-hgetall": _hgetall,
    "redis-del": _del,
    "redis-scan": _scan,
    "redis-expire": _expire,
    "redis-pipeline": _pipeline,
    "redis-transaction": _transaction,
    "redis-unregistered-key": _unregistered_key,
    "redis-failing-command": _failing_command,
    "redis-failing-pipeline": _failing_pipeline,
    "redis-unknown-command": _unknown_command,
    "redis-script-error": _script_error,
    "redis-down": _redis_down,
}
"""By scenario."""
