"""Containers of Redis, Jaeger and PostgreSQL, on testcontainers: `with JaegerContainer() as jaeger: jaeger.url`.

Each listens on loopback ports that stay the same across a restart, has no more rights than it needs, and is ready when
its health check succeeds, by HTTP or by a command in the container. Each has the label of its owner and a name that is
chosen before its start, so that it can be removed even if its start is interrupted. testcontainers' reaper is off,
because its image cannot be pulled everywhere.

Import this module late: it needs the package testcontainers, and a container needs an engine.
"""

from __future__ import annotations

import os
import re
import secrets
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, ClassVar, Self
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener

from docker.errors import APIError, DockerException, NotFound
from testcontainers.core.config import ConnectionMode, testcontainers_config
from testcontainers.core.container import DockerContainer
from testcontainers.core.waiting_utils import WaitStrategy

from containers.commands import last_line
from containers.engine import api as engine_api
from containers.images.catalogue import choose
from containers.ladder import BackendUnavailable
from containers.servers.processes import LOOPBACK, free_port

__all__ = ["JaegerContainer", "PostgresContainer", "RedisContainer", "ServerContainer", "http_ok"]

_PORTS_TO_TRY = 3  # a free port can be taken by another process before the engine binds it
_POLL_INTERVAL = 0.05  # seconds
_HEALTH_TIMEOUT = 2.0  # seconds for one answer
_TAKEN = re.compile(r"port is already allocated|address already in use")

testcontainers_config.ryuk_disabled = True
# On a machine that looks like a container, testcontainers would use the bridge's address instead of loopback.
testcontainers_config.connection_mode_override = ConnectionMode.docker_host


class ServerContainer(DockerContainer):
    """One server in a container, with faults for tests: pause, resume, kill, restart.

    `start` raises `BackendUnavailable` where no image is available or the server does not answer in time.
    """

    KIND: ClassVar[str]
    PORTS: ClassVar[tuple[int, ...]]
    START_TIMEOUT: ClassVar[int] = 30  # seconds until it answers
    COMMAND: ClassVar[tuple[str, ...]] = ()
    ENVIRON: ClassVar[Mapping[str, str]] = {}
    LIMITS: ClassVar[Mapping[str, Any]] = {}
    TMPFS: ClassVar[Mapping[str, str]] = {"/tmp": ""}  # the only writable folders besides its volumes

    def __init__(self, image: str | None = None) -> None:
        name = f"spanpact-{self.KIND}-{os.getpid()}-{secrets.token_hex(3)}"
        super().__init__(image or choose(self.KIND).reference, name=name, env=dict(self.ENVIRON))
        self.name = name
        self.paused = False
        self.with_kwargs(
            labels={engine_api.OWNER_LABEL: engine_api.owner()},
            **{"cap_drop": ["ALL"], "security_opt": ["no-new-privileges"], "read_only": True, **self.LIMITS},
        )
        if self.COMMAND:
            self.with_command(list(self.COMMAND))
        self.tmpfs = dict(self.TMPFS)
        self.waiting_for(_Healthy().with_startup_timeout(self.START_TIMEOUT).with_poll_interval(_POLL_INTERVAL))
        self._choose_ports()

    def __repr__(self) -> str:
        state = "paused" if self.paused else "running" if self.running else "stopped"
        return f"<{self.name} on {LOOPBACK}:{self.port}, {state}>"

    @property
    def port(self) -> int:
        """Return the loopback port that its first port is published on."""
        return self.published(self.PORTS[0])

    def published(self, port: int) -> int:
        """Return the loopback port that a port of the container is published on."""
        published: Any = self.ports[f"{port}/tcp"]  # the type of testcontainers lacks the host address
        return int(published[1])

    @property
    def running(self) -> bool:
        """Return whether the server is alive; a paused one is."""
        try:
            self.reload()
        except NotFound:
            return False
        return self.status in ("running", "paused")

    def healthy(self) -> bool:
        """Return whether the server is ready."""
        raise NotImplementedError

    def start(self) -> Self:
        """Start the container and wait until the server is ready."""
        for attempt in range(1, _PORTS_TO_TRY + 1):
            try:
                return super().start()
            except DockerException as error:
                engine_api.remove(self.name)
                if not _TAKEN.search(str(error)) or attempt == _PORTS_TO_TRY:
                    raise BackendUnavailable(f"the image {self.image} cannot be run: {_first_line(error)}") from error
                self._choose_ports()
        raise AssertionError("unreachable")

    def stop(self, force: bool = True, delete_volume: bool = True) -> None:
        """Remove the container with its volumes, if it exists; always by force.

        The name also finds a container whose start was interrupted before testcontainers had its id.
        """
        try:
            engine_api.remove(self.name)
        finally:
            self.get_docker_client().client.close()

    def pause(self) -> None:
        """Freeze the container: connections stay open and nothing is answered."""
        self._living().pause()
        self.paused = True

    def resume(self) -> None:
        """Let a paused server continue."""
        self._living().unpause()
        self.paused = False

    def kill(self) -> None:
        """End the server at once and wait until it has ended; data in its memory is lost."""
        container = self._living()
        if self.paused:  # the engine cannot kill a frozen container
            self.resume()
        container.kill()
        container.wait()

    def restart(self) -> None:
        """Start the server again on the same ports, ending it first if it runs. Return when it is ready."""
        if self.running:
            self.kill()
        try:
            self.get_wrapped_container().start()
        except APIError as error:
            raise BackendUnavailable(f"{self.name} cannot be started again: {_first_line(error)}") from error
        _Healthy().with_startup_timeout(self.START_TIMEOUT).wait_until_ready(self)

    def _living(self) -> Any:
        if not self.running:
            raise RuntimeError(f"{self.name} is not running")
        return self.get_wrapped_container()

    def _choose_ports(self) -> None:
        # The engine would choose other ports at a restart.
        published: dict[str, Any] = {f"{port}/tcp": (LOOPBACK, free_port()) for port in self.PORTS}
        self.ports = published

    def succeeds(self, *command: str) -> bool:
        """Return whether a command in the container succeeds."""
        with suppress(APIError):  # the container has not started, or has ended
            return self.exec(list(command)).exit_code == 0
        return False


