"""The pytest plugin: the fixtures `spanpact_verify` and `spanpact_spans`, the marker `contract`, and the summary.

The rest of spanpact is imported only when a test uses one of them, and nothing global is changed before.
"""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any, Final, Protocol

import pytest

if TYPE_CHECKING:
    from spanpact.findings import Report
    from spanpact.testing import Contracts
    from spanpact.testing.capture import CapturedSpans
    from spanpact.testing.run_coverage import RunCoverage

_PROPERTY: Final = "spanpact_not_checked"
_WORKER_OUTPUT: Final = "spanpact_coverage"
_MARKS: Final = pytest.StashKey[list[pytest.Mark]]()
_OF_WORKERS: Final = pytest.StashKey[list[Any]]()


class SpanpactVerify(Protocol):
    """The type of the fixture `spanpact_verify`: verifies spans and fails the test unless all contracts are kept."""

    def __call__(self, *given: Any, contracts: Contracts | None = None, spans: Any = None, **options: Any) -> Report:
        """Return the report. Positional arguments are the contracts and the spans, in either order.

        `contracts` default to `--spanpact-contracts`, `spans` to the fixture `spanpact_spans` if the test takes it.
        `options` are those of `verify_spans`.
        """
        ...


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--spanpact-contracts PATH` and the ini value `spanpact_contracts`."""
    what = "contract files, or folders that hold some, for the fixture spanpact_verify; may be repeated"
    group = parser.getgroup("spanpact")
    group.addoption("--spanpact-contracts", action="append", metavar="PATH", default=[], help=what)
    parser.addini("spanpact_contracts", what, type="paths", default=[])


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    what = "contract(name, ..., **options): verify the spans of the test by these contracts (spanpact) when it has run"
    config.addinivalue_line("markers", what)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Let a marked test take `spanpact_spans`, after its other fixtures.

    A marker without an argument is not for us: projects label their tests of other contracts so.
    """
    marks = [mark for mark in item.iter_markers("contract") if mark.args]
    names = getattr(item, "fixturenames", None)
    if marks and names is not None:
        item.stash[_MARKS] = marks
        if "spanpact_spans" not in names:
            names.append("spanpact_spans")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Verify a marked test that has passed."""
    yield
    if marks := item.stash.get(_MARKS, None):
        from spanpact.testing.pytest_judging import judge_marked

        judge_marked(item, marks)


@pytest.fixture
def spanpact_spans() -> Iterator[CapturedSpans]:
    """Capture the spans of this test from the global tracer provider; one is set if there is none."""
    __tracebackhide__ = True
    from spanpact.testing.capture import capture_spans

    with capture_spans() as spans:
        yield spans


@pytest.fixture
def spanpact_verify(request: pytest.FixtureRequest) -> SpanpactVerify:
    """Return a function that verifies the spans of a test; the test fails with the text report."""
    from spanpact.testing.pytest_judging import judge_call

    def judge(*given: Any, contracts: Contracts | None = None, spans: Any = None, **options: Any) -> Report:
        __tracebackhide__ = True
        return judge_call(request.node, given, contracts, spans, options)

    return judge


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Send the coverage of a worker of pytest-xdist to the process that reports it."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None and (coverage := _coverage(session.config)):
        output[_WORKER_OUTPUT] = coverage.counts


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take the coverage of a worker of pytest-xdist that has ended."""
    if counts := getattr(node, "workeroutput", {}).get(_WORKER_OUTPUT):
        node.config.stash.setdefault(_OF_WORKERS, []).append(counts)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Add `N not checked` to the summary line, and a table of coverage unless pytest is quiet.

    `-v` lists every expectation.
    """
    number = sum(_not_checked(terminalreporter.stats))
    if number:
        terminalreporter.stats["not checked"] = [_Expectation() for _ in range(number)]
    coverage = _coverage(config)
    verbosity = config.get_verbosity()
    if coverage and verbosity >= 0 and (lines := coverage.lines(config.rootpath, each=verbosity > 0)):
        terminalreporter.section("coverage of contracts")
        for line in lines:
            terminalreporter.line(line)


class _Expectation:
    """An entry of pytest's summary that is not a test."""

    count_towards_summary = True


def _coverage(config: pytest.Config) -> RunCoverage | None:
    """Return the coverage of the tests of this process and its workers; None if no test verified anything."""
    of_workers = config.stash.get(_OF_WORKERS, [])
    if "spanpact.testing.pytest_judging" not in sys.modules and not of_workers:
        return None
    from spanpact.testing.pytest_judging import COVERAGE
    from spanpact.testing.run_coverage import RunCoverage

    coverage = config.stash.get(COVERAGE, None)
    if of_workers:
        coverage = coverage or RunCoverage()
        for counts in of_workers:
            coverage.merge(counts)
        of_workers.clear()
        config.stash[COVERAGE] = coverage
    return coverage


def _not_checked(stats: dict[str, list[Any]]) -> Iterator[int]:
    """Yield the numbers in the tests' reports, which pytest-xdist transfers too."""
    for reports in list(stats.values()):
        for report in reports:
            if getattr(report, "when", None) == "call":
                yield from (number for name, number in report.user_properties if name == _PROPERTY)
