"""Containers of Redis, Jaeger and PostgreSQL, on testcontainers: `with JaegerContainer() as jaeger: jaeger.url`.

Each listens on loopback ports that stay the same over a restart, has no more rights than it needs, and is ready when
its health says so, asked by HTTP or by a command in the container. Each carries the label of its owner and a name
known beforehand, so that it can be removed also where its start was interrupted. testcontainers' reaper is off, as its
image cannot be pulled everywhere.

Import this late: it needs the package testcontainers, and a container that is made needs an engine.
"""

from __future__ import annotations

import os
import re
import secrets
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, ClassVar, Self
from urllib.request import ProxyHandler, build_opener

from docker.errors import APIError, DockerException, NotFound
from testcontainers.core.config import ConnectionMode, testcontainers_config
from testcontainers.core.container import DockerContainer
from testcontainers.core.waiting_utils import WaitStrategy

from containers.engine import api as engine_api
from containers.images.catalogue import choose
from containers.ladder import BackendUnavailable
from containers.servers.processes import LOOPBACK, free_port

_PORTS_TO_TRY = 3  # a free port can be taken by another process before the engine binds it
_PAUSE_BETWEEN_QUESTIONS = 0.05  # seconds
_HEALTH_WITHIN = 2.0  # seconds for one answer
_TAKEN = re.compile(r"port is already allocated|address already in use")

testcontainers_config.ryuk_disabled = True
# A machine that itself looks like a container would address the bridge, where nothing is published on loopback.
testcontainers_config.connection_mode_override = ConnectionMode.docker_host


class ServerContainer(DockerContainer):
    """One server in a container, with the faults of `ServerProcess`: pause, resume, kill, restart.

    `start` raises `BackendUnavailable` where the image cannot be had or the server does not answer in time.
    """

    KIND: ClassVar[str]
    PORTS: ClassVar[tuple[int, ...]]
    WITHIN: ClassVar[int] = 30  # seconds until it answers
    COMMAND: ClassVar[tuple[str, ...]] = ()
    ENVIRON: ClassVar[Mapping[str, str]] = {}
    LIMITS: ClassVar[Mapping[str, Any]] = {}
    TMPFS: ClassVar[Mapping[str, str]] = {"/tmp": ""}  # all that it can write to, beside its volumes

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
        self.waiting_for(_Healthy().with_startup_timeout(self.WITHIN).with_poll_interval(_PAUSE_BETWEEN_QUESTIONS))
        self._choose_ports()

    def __repr__(self) -> str:
        state = "paused" if self.paused else "running" if self.running else "stopped"
        return f"<{self.name} on {LOOPBACK}:{self.port}, {state}>"

    @property
    def port(self) -> int:
        """The loopback port of its first port."""
        return self.published(self.PORTS[0])

    def published(self, port: int) -> int:
        """The loopback port that a port of the container is published on."""
        published: Any = self.ports[f"{port}/tcp"]  # testcontainers knows no host address, the engine's client does
        return int(published[1])

    @property
    def running(self) -> bool:
        """Whether the server is alive (a paused one is)."""
        try:
            self.reload()
        except NotFound:
            return False
        return self.status in ("running", "paused")

    def healthy(self) -> bool:
        """Whether the server in it says that it is well."""
        raise NotImplementedError

    def start(self) -> Self:
        """Start it and wait until it is healthy."""
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
        """Remove it with its volumes; harmless when it is gone already.

        By its name, which also finds what an interrupt kept `start` from noting. It is always forced.
        """
        try:
            engine_api.remove(self.name)
        finally:
            self.get_docker_client().client.close()

    def pause(self) -> None:
        """Stop it in its tracks (the engine freezes it): connections stay open and nothing is answered."""
        self._living().pause()
        self.paused = True

    def resume(self) -> None:
        """Let a paused server go on."""
        self._living().unpause()
        self.paused = False

    def kill(self) -> None:
        """End it at once and wait until it is gone; what it held in memory is lost."""
        container = self._living()
        if self.paused:  # the engine kills no frozen container
            self.resume()
        container.kill()
        container.wait()

    def restart(self) -> None:
        """Start it again on the same ports, ending it first if it lives; returns when it is healthy."""
        if self.running:
            self.kill()
        try:
            self.get_wrapped_container().start()
        except APIError as error:
            raise BackendUnavailable(f"{self.name} cannot be started again: {_first_line(error)}") from error
        _Healthy().with_startup_timeout(self.WITHIN).wait_until_ready(self)

    def _living(self) -> Any:
        if not self.running:
            raise RuntimeError(f"{self.name} is not running")
        return self.get_wrapped_container()

    def _choose_ports(self) -> None:
        # Chosen here and not by the engine, which would choose others at a restart.
        published: dict[str, Any] = {f"{port}/tcp": (LOOPBACK, free_port()) for port in self.PORTS}
        self.ports = published

    def says_ok(self, *command: str) -> bool:
        """Whether a command ends well in the container."""
        with suppress(APIError):  # it has not started, or has ended
            return self.exec(list(command)).exit_code == 0
        return False


