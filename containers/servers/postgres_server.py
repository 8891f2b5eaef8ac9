"""A real PostgreSQL for tests, from the first rung that has one: URL, Docker, program.

`postgres_backend()` is the way in. Whatever it starts listens on loopback only, has its data in a temporary folder,
is ready when it answers a query, and is gone with the context; a server named by a URL is used and left as it is.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit

import psycopg

from containers.ladder import BackendUnavailable, Rung, SkippedRung, climb
from containers.servers.controls import Controls, Faults
from containers.servers.docker_rung import postgres_container
from containers.servers.processes import LOOPBACK, ServerProcess
from containers.servers.urls import without_credentials

USER = "postgres"
_ANSWER_WITHIN = 2  # seconds for one connection; libpq takes no less
_START_WITHIN = 60.0  # seconds until a server's own files are made and it answers
_RESTARTS = 20  # a killed server's own processes notice a moment later; until then a new one refuses to start
_DEBIAN = Path("/usr/lib/postgresql")  # its programs are in a folder for each version, not on PATH
_ACCOUNTS = ("postgres", "nobody")  # the server refuses to run as root


@dataclass(frozen=True, slots=True)
class PostgresBackend(Faults):
    """A PostgreSQL that answers: its URL (`postgresql://`), version, rung, and the skipped rungs.

    `process` is what was started here, a container or a process; the faults need it and raise `BackendUnavailable` on
    the rung `url`.
    """

    what: ClassVar = "a PostgreSQL"
    url: str
    version: str
    rung: str
    skipped: tuple[SkippedRung, ...] = ()
    process: Controls | None = field(default=None, compare=False)

    def __str__(self) -> str:
        return f"PostgreSQL {self.version} at {without_credentials(self.url)} ({self.rung})"

    @property
    def sqlalchemy_url(self) -> str:
        """The URL for SQLAlchemy, by the driver psycopg."""
        return "postgresql+psycopg" + self.url[self.url.index("://") :]

    def restart(self) -> None:
        """Start the server again on the same port, with its data; returns when it answers."""
        server = self._controlled()
        for attempt in range(1, _RESTARTS + 1):
            try:
                return server.restart()
            except BackendUnavailable:
                if attempt == _RESTARTS:
                    raise
        return None


@contextmanager
def postgres_backend(prefer: str | None = None) -> Iterator[PostgresBackend]:
    """A real PostgreSQL for as long as the context lasts.

    `prefer` forces one rung, `url` (the address in POSTGRES_URL), `docker` or `program`, or is itself a
    `postgresql://` address; None tries them in this order, the first one only if POSTGRES_URL is set. Raises
    `BackendUnavailable`, with every rung's reason, when there is none, and `ValueError` for an unknown rung.
    """
    address = prefer if prefer and "://" in prefer else os.environ.get("POSTGRES_URL", "")
    rung_name = "url" if prefer and "://" in prefer else prefer
    with climb("PostgreSQL", _rungs(address), prefer=rung_name) as found:
        url, version, process = found.backend
        yield PostgresBackend(url, version, found.rung, found.skipped, process)


Opened = tuple[str, str, Controls | None]


def _rungs(address: str) -> Sequence[Rung[Opened]]:
    return (
        Rung("url", partial(_named, address), final=bool(address)),
        Rung("docker", _container),
        Rung("program", _program),
    )


@contextmanager
def _named(address: str) -> Iterator[Opened]:
    if not address:
        raise BackendUnavailable("POSTGRES_URL is not set")
    if urlsplit(address).scheme.partition("+")[0] not in ("postgresql", "postgres"):
        raise BackendUnavailable("POSTGRES_URL is no postgresql:// address")
    url = "postgresql" + address[address.index("://") :]
    yield url, _version(url), None


@contextmanager
def _container() -> Iterator[Opened]:
    with postgres_container() as server:
        yield server.url, _version(server.url), server


@contextmanager
def _program() -> Iterator[Opened]:
    server = ServerProcess(
        "postgres", partial(_command, _programs(), _as_other()), answers=_answers, start_within=_START_WITHIN
    )
    try:
        server.start()
        url = _loopback_url(server.port)
        yield url, _version(url), server
    finally:
        server.stop()


def _programs() -> Path:
    """The folder that holds `postgres` and `initdb`: that of the one on PATH, else the newest of Debian's."""
    on_path = shutil.which("postgres")
    found = [Path(on_path)] if on_path else sorted(_DEBIAN.glob("*/bin/postgres"), key=_by_version)
    if not found:
        raise BackendUnavailable(f"no postgres on PATH or in {_DEBIAN}/*/bin")
    return found[-1].parent


def _by_version(program: Path) -> tuple[int, str]:
    version = program.parent.parent.name
    return (int(version) if version.isdigit() else 0, version)


def _as_other() -> str:
    """The account to run the server as: "" for our own, which must not be root's."""
    if os.geteuid() != 0:
        return ""
    known = {entry.pw_name for entry in pwd.getpwall()}
    account = next((name for name in _ACCOUNTS if name in known), "")
    if not account:
        raise BackendUnavailable(f"postgres does not run as root, and there is no account {' or '.join(_ACCOUNTS)}")
    if shutil.which("setpriv") is None:
        raise BackendUnavailable(f"postgres does not run as root, and no setpriv is on PATH to run it as {account}")
    return account


def _command(programs: Path, account: str, port: int, folder: Path) -> Sequence[str]:
    """The server's command; its data folder is made before its first start."""
    entry = pwd.getpwnam(account) if account else None
    # setpriv becomes the program, so that the process that is signalled is the server.
    as_other = ["setpriv", f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups"] if entry else []
    data = folder / "data"
    if not data.exists():
        if entry:
            os.chown(folder, entry.pw_uid, entry.pw_gid)
        making = ["-D", str(data), "-U", USER, "-A", "trust", "-N", "-E", "UTF8", "--no-locale"]
        _run([*as_other, str(programs / "initdb"), *making])
    # Nothing of it survives the machine, so nothing need reach the disk.
    options = {"listen_addresses": LOOPBACK, "port": port, "unix_socket_directories": "", "fsync": "off"}
    settings = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
    return [*as_other, str(programs / "postgres"), "-D", str(data), *settings]


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise BackendUnavailable(f"initdb ended with code {done.returncode}: {last}")


def _loopback_url(port: int) -> str:
    return f"postgresql://{USER}@{LOOPBACK}:{port}/postgres"


def _answers(port: int) -> bool:
    try:
        _ask(_loopback_url(port))
    except psycopg.Error:
        return False
    return True


def _version(url: str) -> str:
    try:
        return _ask(url).partition(" ")[0]
    except psycopg.Error as error:
        raise BackendUnavailable(f"{without_credentials(url)} gives no answer: {_reason(error)}") from None


def _reason(error: psycopg.Error) -> str:
    """Why there is no connection; the driver's text on an address that it cannot read quotes it, password and all."""
    if isinstance(error, psycopg.OperationalError):
        return str(error).rpartition("failed: ")[2].partition("\n")[0]
    return type(error).__name__


def _ask(url: str) -> str:
    with psycopg.connect(url, connect_timeout=_ANSWER_WITHIN) as connection:
        connection.execute("SELECT 1")
        return connection.info.parameter_status("server_version") or "of unknown version"
