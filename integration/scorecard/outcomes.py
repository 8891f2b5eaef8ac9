"""A plug-in of pytest that notes how each test with the marker `fault` ended, as lines of JSON in a file.

pytest -p integration.scorecard.outcomes --outcomes FILE -m fault tests
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec
import pytest

from integration.scorecard.catalogue import BY_ID

_PROPERTY: Final = "faults"


class Outcome(msgspec.Struct, frozen=True):
    """How a test ended: `passed`, `skipped` (also an expected failure) or `failed`, in seconds, with its faults."""

    test: str
    faults: list[str]
    result: str
    seconds: float


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option `--outcomes`."""
    parser.addoption("--outcomes", type=Path, required=True, help="the file that outcomes are appended to")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Note the faults of each test, where a process of pytest-xdist sends them along."""
    for item in items:
        faults = [fault for mark in item.iter_markers("fault") for fault in mark.args]
        unknown = [fault for fault in faults if fault not in BY_ID]
        if unknown:
            raise pytest.UsageError(f"{item.nodeid}: no fault has the id {', '.join(map(str, unknown))}")
        if faults:
            item.user_properties.append((_PROPERTY, faults))


def pytest_configure(config: pytest.Config) -> None:
    """Note outcomes in the process that hears of all of them."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Notes(config.getoption("outcomes")))


class _Notes:
    def __init__(self, file: Path) -> None:
        self._file = file
        self._reports: list[pytest.TestReport] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._reports.append(report)
        if report.when == "teardown":
            reports = [each for each in self._reports if each.nodeid == report.nodeid]
            self._reports = [each for each in self._reports if each.nodeid != report.nodeid]
            outcome = _outcome(reports)
            if outcome.faults:
                with self._file.open("ab") as file:
                    file.write(msgspec.json.encode(outcome) + b"\n")


def _outcome(reports: Iterable[pytest.TestReport]) -> Outcome:
    test, faults, results, seconds = "", list[str](), set[str](), 0.0
    for report in reports:
        test, seconds = report.nodeid, seconds + report.duration
        results.add("skipped" if hasattr(report, "wasxfail") else report.outcome)
        faults = [str(fault) for name, value in report.user_properties if name == _PROPERTY for fault in value]  # type: ignore[attr-defined]
    result = next(each for each in ("failed", "skipped", "passed") if each in results)
    return Outcome(test, faults, result, seconds)
