"""The pytest plugin: the fixture `spanpact_verify`, and what was not checked in the summary line.

Nothing of spanpact is imported until a test asks for the fixture.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Protocol

import pytest

if TYPE_CHECKING:
    from spanpact.findings import Report
    from spanpact.testing import Contracts

_PROPERTY = "spanpact_not_checked"


class SpanpactVerify(Protocol):
    """What the fixture `spanpact_verify` gives: judges spans, fails the test unless all contracts are kept."""

    def __call__(self, spans: Any, contracts: Contracts | None = None, **options: Any) -> Report:
        """The report. `contracts` default to those of `--spanpact-contracts`; options as of `verify_spans`."""
        ...


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--spanpact-contracts PATH`, and the ini value of the same name."""
    what = "contract files, or folders of them, for the fixture spanpact_verify"
    group = parser.getgroup("spanpact")
    group.addoption("--spanpact-contracts", action="append", metavar="PATH", default=[], help=what)
    parser.addini("spanpact_contracts", what, type="paths", default=[])


@pytest.fixture
def spanpact_verify(request: pytest.FixtureRequest) -> SpanpactVerify:
    """Judges the spans of a test by contracts; the report is the failure's explanation."""
    from spanpact.errors import UsageError
    from spanpact.testing import assert_kept, verify_spans

    config = request.config
    node = request.node

    def judge(spans: Any, contracts: Contracts | None = None, **options: Any) -> Report:
        __tracebackhide__ = True
        chosen = contracts or config.getoption("--spanpact-contracts") or config.getini("spanpact_contracts")
        if not chosen:
            raise UsageError("no contract is given", hint="pass contracts=, or use --spanpact-contracts")
        report = verify_spans(chosen, spans, **options)
        number = sum(len(result.not_checked) for result in report.results)
        if number:
            node.user_properties.append((_PROPERTY, number))
        assert_kept(report)
        return report

    return judge


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Adds `N not checked` to the summary line: a number of expectations that no test decided."""
    number = sum(_not_checked(terminalreporter.stats))
    if number:
        terminalreporter.stats["not checked"] = [_Uncounted() for _ in range(number)]


class _Uncounted:
    """An entry of pytest's summary that is no test."""

    count_towards_summary = True


def _not_checked(stats: dict[str, list[Any]]) -> Iterator[int]:
    """The numbers that the tests' reports carry: so they come through pytest-xdist as well."""
    for reports in list(stats.values()):
        for report in reports:
            if getattr(report, "when", None) == "call":
                yield from (number for name, number in report.user_properties if name == _PROPERTY)
