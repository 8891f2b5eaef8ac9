"""`--backend` and `--require` of the integration tests: backends are announced, missing ones reported or fatal."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from containers.servers.redis_server import RedisBackend, redis_backend

ROOT = Path(__file__).parents[2]
TESTS = """
def test_of_redis(redis_server):
    assert redis_server.version

def test_of_jaeger(jaeger):
    assert jaeger.version

def test_of_nothing():
    pass
"""


@pytest.fixture(scope="module")
def server() -> Iterator[RedisBackend]:
    with redis_backend("bundled") as backend:
        yield backend


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "conftest.py").write_text((ROOT / "integration" / "conftest.py").read_text())
    (tmp_path / "test_some.py").write_text(TESTS)
    return tmp_path


def run(folder: Path, *options: str, **environ: str) -> tuple[int, str]:
    """The exit code and output of the tests in `folder`, on a machine without Docker and without Jaeger."""
    bare = {"DOCKER_HOST": "unix:///nowhere/docker.sock", "XDG_CACHE_HOME": str(folder), "PYTHONPATH": str(ROOT)}
    kept = {name: value for name, value in os.environ.items() if not name.endswith("_URL") and name != "PATH"}
    bare["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # half of the time would go into plugins that are of no matter here
    command = [sys.executable, "-m", "pytest", "-rs", "-p", "no:cacheprovider", "-c", os.devnull]
    done = subprocess.run(
        [*command, f"--rootdir={folder}", str(folder), *options],
        env={**kept, **bare, "PATH": "", "SPANPACT_REQUIRE": "", **environ},
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
    )
    return done.returncode, done.stdout + done.stderr


def test_what_is_used_is_announced_and_what_is_missing_is_skipped_in_one_line(
    folder: Path, server: RedisBackend
) -> None:
    code, output = run(folder, "--backend", f"redis={server.url}")
    assert code == 0
    assert f"Redis: url, valkey-server {server.version} at {server.url}" in output.splitlines()
    assert "2 passed, 1 skipped" in output
    (skip,) = [line for line in output.splitlines() if line.startswith("1 skipped: ")]
    assert "no Jaeger backend (url: JAEGER_URL is not set; docker: no Docker engine answers; program: " in skip
    assert "to get one: " in skip


def test_however_many_tests_lack_a_backend_it_is_one_line(folder: Path) -> None:
    tests = ("test_a(jaeger)", "test_b(jaeger)", "test_c(jaeger, postgres)", "test_d(docker_engine)")
    (folder / "test_some.py").write_text("".join(f"def {test}:\n    pass\n" for test in tests))
    code, output = run(folder)
    assert code == 0
    lines = [line.partition(" (")[0] for line in output.splitlines() if " skipped: no " in line]
    assert lines == ["3 skipped: no Jaeger backend", "1 skipped: no PostgreSQL backend", "1 skipped: no Docker engine"]
    folded = [line for line in output.splitlines() if line.startswith("SKIPPED")]
    assert [(line.split()[1], line.rpartition(": ")[2]) for line in folded] == [
        ("[2]", "no Jaeger"),
        ("[1]", "no Jaeger, no PostgreSQL"),
        ("[1]", "no Docker engine"),
    ]


def test_only_what_the_chosen_tests_ask_for_is_started(folder: Path) -> None:
    code, output = run(folder, "-k", "nothing")
    assert code == 0
    assert "Redis" not in output
    assert "Jaeger" not in output


@pytest.mark.parametrize("by", ["option", "environment"])
def test_a_required_one_that_is_missing_ends_the_run(folder: Path, by: str) -> None:
    required = ["--require", "redis,jaeger"] if by == "option" else []
    code, output = run(folder, *required, SPANPACT_REQUIRE="" if required else "jaeger")
    assert code == 1
    assert "required and missing: no Jaeger backend" in output
    assert "passed" not in output


def test_a_required_engine_that_is_missing_ends_the_run(folder: Path) -> None:
    code, output = run(folder, "--require", "docker", "-k", "nothing")
    assert code == 1
    assert "required and missing: no Docker engine (no Docker engine answers); to get one: " in output


def test_with_something_required_any_skip_fails(folder: Path, server: RedisBackend) -> None:
    code, output = run(folder, "--require", "redis", "--backend", f"redis={server.url}")
    assert code == 1
    assert "1 skipped, and --require allows no skipped test" in output


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--backend", "kafka=docker"], "'kafka=docker' is not NAME=RUNG"),
        (["--backend", "redis=podman"], "known are url, docker, program, bundled"),
        (["--require", "kafka"], "unknown backend 'kafka'"),
    ],
)
def test_an_unknown_option_value_is_wrong_usage(folder: Path, options: list[str], message: str) -> None:
    code, output = run(folder, *options)
    assert code == 4
    assert message in output
    assert "Traceback" not in output
