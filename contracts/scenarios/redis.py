"""What the reference implementation does in each scenario of the Redis commands (docs/specification.md S2)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from contracts.scenarios.closed_port import closed_port
from contracts.scenarios.stage import EMAIL, RedisStage
from reference_impl.sessions.cache import INDEX_KEY


async def _get_hit(stage: RedisStage) -> None:
    stage.plain.set("session:1", "{}")
    await stage.send("get", "session:1")


async def _get_miss(stage: RedisStage) -> None:
    await stage.send("get", "session:1")


async def _set(stage: RedisStage) -> None:
    await stage.send("set", "session:1", EMAIL, ex=60)


async def _hget(stage: RedisStage) -> None:
    stage.plain.hset("user_sessions:1:web", "a", "1")
    await stage.send("hget", "user_sessions:1:web", "a")
    await stage.send("hget", "user_sessions:1:web", "b")


async def _hgetall(stage: RedisStage) -> None:
    stage.plain.hset("user_sessions:1:web", "a", "1")
    await stage.send("hgetall", "user_sessions:1:web")
    await stage.send("hgetall", "user_sessions:2:web")


async def _del(stage: RedisStage) -> None:
    stage.plain.mset({"session:1": "", "session:2": ""})
    await stage.send("delete", "session:1")
    await stage.send("delete", "session:1", "session:2")


async def _scan(stage: RedisStage) -> None:
    stage.plain.mset({INDEX_KEY.format(user_id=1, device=f"d{number}"): "" for number in range(50)})
    pattern = INDEX_KEY.format(user_id=1, device="*")
    assert len([key async for key in stage.redis.scan_iter(match=pattern, count=10)]) == 50
    assert len(list(stage.sync_redis.scan_iter(match=pattern, count=10))) == 50


async def _expire(stage: RedisStage) -> None:
    stage.plain.set("session:1", "{}")
    await stage.send("expire", "session:1", 60)


async def _pipeline(stage: RedisStage) -> None:
    await stage.pipeline(("set", "session:1", "a"), ("get", "session:1"), ("delete", "session:1"))
    await stage.pipeline()  # nothing is sent, so that nothing is traced: a span of it would be a batch of none


async def _transaction(stage: RedisStage) -> None:
    await stage.pipeline(("set", "session:1", "a"), ("expire", "session:1", "60"), transaction=True)


async def _unregistered_key(stage: RedisStage) -> None:
    await stage.send("get", f"profile:{EMAIL}")


async def _failing_command(stage: RedisStage) -> None:
    stage.plain.set("session:1", "{}")
    await stage.send("hget", "session:1", EMAIL)


async def _failing_pipeline(stage: RedisStage) -> None:
    stage.plain.set("session:1", "{}")
    await stage.pipeline(("get", "session:1"), ("hget", "session:1", EMAIL))


async def _unknown_command(stage: RedisStage) -> None:
    await stage.send("execute_command", "PLEASE", EMAIL)


async def _script_error(stage: RedisStage) -> None:
    await stage.send("eval", f"return redis.error_reply('OOPS {EMAIL}')", 1, "session:1")


async def _redis_down(stage: RedisStage) -> None:
    with closed_port() as port:
        await stage.reconnect(f"redis://127.0.0.1:{port}/0")
        await stage.send("get", "session:1")


REDIS_ACTIONS: dict[str, Callable[[RedisStage], Awaitable[None]]] = {
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
