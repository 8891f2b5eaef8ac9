"""Run Caddy with deployments/jaeger/Caddyfile on loopback."""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Final
from urllib.request import ProxyHandler, build_opener

from containers.servers.processes import LOOPBACK, ServerProcess
from integration.support.deployed_jaeger import JAEGER

USER: Final = "ada"
PASSWORD: Final = "correct horse"
READ_TOKEN: Final = "4f1d9c"
WRITE_TOKEN: Final = "b07e52"
PERSON: Final = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy that runs: its port, on loopback."""

    port: int

    @property
    def url(self) -> str:
        """Return its base URL."""
        return f"http://{LOOPBACK}:{self.port}"

    def ask(self, path: str, authorization: str | None = None, *, method: str = "GET") -> tuple[int, str]:
        """Return the status and text of an answer; the path is sent as it is."""
        connection = HTTPConnection(LOOPBACK, self.port, timeout=30)
        try:
            headers = {} if authorization is None else {"authorization": authorization}
            connection.request(method, path, b"" if method == "POST" else None, headers)
            response = connection.getresponse()
            return response.status, response.read().decode(errors="replace")
        finally:
            connection.close()


def password_hash() -> str:
    """Return the hash of the password as docs/deploy.md has it made."""
    done = subprocess.run(
        ["caddy", "hash-password", "--plaintext", PASSWORD], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@contextmanager
def running_proxy(page: int, otlp: int, hashed: str, **variables: str) -> Iterator[Proxy]:
    """Run the proxy of a Jaeger with these ports on loopback; `variables` replace those of the tests."""
    given: Mapping[str, str] = {
        "JAEGER_ADDRESS": f"{LOOPBACK}:{page}",
        "JAEGER_OTLP_ADDRESS": f"{LOOPBACK}:{otlp}",
        "JAEGER_USER": USER,
        "JAEGER_PASSWORD_HASH": hashed,
        "JAEGER_READ_TOKEN": READ_TOKEN,
        "JAEGER_WRITE_TOKEN": WRITE_TOKEN,
        **variables,
    }

    def command(port: int, folder: Path) -> list[str]:
        own = [f"PORT={port}", f"XDG_CONFIG_HOME={folder}", f"XDG_DATA_HOME={folder}"]
        environ = [*own, *(f"{name}={value}" for name, value in given.items())]
        return ["env", *environ, "caddy", "run", "--config", str(JAEGER / "Caddyfile"), "--adapter", "caddyfile"]

    with ServerProcess("caddy", command, answers=_is_up) as server:
        yield Proxy(server.port)


def _is_up(port: int) -> bool:
    try:
        with build_opener(ProxyHandler({})).open(f"http://{LOOPBACK}:{port}/proxy-health", timeout=2):
            return True
    except OSError:
        return False
