"""The ladder of PostgreSQL and its messages where there is none. Tests on real servers are in integration/."""

from __future__ import annotations

import os
from contextlib import nullcontext
from pathlib import Path

import pytest

from containers.ladder import BackendUnavailable
from containers.servers import postgres_server
from containers.servers.postgres_server import PostgresBackend, postgres_backend


@pytest.fixture(autouse=True)
def _bare_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("POSTGRES_URL", raising=False)
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(postgres_server, "_DEBIAN", tmp_path)


def program(folder: Path, *, script: str = "#!/bin/sh\nexit 3\n") -> Path:
    folder.mkdir(parents=True)
    for name in ("postgres", "initdb"):
        (folder / name).write_text(script)
        (folder / name).chmod(0o755)
    return folder


def test_every_rung_says_why_it_has_none() -> None:
    with pytest.raises(BackendUnavailable) as caught:
        postgres_backend().__enter__()
    message = str(caught.value)
    assert "url: POSTGRES_URL is not set; docker: no Docker engine answers; program: no postgres on PATH" in message


def test_a_named_server_that_does_not_answer_is_an_error_without_its_credentials(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("POSTGRES_URL", "postgresql://bob:hunter2@127.0.0.1:1/studio?password=hunter2")
    no_answer = r"url: postgresql://127\.0\.0\.1:1/studio gives no answer: Connection refused\)$"
    with pytest.raises(BackendUnavailable, match=no_answer) as caught:
        postgres_backend().__enter__()
    assert "hunter2" not in str(caught.value)


def test_an_address_that_cannot_be_read_is_not_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTGRES_URL", "postgresql://127.0.0.1:1/studio?passwort=hunter2")
    with pytest.raises(BackendUnavailable, match=r"gives no answer: ProgrammingError\)$") as caught:
        postgres_backend().__enter__()
    assert "hunter2" not in str(caught.value)


def test_a_started_server_that_cannot_be_reached_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    class Unreachable:
        url = "postgresql://postgres@127.0.0.1:1/postgres"

    monkeypatch.setattr(postgres_server, "postgres_container", lambda: nullcontext(Unreachable()))
    refused = r"docker: postgresql://127\.0\.0\.1:1/postgres gives no answer: Connection refused; program: no postgres"
    with pytest.raises(BackendUnavailable, match=refused):
        postgres_backend().__enter__()


def test_an_address_of_something_else_is_refused() -> None:
    with pytest.raises(BackendUnavailable, match="is no postgresql:// address"):
        postgres_backend("mysql://127.0.0.1:1/studio").__enter__()


def test_an_unknown_rung_is_wrong_usage() -> None:
    with pytest.raises(ValueError, match="known are url, docker, program"):
        postgres_backend("bundled").__enter__()


def test_of_debian_s_programs_the_newest_are_taken_and_those_on_path_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for version in ("9", "15", "next"):
        program(tmp_path / version / "bin")
    assert postgres_server._programs() == tmp_path / "15" / "bin"
    monkeypatch.setenv("PATH", str(program(tmp_path / "own")))
    assert postgres_server._programs() == tmp_path / "own"


def test_files_that_cannot_be_made_are_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    program(tmp_path / "15" / "bin", script="#!/bin/sh\necho no room >&2\nexit 3\n")
    with pytest.raises(BackendUnavailable, match="initdb ended with code 3: no room"):
        postgres_backend("program").__enter__()


def test_root_needs_another_account_to_run_it_as(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(BackendUnavailable, match="postgres does not run as root"):
        postgres_server._account()  # PATH has no setpriv


def test_its_url_is_for_sqlalchemy_too_and_its_text_has_no_credentials() -> None:
    backend = PostgresBackend("postgresql://bob:hunter2@h:5432/studio", "15.1", "url")
    assert backend.sqlalchemy_url == "postgresql+psycopg://bob:hunter2@h:5432/studio"
    assert str(backend) == "PostgreSQL 15.1 at postgresql://h:5432/studio (url)"
    with pytest.raises(BackendUnavailable, match="from the url rung cannot be"):
        backend.kill()
