"""The Docker engine of this machine, asked over its socket by the standard library alone.

For what must work before any package is installed, or must leave nothing open when the answer is no. Everything
that is started here carries the label `OWNER`, so that what a killed process left behind can be told from what a
living one uses (`remove_leftovers`).
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

DEFAULT_HOST = "unix:///var/run/docker.sock"
OWNER = "org.spanpact.owner"
"""The label of every container of ours: host name, process id and the process's start, `host/pid/ticks`."""
_ANSWERS_WITHIN = 2.0  # seconds
_REMOVED_WITHIN = 30.0  # seconds


class EngineError(Exception):
    """The engine did not answer, or its answer was no: one line. `status` is that of the answer, 0 without one."""

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
    """The engine's socket: DOCKER_HOST's, or the usual one; raises `EngineError` where DOCKER_HOST is no socket."""
    host = (os.environ if environ is None else environ).get("DOCKER_HOST") or DEFAULT_HOST
    if not host.startswith("unix://"):  # a port published on loopback there is not one of ours
        raise EngineError("DOCKER_HOST names an engine on another machine; give its server by URL")
    return host.removeprefix("unix://")


def ask(method: str, path: str, *, within: float = _ANSWERS_WITHIN) -> Any:
    """Send one request and give its JSON body (None where there is none, text where it is no JSON).

    Raises `EngineError` for no answer within `within` seconds and for a status of 400 or more.
    """
    connection = _Connection(socket_path(), within)
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
    """Whether an engine answers at the socket."""
    try:
        return bool(ask("GET", "/_ping") == "OK")
    except EngineError:
        return False


def version() -> str:
    """The engine's version; raises `EngineError`."""
    return str(ask("GET", "/version")["Version"])


def owner() -> str:
    """The value of the label `OWNER` for this process."""
    return f"{socket.gethostname()}/{os.getpid()}/{_started(os.getpid())}"


def remove_leftovers() -> list[str]:
    """Remove the containers, with their volumes, whose owner on this machine is gone; gives their names.

    What ends with an exception or by Ctrl+C removes its own; this is for what was killed outright.
    """
    query = urlencode({"all": "1", "filters": json.dumps({"label": [OWNER]})})
    found = ask("GET", f"/containers/json?{query}", within=_REMOVED_WITHIN)
    return [remove(container["Id"]) for container in found if _is_leftover(container["Labels"][OWNER])]


def remove(container: str) -> str:
    """Remove a container, running or not, with its volumes; gives its name. One that is gone already is no error."""
    try:
        ask("DELETE", f"/containers/{quote(container)}?force=1&v=1", within=_REMOVED_WITHIN)
    except EngineError as error:
        if error.status != 404:
            raise
    return container


def _is_leftover(label: str) -> bool:
    host, _, process = label.partition("/")
    pid, _, started = process.partition("/")
    return host == socket.gethostname() and _started(int(pid)) != started


def _started(pid: int) -> str:
    """When a process started, in ticks since the machine did; a process id alone is used again."""
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
