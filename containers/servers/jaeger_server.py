"""A real Jaeger for tests and demos, from the first usable rung: URL, Docker, program.

A server that `jaeger_backend()` starts listens on loopback only, keeps traces in memory, is ready when its health check
and its API answer, and is stopped when the context exits. A server named by a URL is left as it is.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import ClassVar
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, build_opener

from containers.images.catalogue import IMAGES, PINNED_JAEGER
from containers.images.jaeger_binary import built_program
from containers.ladder import BackendUnavailable, Rung
from containers.servers.backend import ServerBackend, open_server
from containers.servers.docker_rung import jaeger_container
from containers.servers.jaeger_settings import write_settings
from containers.servers.processes import LOOPBACK, ServerProcess
from containers.servers.urls import without_credentials

__all__ = ["JaegerBackend", "answers", "find_program", "jaeger_backend"]

OTLP_HTTP_PORT = 4318
OTLP_GRPC_PORT = 4317
_ANSWER_TIMEOUT = 2.0  # seconds
_START_TIMEOUT = 30.0  # seconds until a process answers
_STOP_TIMEOUT = 0.5  # seconds; an orderly end takes 5, and there is nothing to save


@dataclass(frozen=True, slots=True)
class JaegerBackend(ServerBackend):
    """A Jaeger that answers; `url` is the base address of its interface and API.

    `otlp_http` is the base address of OTLP over HTTP (`/v1/traces` follows), `otlp_grpc` is `http://host:port`.
    """

    kind: ClassVar = "Jaeger"
    otlp_http: str = field(kw_only=True)
    otlp_grpc: str = field(kw_only=True)

    def __str__(self) -> str:
        otlp = f"OTLP at {without_credentials(self.otlp_http)} and {without_credentials(self.otlp_grpc)}"
        return f"{ServerBackend.__str__(self)}, {otlp}"


def jaeger_backend(prefer: str | None = None) -> AbstractContextManager[JaegerBackend]:
    """Open a real Jaeger for as long as the context lasts.

    The rungs are `url` (the address in JAEGER_URL), `docker` and `program`; `prefer` and the errors are those of
    `open_server`. A named server takes OTLP at JAEGER_OTLP_HTTP and JAEGER_OTLP_GRPC, by default at the standard ports
    of its host.
    """
    rungs = (Rung("docker", _container), Rung("program", _program))
    return open_server("Jaeger", prefer, variable="JAEGER_URL", at_address=_at_address, rungs=rungs)


def _at_address(address: str) -> JaegerBackend:
    url = address.rstrip("/")
    _require_http(url)
    version = _require_api(url)
    host = f"http://{_host(url)}"
    otlp_http = os.environ.get("JAEGER_OTLP_HTTP") or f"{host}:{OTLP_HTTP_PORT}"
    otlp_grpc = os.environ.get("JAEGER_OTLP_GRPC") or f"{host}:{OTLP_GRPC_PORT}"
    _require_port("JAEGER_OTLP_HTTP", otlp_http)
    return JaegerBackend(url, version, otlp_http=otlp_http.rstrip("/"), otlp_grpc=otlp_grpc.rstrip("/"))


@contextmanager
def _container() -> Iterator[JaegerBackend]:
    with jaeger_container() as server:
        _require_api(server.url)
        pinned = server.image in (IMAGES["jaeger"].official, IMAGES["jaeger"].local)
        version = PINNED_JAEGER if pinned else server.image.rpartition(":")[2]
        otlp_http, otlp_grpc = server.otlp_http, server.otlp_grpc
        yield JaegerBackend(server.url, version, process=server, otlp_http=otlp_http, otlp_grpc=otlp_grpc)


@contextmanager
def _program() -> Iterator[JaegerBackend]:
    program = find_program()
    command = partial(_command, program)
    timeouts = {"start_timeout": _START_TIMEOUT, "stop_timeout": _STOP_TIMEOUT}
    with ServerProcess("jaeger", command, answers=answers, **timeouts) as server:
        ports = write_settings(server.folder, server.port)
        otlp_http, otlp_grpc = _url(ports["otlp_http"]), _url(ports["otlp_grpc"])
        version = _version_of(program)
        yield JaegerBackend(_url(server.port), version, process=server, otlp_http=otlp_http, otlp_grpc=otlp_grpc)


def find_program() -> str:
    """Return the `jaeger` on PATH, else the one that was built here. Raise `BackendUnavailable`."""
    program = shutil.which("jaeger") or built_program()
    if program is None:
        raise BackendUnavailable("no jaeger on PATH, and none built with `python -m containers.images.jaeger_binary`")
    return str(program)


def _command(program: str, port: int, folder: Path) -> Sequence[str]:
    write_settings(folder, port)
    return [program, "--config", str(folder / "jaeger.yaml")]


def _version_of(program: str) -> str:
    done = subprocess.run([program, "version"], capture_output=True, text=True, check=False, cwd="/")
    found = re.search(r"v?(\d+\.\d+\.\d+[\w.-]*)", done.stdout + done.stderr)
    return found[1] if found else "of unknown version"


def _url(port: int) -> str:
    return f"http://{LOOPBACK}:{port}"


def answers(port: int) -> bool:
    """Return whether a Jaeger with `/api/v3` answers on a loopback port."""
    try:
        _require_api(_url(port))
    except BackendUnavailable:
        return False
    return True


def _require_api(url: str) -> str:
    """Return the version of the server whose `/api/v3` answers there. Raise `BackendUnavailable`."""
    shown = without_credentials(url)
    try:
        body = _get(f"{url}/api/v3/services")
    except HTTPError as error:
        raise BackendUnavailable(f"{shown}/api/v3 answers {error.code}") from None
    except (OSError, ValueError) as error:  # its text may quote the address
        raise BackendUnavailable(f"{shown} gives no answer: {type(error).__name__}") from None
    try:
        json.loads(body)
    except ValueError:  # Jaeger answers an unknown path with its interface
        raise BackendUnavailable(f"{shown} is no Jaeger with /api/v3 (2.0 or newer)") from None
    return _version_in(url)


def _version_in(url: str) -> str:
    try:
        page = _get(f"{url}/")
    except (OSError, ValueError):
        page = ""
    found = re.search(r'"gitVersion":\s*"v?(\d[\w.-]*)"', page)
    return found[1] if found else "of unknown version"


def _get(url: str) -> str:
    try:
        with build_opener(ProxyHandler({})).open(url, timeout=_ANSWER_TIMEOUT) as response:
            body: bytes = response.read()
    except HTTPError as error:
        error.close()  # it is the response too
        raise
    return body.decode(errors="replace")


def _require_http(url: str) -> None:
    try:
        usable = urlsplit(url).scheme in ("http", "https") and bool(urlsplit(url).hostname)
    except ValueError:
        usable = False
    if not usable:
        raise BackendUnavailable("JAEGER_URL is no http:// or https:// address")


def _host(url: str) -> str:
    host = urlsplit(url).hostname or ""
    return f"[{host}]" if ":" in host else host


def _require_port(variable: str, address: str) -> None:
    try:
        parts = urlsplit(address)
        with socket.create_connection((parts.hostname or "", parts.port or OTLP_HTTP_PORT), _ANSWER_TIMEOUT):
            return
    except (OSError, ValueError):
        shown = without_credentials(address)
        raise BackendUnavailable(f"nothing takes OTLP at {shown}; set {variable}") from None
