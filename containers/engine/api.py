"""Requests to the Docker engine of this machine, over its socket, with the standard library alone.

Every container that this project starts carries the label `OWNER_LABEL`, so that containers that a killed process left
behind can be distinguished from those that a living process uses (`remove_leftovers`).
"""

from __future__ import annotations

import http.client
import json
import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

__all__ = [
    "OWNER_LABEL",
    "EngineError",
    "answers",
    "owner",
    "remove",
    "remove_leftovers",
    "request",
    "socket_path",
    "version",
]

DEFAULT_HOST = "unix:///var/run/docker.sock"
OWNER_LABEL = "org.spanpact.owner"
"""The label of every container of this project. Its value is `host/pid/start`, the start in clock ticks since boot."""
_ANSWER_TIMEOUT = 2.0  # seconds
_REMOVAL_TIMEOUT = 30.0  # seconds


class EngineError(Exception):
    """The engine did not answer, or refused: one line. `status` is the HTTP status of its answer, 0 if it gave none."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("docker", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def socket_path(environ: Mapping[str, str] | None = None) -> str:
    """Return the path of the engine's socket, from DOCKER_HOST or the default.

    Raise `EngineError` where DOCKER_HOST is no socket.
    """
    host = (os.environ if environ is None else environ).get("DOCKER_HOST") or DEFAULT_HOST
    if not host.startswith("unix://"):  # a port published on its loopback cannot be reached from here
        raise EngineError("DOCKER_HOST names an engine on another machine; name a server there by its URL")
    return host.removeprefix("unix://")


def request(method: str, path: str, *, timeout: float = _ANSWER_TIMEOUT) -> Any:
    """Send one request and return the JSON body of the answer: None where it is empty, text where it is no JSON.

    Raise `EngineError` for no answer within `timeout` seconds and for a status of 400 or more.
    """
    connection = _Connection(socket_path(), timeout)
    try:
        connection.request(method, path)
        response = connection.getresponse()
        body = response.read().decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        raise EngineError("no Docker engine answers") from error
    finally:
        connection.close()
    if response.status >= 400:
        raise EngineError(_refusal(response.status, body), response.status)
    return _parsed(body)


def answers() -> bool:
    """Return whether an engine answers at the socket."""
    try:
        return bool(request("GET", "/_ping") == "OK")
    except EngineError:
        return False


def version() -> str:
    """Return the engine's version. Raise `EngineError`."""
    return str(request("GET", "/version")["Version"])


def owner() -> str:
    """Return the value of the label `OWNER_LABEL` for this process."""
    return f"{socket.gethostname()}/{os.getpid()}/{_started(os.getpid())}"


def remove_leftovers() -> list[str]:
    """Remove the containers, with their volumes, whose owner on this machine has ended. Return their names.

    A process that ends with an exception or by Ctrl+C removes its own containers; one that was killed (SIGKILL) cannot.
    """
    query = urlencode({"all": "1", "filters": json.dumps({"label": [OWNER_LABEL]})})
    found = request("GET", f"/containers/json?{query}", timeout=_REMOVAL_TIMEOUT)
    return [remove(container["Id"]) for container in found if _is_leftover(container["Labels"][OWNER_LABEL])]


def remove(container: str) -> str:
    """Remove a container, running or not, with its volumes, if it exists. Return its name."""
    try:
        request("DELETE", f"/containers/{quote(container)}?force=1&v=1", timeout=_REMOVAL_TIMEOUT)
    except EngineError as error:
        if error.status != 404:
            raise
    return container


def _is_leftover(label: str) -> bool:
    host, _, process = label.partition("/")
    pid, _, started = process.partition("/")
    return host == socket.gethostname() and _started(int(pid)) != started


def _started(pid: int) -> str:
    """Return when a process started, in clock ticks since boot: process ids alone are reused. "" if there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[19]


def _refusal(status: int, body: str) -> str:
    parsed = _parsed(body)
    text = str(parsed.get("message", "") if isinstance(parsed, dict) else parsed or "").strip()
    return f"the Docker engine answers {status}" + (f": {text.splitlines()[0]}" if text else "")


def _parsed(body: str) -> Any:
    try:
        return json.loads(body) if body else None
    except ValueError:
        return body
