"""Making Jaeger needs a Go that is new enough, happens once, and leaves nothing half made."""

from __future__ import annotations

from pathlib import Path

import pytest

from containers.images import jaeger_binary
from containers.ladder import BackendUnavailable

# A `go` that only writes the output file, named by `-o`, as a real build takes minutes.
GO = """#!/bin/sh
echo "$@" >> {log}
case "$1" in
env) echo {version} ;;
mod) echo '{{"Dir": "{module}"}}' ;;
build) {build} ;;
esac
"""
WRITES = 'while [ "$1" != -o ]; do shift; done; echo made > "$2"'


@pytest.fixture(autouse=True)
def _cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, version: str = "go1.25.4", build: str = WRITES) -> Path:
    """Put a `go` first on PATH. Return the file that it writes its calls to."""
    log, module = tmp_path / "calls", tmp_path / "module"
    module.mkdir()
    (module / "go.sum").write_text("example.org/needed v1.0.0 h1:x=\n")
    program = tmp_path / "bin" / "go"
    program.parent.mkdir()
    program.write_text(GO.format(log=log, version=version, module=module, build=build))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    return log


def test_it_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = go(tmp_path, monkeypatch)
    program = jaeger_binary.build_program()
    assert program == jaeger_binary.built_program()
    assert {file.name for file in program.parent.iterdir()} == {"jaeger", "health"}
    calls = log.read_text()
    assert jaeger_binary.build_program() == program
    assert log.read_text() == calls
    assert "-X github.com/jaegertracing/jaeger/internal/version.latestVersion=v2.13.0" in calls


def test_every_hash_is_known_before_anything_is_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go(tmp_path, monkeypatch, build=f"cp go.sum {tmp_path}/sums; {WRITES}")
    jaeger_binary.build_program()
    sums = (tmp_path / "sums").read_text()
    assert "jaeger v1.76.0 h1:" in sums
    assert "example.org/needed v1.0.0 h1:x=" in sums


def test_a_build_that_fails_says_its_last_words_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go(tmp_path, monkeypatch, build="echo checksum mismatch >&2; exit 1")
    with pytest.raises(BackendUnavailable, match="checksum mismatch"):
        jaeger_binary.build_program()
    assert jaeger_binary.built_program() is None
    assert [file.name for file in (tmp_path / "cache" / "spanpact").iterdir()] == ["jaeger.lock"]


def test_a_go_that_is_too_old_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go(tmp_path, monkeypatch, version="go1.19.8")
    with pytest.raises(BackendUnavailable, match=r"Go 1\.24\.6 or newer must be on PATH; this is go1\.19\.8"):
        jaeger_binary.build_program()


def test_no_go_is_reported_by_the_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("PATH", "")
    assert jaeger_binary.main() == 1
    assert "Go 1.24.6 or newer must be on PATH" in capsys.readouterr().err


def test_the_command_says_where_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    go(tmp_path, monkeypatch)
    assert jaeger_binary.main() == 0
    assert capsys.readouterr().out.strip() == str(jaeger_binary.built_program())
