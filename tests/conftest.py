"""Coverage, garbage collection and the number of Hypothesis examples of all unit tests."""

from __future__ import annotations

import gc
import importlib
import os
import pkgutil
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any, Final

import coverage
import pytest
from hypothesis import settings

from spanpact.verification.native import core_state, find_core
from tests.line_tracing import traced_by

# No test asserts wall time, and Hypothesis' deadline of 200 ms for an example is such an assertion.
settings.register_profile("full", deadline=None)
settings.register_profile("few", deadline=None, max_examples=25)
settings.load_profile("few")  # `nox -s properties` asks for the other

_MEASURED: Final = ("spanpact", "reference_impl")
_FOR_PROCESSES: Final = "COVERAGE_PROCESS_CONFIG"
_TRACE: Final = pytest.StashKey[Any]()


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """Import the measured packages with coverage on, then switch its trace function off.

    Traced Python takes twice as long, so it is on only while fixtures and measured tests run. Without a trace function
    (Python 3.14) coverage costs little and stays on. The processes that tests start are not measured: that would take
    a second for each, to cover some ninety lines more.
    """
    distributed = session.config.pluginmanager.has_plugin("dsession")
    if coverage.Coverage.current() is None:
        return (yield)
    if not distributed:  # this process runs tests itself
        _import_measured()
        os.environ.pop(_FOR_PROCESSES, None)
        session.config.stash[_TRACE] = sys.gettrace()
    sys.settrace(None)
    return (yield)


def _import_measured() -> None:
    for package in map(importlib.import_module, _MEASURED):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what compares with spanpact-core where that is not installed."""
    if find_core() is None:
        of_core = [item for item in items if item.get_closest_marker("core")]
        config.hook.pytest_deselected(items=of_core)
        items[:] = [item for item in items if not item.get_closest_marker("core")]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say whether spanpact-core was compared with."""
    terminalreporter.write_line(core_state() + ("; tests marked `core` are left out" if find_core() is None else ""))


def pytest_collection_finish() -> None:
    """Exempt what was collected from garbage collection: scanning it again and again takes a seventh more time."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(request: pytest.FixtureRequest) -> Generator[None, object, object]:
    """Measure a fixture."""
    with _traced(request.config):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """Measure a test, unless it would take many times as long and cover nothing more.

    Those are the tests of size, of many cases or of whole processes, which are marked, and the properties. What they
    reach is reached by other tests too.
    """
    if pyfuncitem.get_closest_marker("unmeasured") or getattr(pyfuncitem.obj, "is_hypothesis_test", False):
        return (yield)
    with _traced(pyfuncitem.config):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    """Measure what fixtures do after their `yield`."""
    with _traced(item.config):
        return (yield)


@contextmanager
def _traced(config: pytest.Config) -> Iterator[None]:
    trace = config.stash.get(_TRACE, None)
    if trace is None:
        yield
        return
    with traced_by(trace):
        yield


def pytest_sessionfinish() -> None:
    """Save what was measured: pytest-xdist kills a worker that takes more than ten seconds to end."""
    measured = coverage.Coverage.current()
    if measured is not None:
        measured.stop()
        measured.save()