class RedisContainer(ServerContainer):
    """A Redis that keeps nothing on disk."""

    KIND = "redis"
    PORTS = (6379,)
    COMMAND = ("redis-server", "--save", "", "--appendonly", "no", "--protected-mode", "no", "--dir", "/tmp")
    LIMITS: ClassVar[Mapping[str, Any]] = {"user": "65534:65534"}  # nobody: it owns no file

    @property
    def url(self) -> str:
        """Return its address."""
        return f"redis://{LOOPBACK}:{self.port}/0"

    def healthy(self) -> bool:
        """Return whether PING is answered, by a command in the container."""
        return self.succeeds("redis-cli", "-e", "ping")


class PostgresContainer(ServerContainer):
    """A PostgreSQL whose data is in a volume of its own, which is removed with it."""

    KIND = "postgres"
    PORTS = (5432,)
    START_TIMEOUT = 60
    ENVIRON: ClassVar[Mapping[str, str]] = {"POSTGRES_HOST_AUTH_METHOD": "trust"}
    # The official image starts as root, changes the owner of the data to its own user, and becomes that user.
    LIMITS: ClassVar[Mapping[str, Any]] = {"cap_add": ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"]}
    TMPFS: ClassVar[Mapping[str, str]] = {"/tmp": "", "/var/run/postgresql": "mode=1777"}

    @property
    def url(self) -> str:
        """Return its address."""
        return f"postgresql://postgres@{LOOPBACK}:{self.port}/postgres"

    def healthy(self) -> bool:
        """Return whether it accepts connections over TCP; its socket also exists while the database is set up."""
        return self.succeeds("pg_isready", "-q", "-h", LOOPBACK)


class JaegerContainer(ServerContainer):
    """A Jaeger that keeps traces in memory: interface and API, OTLP by HTTP and gRPC, and its health."""

    KIND = "jaeger"
    PORTS = (16686, 4318, 4317, 13133)
    ENVIRON: ClassVar[Mapping[str, str]] = {"JAEGER_LISTEN_HOST": "0.0.0.0"}

    @property
    def url(self) -> str:
        """Return the address of its interface and API."""
        return f"http://{LOOPBACK}:{self.published(16686)}"

    @property
    def otlp_http(self) -> str:
        """Return the base address of OTLP over HTTP, without the path `/v1/traces`."""
        return f"http://{LOOPBACK}:{self.published(4318)}"

    @property
    def otlp_grpc(self) -> str:
        """Return the address of OTLP over gRPC."""
        return f"http://{LOOPBACK}:{self.published(4317)}"

    def healthy(self) -> bool:
        """Return whether its health check over HTTP reports that every part has started."""
        return http_ok(f"http://{LOOPBACK}:{self.published(13133)}/status")


class _Healthy(WaitStrategy):
    """Waits until the container is healthy, and fails at once if it has ended."""

    def wait_until_ready(self, container: Any) -> None:
        deadline = time.monotonic() + self._startup_timeout
        while not container.healthy():
            if not container.running:
                raise BackendUnavailable(f"the server in {container.image} ended: {last_line(_log_of(container))}")
            if time.monotonic() > deadline:
                waited = f"{self._startup_timeout:g} s"
                raise BackendUnavailable(f"the server in {container.image} did not answer within {waited}")
            time.sleep(_POLL_INTERVAL)


def http_ok(url: str, *, timeout: float = _HEALTH_TIMEOUT) -> bool:
    """Return whether a loopback address answers a GET with a status of success, without any proxy."""
    try:
        with build_opener(ProxyHandler({})).open(url, timeout=timeout):
            return True
    except HTTPError as error:
        error.close()  # it is the response too
    except OSError:
        pass
    return False


def _log_of(container: ServerContainer) -> str:
    return b"".join(container.get_logs()).decode(errors="replace")


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
