"""What all unit tests share: which of them the measuring of branches leaves out."""

from __future__ import annotations

import os
from collections.abc import Generator
from unittest import mock

import coverage
import pytest

_FOR_PROCESSES = "COVERAGE_PROCESS_CONFIG"  # by it, coverage measures the processes that a test starts


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Lets no branches be measured while a test runs that would take many times as long, and cover no more.

    Those are the tests of size, of many cases or of whole processes, which are marked, and the hundred examples of a
    property: what these reach is reached by other tests too, or the bar of pyproject.toml says so.
    """
    left_out = item.get_closest_marker("unmeasured") or getattr(getattr(item, "obj", None), "is_hypothesis_test", False)
    measured = coverage.Coverage.current() if left_out else None
    if measured is None:
        return (yield)
    measured.stop()
    try:
        with mock.patch.dict(os.environ):
            os.environ.pop(_FOR_PROCESSES, None)
            return (yield)
    finally:
        measured.start()
