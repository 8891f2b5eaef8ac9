"""The pytest plugin: the fixture `spanpact_verify`, and the count of expectations that were not checked.

The rest of spanpact is imported only when a test uses the fixture.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import pytest

if TYPE_CHECKING:
    from spanpact.findings import Report
    from spanpact.testing import Contracts, OneContract

_PROPERTY = "spanpact_not_checked"
_LOADED = pytest.StashKey[dict[tuple[str, str], Sequence[Any]]]()


class SpanpactVerify(Protocol):
    """The type of the fixture `spanpact_verify`: verifies spans and fails the test unless all contracts are kept."""

    def __call__(self, spans: Any, contracts: Contracts | None = None, **options: Any) -> Report:
        """Return the report. `contracts` default to `--spanpact-contracts`; `options` are those of `verify_spans`."""
        ...


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--spanpact-contracts PATH` and the ini value `spanpact_contracts`."""
    what = "contract files, or folders that hold some, for the fixture spanpact_verify; may be repeated"
    group = parser.getgroup("spanpact")
    group.addoption("--spanpact-contracts", action="append", metavar="PATH", default=[], help=what)
    parser.addini("spanpact_contracts", what, type="paths", default=[])


@pytest.fixture
def spanpact_verify(request: pytest.FixtureRequest) -> SpanpactVerify:
    """Return a function that verifies the spans of a test; the test fails with the text report."""
    from spanpact.errors import UsageError
    from spanpact.testing import assert_kept, verify_spans

    config = request.config
    node = request.node

    def judge(spans: Any, contracts: Contracts | None = None, **options: Any) -> Report:
        __tracebackhide__ = True
        chosen = contracts or config.getoption("--spanpact-contracts") or config.getini("spanpact_contracts")
        if not chosen:
            raise UsageError("no contract is given", hint="pass contracts=, or set --spanpact-contracts")
        report = verify_spans(_read_once(config, chosen), spans, **options)
        number = sum(len(result.not_checked) for result in report.results)
        if number:
            node.user_properties.append((_PROPERTY, number))
        assert_kept(report)
        return report

    return judge


def _read_once(config: pytest.Config, contracts: Contracts) -> list[OneContract]:
    """Return the contracts, those of a file or a folder loaded: each is read once in a run, not by each test."""
    from spanpact.contract.loader import load_contracts

    loaded = config.stash.setdefault(_LOADED, {})
    found: list[OneContract] = []
    for each in contracts if isinstance(contracts, Sequence) and not isinstance(contracts, str) else [contracts]:
        if isinstance(each, str | os.PathLike):
            place = str(each), os.path.abspath(each)  # as it was named: reports show that
            if place not in loaded:
                loaded[place] = load_contracts([each])
            found += loaded[place]
        else:
            found.append(each)
    return found


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Add `N not checked` to the summary line: how many expectations could not be checked in all tests."""
    number = sum(_not_checked(terminalreporter.stats))
    if number:
        terminalreporter.stats["not checked"] = [_Expectation() for _ in range(number)]


class _Expectation:
    """An entry of pytest's summary that is not a test."""

    count_towards_summary = True


def _not_checked(stats: dict[str, list[Any]]) -> Iterator[int]:
    """Yield the numbers in the tests' reports, which pytest-xdist transfers too."""
    for reports in list(stats.values()):
        for report in reports:
            if getattr(report, "when", None) == "call":
                yield from (number for name, number in report.user_properties if name == _PROPERTY)
