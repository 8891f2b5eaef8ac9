"""A real PostgreSQL for tests, from the first usable rung: URL, Docker, program.

A server that `postgres_backend()` starts listens on loopback only, has its data in a temporary folder, is ready when it
answers a query, and is stopped when the context exits. A server named by a URL is left as it is.
"""

from __future__ import annotations

import os
import pwd
import shutil
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit

import psycopg

from containers.commands import run_command
from containers.ladder import BackendUnavailable, Rung
from containers.servers.backend import ServerBackend, open_server
from containers.servers.controls import Controls
from containers.servers.docker_rung import postgres_container
from containers.servers.processes import LOOPBACK, ServerProcess
from containers.servers.urls import without_credentials

__all__ = ["PostgresBackend", "postgres_backend"]

USER = "postgres"
_ANSWER_TIMEOUT = 2  # seconds for one connection; libpq accepts no less
_START_TIMEOUT = 60.0  # seconds until the server's files are made and it answers
_RESTARTS = 20  # a killed server's child processes end a moment later; until then a new server refuses to start
_DEBIAN = Path("/usr/lib/postgresql")  # its programs are in one folder per version, not on PATH
_ACCOUNTS = ("postgres", "nobody")  # the server refuses to run as root


@dataclass(frozen=True, slots=True)
class PostgresBackend(ServerBackend):
    """A PostgreSQL that answers; its URL starts with `postgresql://`."""

    kind: ClassVar = "PostgreSQL"

    @property
    def sqlalchemy_url(self) -> str:
        """Return the URL for SQLAlchemy with the driver psycopg."""
        return "postgresql+psycopg" + self.url[self.url.index("://") :]

    def restart(self) -> None:
        """Start the server again on the same port, with its data. Return when it answers."""
        server = self.controls()
        for attempt in range(1, _RESTARTS + 1):
            try:
                return server.restart()
            except BackendUnavailable:
                if attempt == _RESTARTS:
                    raise
        return None


def postgres_backend(prefer: str | None = None) -> AbstractContextManager[PostgresBackend]:
    """Open a real PostgreSQL for as long as the context lasts.

    The rungs are `url` (the address in POSTGRES_URL), `docker` and `program`; `prefer` and the errors are those of
    `open_server`.
    """
    rungs = (Rung("docker", _container), Rung("program", _program))
    return open_server("PostgreSQL", prefer, variable="POSTGRES_URL", at_address=_at_address, rungs=rungs)


def _at_address(address: str) -> PostgresBackend:
    if urlsplit(address).scheme.partition("+")[0] not in ("postgresql", "postgres"):
        raise BackendUnavailable("POSTGRES_URL is no postgresql:// address")
    return _answering("postgresql" + address[address.index("://") :])


@contextmanager
def _container() -> Iterator[PostgresBackend]:
    with postgres_container() as server:
        yield _answering(server.url, server)


@contextmanager
def _program() -> Iterator[PostgresBackend]:
    command = partial(_command, _programs(), _account())
    with ServerProcess("postgres", command, answers=_answers, start_timeout=_START_TIMEOUT) as server:
        yield _answering(_loopback_url(server.port), server)


def _programs() -> Path:
    """Return the folder of `postgres` and `initdb`: that of the one on PATH, else Debian's newest version."""
    on_path = shutil.which("postgres")
    found = [Path(on_path)] if on_path else sorted(_DEBIAN.glob("*/bin/postgres"), key=_by_version)
    if not found:
        raise BackendUnavailable(f"no postgres on PATH or in {_DEBIAN}/*/bin")
    return found[-1].parent


def _by_version(program: Path) -> tuple[int, str]:
    version = program.parent.parent.name
    return (int(version) if version.isdigit() else 0, version)


def _account() -> str:
    """Return the account to run the server as, "" for the current one unless that is root."""
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
    """Return the server's command, after making its data folder before the first start."""
    entry = pwd.getpwnam(account) if account else None
    # setpriv executes the program, so that signals reach the server itself.
    as_other = ["setpriv", f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups"] if entry else []
    data = folder / "data"
    if not data.exists():
        if entry:
            os.chown(folder, entry.pw_uid, entry.pw_gid)
        making = ["-D", str(data), "-U", USER, "-A", "trust", "-N", "-E", "UTF8", "--no-locale"]
        run_command([*as_other, str(programs / "initdb"), *making], name="initdb", cwd=Path("/"))
    # The data need not survive a crash of the machine, so nothing has to reach the disk.
    options = {"listen_addresses": LOOPBACK, "port": port, "unix_socket_directories": "", "fsync": "off"}
    settings = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
    return [*as_other, str(programs / "postgres"), "-D", str(data), *settings]


def _loopback_url(port: int) -> str:
    return f"postgresql://{USER}@{LOOPBACK}:{port}/postgres"


def _answers(port: int) -> bool:
    try:
        _ask(_loopback_url(port))
    except psycopg.Error:
        return False
    return True


def _answering(url: str, process: Controls | None = None) -> PostgresBackend:
    """Return the backend at this URL with its version. Raise `BackendUnavailable` where it does not answer."""
    try:
        return PostgresBackend(url, _ask(url).partition(" ")[0], process=process)
    except psycopg.Error as error:
        raise BackendUnavailable(f"{without_credentials(url)} gives no answer: {_reason(error)}") from None


def _reason(error: psycopg.Error) -> str:
    """Return why there is no connection. The driver's text on an invalid address would quote its password."""
    if isinstance(error, psycopg.OperationalError):
        return str(error).rpartition("failed: ")[2].partition("\n")[0]
    return type(error).__name__


def _ask(url: str) -> str:
    """Run a query and return the server's version."""
    with psycopg.connect(url, connect_timeout=_ANSWER_TIMEOUT) as connection:
        connection.execute("SELECT 1")
        return connection.info.parameter_status("server_version") or "of unknown version"
