"""A pytest plugin with real backends as the fixtures `redis_server`, `jaeger`, `postgres` and `docker_engine`.

Load it in a conftest with `pytest_plugins = ["containers.pytest_backends"]`, so that integration tests and benchmarks
have the same options. Backends that the selected tests use are started once for the whole run, before the first test,
and announced with version, address and rung. If one is unavailable, its tests are skipped; one line at the start and
one at the end have the reason, how to get one and how many tests were skipped.

    --backend NAME=RUNG     force a rung of a ladder, or an address: `jaeger=docker`, `redis=redis://host:6379/0`
    --require NAMES         of docker, redis, jaeger, postgres: a missing one ends the run with an error, and so does
                            any skipped test; the variable SPANPACT_REQUIRE is the same
"""

from __future__ import annotations

import os
import signal
from argparse import ArgumentTypeError
from collections import Counter
from collections.abc import Callable, Collection
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pytest

from containers.backends import BACKENDS, Backend, describe_engine, open_backend, parse_name_and_rung, parse_names
from containers.ladder import BackendUnavailable
from containers.servers.jaeger_server import JaegerBackend
from containers.servers.postgres_server import PostgresBackend
from containers.servers.redis_server import RedisBackend

_Kind = TypeVar("_Kind")

NAMED = {"redis": "Redis", "jaeger": "Jaeger", "postgres": "PostgreSQL", "docker": "Docker engine"}
FIXTURES = {"redis_server": "redis", "jaeger": "jaeger", "postgres": "postgres", "docker_engine": "docker"}


@dataclass(slots=True)
class Backends:
    """The backends of a run: those that were opened, those that are unavailable, and the lines that announce them."""

    forced: dict[str, str]
    required: set[str]
    stack: ExitStack = field(default_factory=ExitStack)
    found: dict[str, Backend] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)

    def open(self, name: str) -> None:
        """Open a backend unless that was tried before, and note it if it is unavailable."""
        if name in self.found or name in self.missing:
            return
        try:
            if name == "docker":
                self.lines.append(describe_engine())
                return
            self.found[name] = self.stack.enter_context(open_backend(name, self.forced.get(name)))
        except BackendUnavailable as error:
            self.missing[name] = str(error)
            self.lines.append(str(error))
            return
        self.lines.append(str(self.found[name]))
        self.lines += [f"  skipped {rung}" for rung in self.found[name].skipped]

    def skip_without(self, fixtures: Collection[str]) -> None:
        """Skip the test that uses these fixtures if a backend of theirs is unavailable."""
        lacking = [name for fixture, name in FIXTURES.items() if fixture in fixtures and name in self.missing]
        self.skipped.update(lacking)
        if lacking:
            pytest.skip("no " + ", no ".join(NAMED[name] for name in lacking))

    def get(self, name: str) -> Any:
        """Return the backend, or skip the test with the reason why there is none."""
        self.open(name)
        if name in self.missing:
            pytest.skip(self.missing[name])
        return self.found.get(name)


BACKENDS_OF_RUN = pytest.StashKey[Backends]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("backends", "where real backends come from (docs/backends.md)")
    group.addoption("--backend", action="append", default=[], metavar="NAME=RUNG", help="force a rung or an address")
    group.addoption(
        "--require",
        action="append",
        default=[],
        metavar="NAMES",
        help="fail if one of these is missing or any test is skipped",
    )


def pytest_configure(config: pytest.Config) -> None:
    forced = dict(_parse(parse_name_and_rung, text) for text in config.getoption("--backend"))
    options = [*config.getoption("--require"), os.environ.get("SPANPACT_REQUIRE", "")]
    required = {name for text in options for name in _parse(parse_names, text)}
    config.stash[BACKENDS_OF_RUN] = Backends(forced, required)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as for Ctrl+C, so that servers are stopped


@pytest.hookimpl(tryfirst=True)  # before pytest reports the collection
def pytest_collection_finish(session: pytest.Session) -> None:
    backends = session.config.stash[BACKENDS_OF_RUN]
    if session.config.getoption("collectonly"):
        return
    used = {name for item in session.items for name in getattr(item, "fixturenames", ())}
    wanted = {FIXTURES[fixture] for fixture in used & FIXTURES.keys()} | backends.required
    for name in ("docker", *BACKENDS):
        if name in wanted:
            try:
                backends.open(name)
            except ValueError as error:
                raise pytest.UsageError(str(error)) from error
    if lacking := sorted(backends.required & backends.missing.keys()):
        pytest.exit("required and missing: " + "; ".join(backends.missing[name] for name in lacking), returncode=1)


def pytest_report_collectionfinish(config: pytest.Config) -> list[str]:
    return config.stash[BACKENDS_OF_RUN].lines


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    # Not in the fixtures: skips from one place are one line of pytest's summary, not one for each test.
    item.config.stash[BACKENDS_OF_RUN].skip_without(getattr(item, "fixturenames", ()))


def pytest_sessionfinish(session: pytest.Session) -> None:
    if session.config.stash[BACKENDS_OF_RUN].required and _skipped(session.config) and session.exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    backends = config.stash[BACKENDS_OF_RUN]
    for name, number in backends.skipped.items():
        terminalreporter.write_line(f"{number} skipped: {backends.missing[name]}", yellow=True)
    if backends.required and _skipped(config):
        terminalreporter.write_line(f"{_skipped(config)} skipped, and --require allows no skipped test", red=True)


def pytest_unconfigure(config: pytest.Config) -> None:
    if BACKENDS_OF_RUN in config.stash:  # not set after wrong usage
        config.stash[BACKENDS_OF_RUN].stack.close()


def _backend(request: pytest.FixtureRequest, name: str, kind: Callable[..., _Kind]) -> _Kind:
    """Return the backend of this name; `kind` is its type."""
    backend: _Kind = request.config.stash[BACKENDS_OF_RUN].get(name)
    return backend


@pytest.fixture(scope="session")
def redis_server(request: pytest.FixtureRequest) -> RedisBackend:
    """Return a real Redis; one that was started here is empty at the start of the run."""
    return _backend(request, "redis", RedisBackend)


@pytest.fixture(scope="session")
def jaeger(request: pytest.FixtureRequest) -> JaegerBackend:
    """Return a real Jaeger. Assert by trace id, as it also has the traces of other tests."""
    return _backend(request, "jaeger", JaegerBackend)


@pytest.fixture(scope="session")
def postgres(request: pytest.FixtureRequest) -> PostgresBackend:
    """Return a real PostgreSQL."""
    return _backend(request, "postgres", PostgresBackend)


@pytest.fixture(scope="session")
def docker_engine(request: pytest.FixtureRequest) -> None:
    """Require a Docker engine that answers."""
    request.config.stash[BACKENDS_OF_RUN].get("docker")


def _parse(parse: Callable[[str], Any], text: str) -> Any:
    try:
        return parse(text)
    except ArgumentTypeError as error:
        raise pytest.UsageError(str(error)) from error


def _skipped(config: pytest.Config) -> int:
    reporter: Any = config.pluginmanager.get_plugin("terminalreporter")
    return len(reporter.stats.get("skipped", ())) if reporter else 0
