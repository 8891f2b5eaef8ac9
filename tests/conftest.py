"""What all unit tests share: what the measuring of branches leaves out, and what is no rubbish."""

from __future__ import annotations

import gc
import importlib
import os
import pkgutil
from collections.abc import Generator, Iterator
from contextlib import contextmanager

import coverage
import pytest
from hypothesis import settings

# No test asserts wall time, and Hypothesis' deadline of 200 ms for an example is such an assertion.
settings.register_profile("spanpact", deadline=None)
settings.load_profile("spanpact")

_MEASURED = ("spanpact", "reference_impl")
_FOR_PROCESSES = "COVERAGE_PROCESS_CONFIG"


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Lets no branches be measured while the tests are read, which would take twice as long; only the packages are.

    Nor, from then on, in the processes that tests start: that took a second of each, and told of some ninety lines.
    """
    if coverage.Coverage.current() is None:
        return (yield)
    for package in map(importlib.import_module, _MEASURED):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    with _unmeasured():
        return (yield)


def pytest_collection_finish() -> None:
    """All that was read is needed to the end: to look through it for rubbish again and again takes a seventh longer."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Lets no branches be measured while a test runs that would take many times as long, and cover no more.

    Those are the tests of size, of many cases or of whole processes, which are marked, and the hundred examples of a
    property: what these reach is reached by other tests too, or the bar of pyproject.toml says so.
    """
    if item.get_closest_marker("unmeasured") or getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
        with _unmeasured():
            return (yield)
    return (yield)


@contextmanager
def _unmeasured() -> Iterator[None]:
    measured = coverage.Coverage.current()
    if measured is None:
        yield
        return
    measured.stop()
    try:
        yield
    finally:
        measured.start()
        os.environ.pop(_FOR_PROCESSES, None)  # which it has set again