class RedisContainer(ServerContainer):
    """A Redis that keeps nothing on disk."""

    KIND = "redis"
    PORTS = (6379,)
    COMMAND = ("redis-server", "--save", "", "--appendonly", "no", "--protected-mode", "no", "--dir", "/tmp")
    LIMITS: ClassVar[Mapping[str, Any]] = {"user": "65534:65534"}  # anybody: it owns no file

    @property
    def url(self) -> str:
        """Its address."""
        return f"redis://{LOOPBACK}:{self.port}/0"

    def healthy(self) -> bool:
        """Whether PING is answered, asked by a command in the container."""
        return self.says_ok("redis-cli", "-e", "ping")


class PostgresContainer(ServerContainer):
    """A PostgreSQL whose data lies in a volume of its own, which goes with it."""

    KIND = "postgres"
    PORTS = (5432,)
    WITHIN = 60
    ENVIRON: ClassVar[Mapping[str, str]] = {"POSTGRES_HOST_AUTH_METHOD": "trust"}
    # The official image begins as root, hands the data to its own user, and becomes that user.
    LIMITS: ClassVar[Mapping[str, Any]] = {"cap_add": ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"]}
    TMPFS: ClassVar[Mapping[str, str]] = {"/tmp": "", "/var/run/postgresql": "mode=1777"}

    @property
    def url(self) -> str:
        """Its address."""
        return f"postgresql://postgres@{LOOPBACK}:{self.port}/postgres"

    def healthy(self) -> bool:
        """Whether it takes connections, asked over TCP: its socket is there also while it is set up."""
        return self.says_ok("pg_isready", "-q", "-h", LOOPBACK)


class JaegerContainer(ServerContainer):
    """A Jaeger that keeps traces in memory: interface and API, OTLP by HTTP and gRPC, and its health."""

    KIND = "jaeger"
    PORTS = (16686, 4318, 4317, 13133)
    ENVIRON: ClassVar[Mapping[str, str]] = {"JAEGER_LISTEN_HOST": "0.0.0.0"}

    @property
    def url(self) -> str:
        """The address of its interface and API."""
        return f"http://{LOOPBACK}:{self.published(16686)}"

    @property
    def otlp_http(self) -> str:
        """Where it takes OTLP over HTTP, without the path `/v1/traces`."""
        return f"http://{LOOPBACK}:{self.published(4318)}"

    @property
    def otlp_grpc(self) -> str:
        """Where it takes OTLP over gRPC."""
        return f"http://{LOOPBACK}:{self.published(4317)}"

    def healthy(self) -> bool:
        """Whether its health check, asked by HTTP, says that all of it has started."""
        return http_ok(f"http://{LOOPBACK}:{self.published(13133)}/status")


class _Healthy(WaitStrategy):
    """Asks the container's `healthy` until it says yes; a container that has ended is said at once."""

    def wait_until_ready(self, container: Any) -> None:
        deadline = time.monotonic() + self._startup_timeout
        while not container.healthy():
            if not container.running:
                raise BackendUnavailable(f"the server in {container.image} ended: {_last_words(container)}")
            if time.monotonic() > deadline:
                waited = f"{self._startup_timeout:g} s"
                raise BackendUnavailable(f"the server in {container.image} did not answer within {waited}")
            time.sleep(_PAUSE_BETWEEN_QUESTIONS)


def http_ok(url: str, *, within: float = _HEALTH_WITHIN) -> bool:
    """Whether a loopback address answers a GET with a status of success, asked past any proxy."""
    with suppress(OSError), build_opener(ProxyHandler({})).open(url, timeout=within):
        return True
    return False


def _last_words(container: ServerContainer) -> str:
    said = b"".join(container.get_logs()).decode(errors="replace").strip().splitlines()
    return said[-1] if said else "it said nothing"


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
