"""A container with one port published on loopback, on a Docker engine of this machine.

testcontainers raises in its constructor where no engine answers, so it is imported and called as late as can be.
Its reaper is off, as its image cannot be pulled everywhere: what is started here is removed here.
"""

from __future__ import annotations

import importlib.util
import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from containers.ladder import BackendUnavailable

DEFAULT_HOST = "unix:///var/run/docker.sock"
_ENGINE_ANSWERS_WITHIN = 2.0  # seconds
_PAUSE_BETWEEN_QUESTIONS = 0.05  # seconds


@contextmanager
def published_port(
    image: str,
    port: int,
    *,
    answers: Callable[[int], bool],
    within: float,
    environ: Mapping[str, str] | None = None,
) -> Iterator[int]:
    """Run `image` and give the loopback port that its `port` is published on, once `answers` says yes to it.

    `environ` is what the container's environment has beside the image's own.

    Raises `BackendUnavailable` where no engine of this machine answers, the image cannot be had, or the server in
    the container does not answer within `within` seconds. The container is removed with the context.
    """
    require_engine()
    container = _started(image, port, environ or {})
    try:
        published = int(container.get_exposed_port(port))
        _await_answer(container, image, lambda: answers(published), within)
        yield published
    finally:
        container.stop()


def require_engine() -> None:
    """Raises `BackendUnavailable`, with the reason, unless a Docker engine of this machine answers.

    Asked by hand, as the engine's client leaves its socket open when the answer is no.
    """
    if importlib.util.find_spec("testcontainers") is None:
        raise BackendUnavailable("the package testcontainers is not installed")
    host = os.environ.get("DOCKER_HOST") or DEFAULT_HOST
    if not host.startswith("unix://"):  # a port published on loopback there is not one of ours
        raise BackendUnavailable("DOCKER_HOST names an engine on another machine; give its server by URL")
    try:
        answered = _ping(host.removeprefix("unix://"))
    except OSError as error:
        raise BackendUnavailable("no Docker engine answers") from error
    if not answered:
        raise BackendUnavailable("the Docker engine does not answer as it should")


def _ping(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as engine:
        engine.settimeout(_ENGINE_ANSWERS_WITHIN)
        engine.connect(path)
        engine.sendall(b"GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n")
        return b" 200 " in engine.recv(64)


def _started(image: str, port: int, environ: Mapping[str, str]) -> Any:
    from docker.errors import DockerException
    from testcontainers.core.config import ConnectionMode, testcontainers_config
    from testcontainers.core.container import DockerContainer

    testcontainers_config.ryuk_disabled = True
    # A machine that itself looks like a container would address the bridge, where nothing is published on loopback.
    testcontainers_config.connection_mode_override = ConnectionMode.docker_host
    container = DockerContainer(image)
    for name, value in environ.items():
        container.with_env(name, value)
    ports: dict[str, Any] = container.ports  # it knows no host address, the engine's client does
    ports[f"{port}/tcp"] = ("127.0.0.1",)
    try:
        return container.start()
    except DockerException as error:
        container.stop()
        raise BackendUnavailable(f"the image {image} cannot be run: {_first_line(error)}") from error


def _await_answer(container: Any, image: str, answers: Callable[[], bool], within: float) -> None:
    deadline = time.monotonic() + within
    while not answers():
        if time.monotonic() > deadline:
            raise BackendUnavailable(f"the server in {image} did not answer within {within:g} s")
        time.sleep(_PAUSE_BETWEEN_QUESTIONS)


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
