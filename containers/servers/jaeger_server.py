"""A real Jaeger for tests and demos, from the first rung that has one: URL, Docker, program.

`jaeger_backend()` is the way in. Whatever it starts listens on loopback only, keeps traces in memory, is ready when its
health and its API answer, and is gone with the context; a server named by a URL is used and left as it is.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import ClassVar
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, build_opener

from containers.images.catalogue import IMAGES, PINNED_JAEGER
from containers.images.jaeger_binary import built_program
from containers.ladder import BackendUnavailable, Rung, SkippedRung, climb
from containers.servers.controls import Controls, Faults
from containers.servers.docker_rung import jaeger_container
from containers.servers.jaeger_settings import written
from containers.servers.processes import LOOPBACK, ServerProcess
from containers.servers.urls import without_credentials

OTLP_HTTP_PORT = 4318
OTLP_GRPC_PORT = 4317
_ANSWER_WITHIN = 2.0  # seconds
_START_WITHIN = 30.0  # seconds until a process answers
_STOP_WITHIN = 0.5  # seconds; it takes 5 for an orderly end, and has nothing to save


@dataclass(frozen=True, slots=True)
class JaegerBackend(Faults):
    """A Jaeger that answers: the address of its interface and API, where it takes OTLP, its version and its rung.

    `url` and `otlp_http` are base addresses (`/api/v3/...` and `/v1/traces` follow); `otlp_grpc` is `http://host:port`.
    `process` is what was started here, a container or a process; the faults need it and raise `BackendUnavailable` on
    the rung `url`.
    """

    what: ClassVar = "a Jaeger"
    url: str
    otlp_http: str
    otlp_grpc: str
    version: str
    rung: str
    skipped: tuple[SkippedRung, ...] = ()
    process: Controls | None = field(default=None, compare=False)

    def __str__(self) -> str:
        otlp = f"OTLP at {without_credentials(self.otlp_http)} and {without_credentials(self.otlp_grpc)}"
        return f"Jaeger {self.version} at {without_credentials(self.url)} ({self.rung}), {otlp}"


@contextmanager
def jaeger_backend(prefer: str | None = None) -> Iterator[JaegerBackend]:
    """A real Jaeger for as long as the context lasts.

    `prefer` forces one rung, `url` (the address in JAEGER_URL), `docker` or `program`, or is itself an `http://`
    address; None tries them in this order, the first one only if JAEGER_URL is set. Where a named server takes OTLP
    is in JAEGER_OTLP_HTTP and JAEGER_OTLP_GRPC, by default the usual ports of its host. Raises `BackendUnavailable`,
    with every rung's reason and how to get one, when there is none, and `ValueError` for an unknown rung.
    """
    address = prefer if prefer and "://" in prefer else os.environ.get("JAEGER_URL", "")
    rung_name = "url" if prefer and "://" in prefer else prefer
    with climb("Jaeger", _rungs(address), prefer=rung_name) as found:
        backend: JaegerBackend = found.backend
        addresses = (backend.url, backend.otlp_http, backend.otlp_grpc, backend.version)
        yield JaegerBackend(*addresses, found.rung, found.skipped, backend.process)


def _rungs(address: str) -> Sequence[Rung[JaegerBackend]]:
    return (
        Rung("url", partial(_named, address), final=bool(address)),
        Rung("docker", _container),
        Rung("program", _program),
    )


@contextmanager
def _named(address: str) -> Iterator[JaegerBackend]:
    if not address:
        raise BackendUnavailable("JAEGER_URL is not set")
    url = address.rstrip("/")
    _require_http(url)
    version = _require_api(url)
    host = f"http://{_host(url)}"
    otlp_http = os.environ.get("JAEGER_OTLP_HTTP") or f"{host}:{OTLP_HTTP_PORT}"
    otlp_grpc = os.environ.get("JAEGER_OTLP_GRPC") or f"{host}:{OTLP_GRPC_PORT}"
    _require_port("JAEGER_OTLP_HTTP", otlp_http)
    yield JaegerBackend(url, otlp_http.rstrip("/"), otlp_grpc.rstrip("/"), version, "url")


@contextmanager
def _container() -> Iterator[JaegerBackend]:
    with jaeger_container() as server:
        _require_api(server.url)
        version = PINNED_JAEGER if server.image in _OF_OUR_VERSION else server.image.rpartition(":")[2]
        yield JaegerBackend(server.url, server.otlp_http, server.otlp_grpc, version, "docker", (), server)


_OF_OUR_VERSION = (IMAGES["jaeger"].official, IMAGES["jaeger"].local)


@contextmanager
def _program() -> Iterator[JaegerBackend]:
    program = found_program()
    server = ServerProcess(
        "jaeger", partial(_command, program), answers=answers, start_within=_START_WITHIN, stop_within=_STOP_WITHIN
    )
    try:
        server.start()
        ports = written(server.folder, server.port)
        http, grpc = (f"http://{LOOPBACK}:{ports[name]}" for name in ("otlp_http", "otlp_grpc"))
        yield JaegerBackend(_url(server.port), http, grpc, _version_of(program), "program", (), server)
    finally:
        server.stop()


def found_program() -> str:
    """The `jaeger` on PATH, else the one that was made here before; raises `BackendUnavailable`."""
    program = shutil.which("jaeger") or built_program()
    if program is None:
        raise BackendUnavailable("no jaeger on PATH, and none made by `python -m containers.images.jaeger_binary`")
    return str(program)


def _command(program: str, port: int, folder: Path) -> Sequence[str]:
    written(folder, port)
    return [program, "--config", str(folder / "jaeger.yaml")]


def _version_of(program: str) -> str:
    done = subprocess.run([program, "version"], capture_output=True, text=True, check=False, cwd="/")
    found = re.search(r"v?(\d+\.\d+\.\d+[\w.-]*)", done.stdout + done.stderr)
    return found[1] if found else "of unknown version"


def _url(port: int) -> str:
    return f"http://{LOOPBACK}:{port}"


def answers(port: int) -> bool:
    """Whether the API on a loopback port answers as `/api/v3` does."""
    try:
        _require_api(_url(port))
    except BackendUnavailable:
        return False
    return True


def _require_api(url: str) -> str:
    """The version of the server whose `/api/v3` answers there, as far as its pages say it."""
    shown = without_credentials(url)
    try:
        body = _get(f"{url}/api/v3/services")
    except HTTPError as error:
        raise BackendUnavailable(f"{shown}/api/v3 answers {error.code}") from None
    except (OSError, ValueError) as error:  # not its text, which may quote the address
        raise BackendUnavailable(f"{shown} gives no answer: {type(error).__name__}") from None
    try:
        json.loads(body)
    except ValueError:  # an unknown path is answered with the interface's page
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
    with build_opener(ProxyHandler({})).open(url, timeout=_ANSWER_WITHIN) as response:
        body: bytes = response.read()
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
        with socket.create_connection((parts.hostname or "", parts.port or OTLP_HTTP_PORT), _ANSWER_WITHIN):
            return
    except (OSError, ValueError):
        shown = without_credentials(address)
        raise BackendUnavailable(f"nothing takes OTLP at {shown}; set {variable}") from None
