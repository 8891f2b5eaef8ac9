"""Put the reports on several sessions together, for formats that hold one report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import chain

from spanpact.findings import ContractResult, Finding, NotChecked, Report
from spanpact.trace.model import Reading


def one_report(reports: Mapping[str, Report]) -> Report:
    """Return one report on all sessions: its contracts are named `session NAME: CONTRACT`.

    It is kept, broken or not checked exactly if the sessions together are: what a session did not check is not accepted
    because another one did.
    """
    results = [result for name, report in reports.items() for result in _results(name, report)]
    first = next(iter(reports.values()))
    return replace(
        first,
        results=tuple(results),
        integrity=tuple(chain.from_iterable(report.integrity for report in reports.values())),
        reading=_reading(reports),
        header=[(what, value) for what, value in first.header if what != "session"],
        unmentioned=None,
        unread=[field for report in reports.values() for field in report.unread],
        scores=None,
    )


def without_traces(report: Report) -> Report:
    """Return the report without its traces, and without the flows in them: those are in a file."""
    results = tuple(replace(result, flow_spans=()) for result in report.results)
    return replace(report, results=results, reading=None)


def _results(name: str, report: Report) -> Iterator[ContractResult]:
    lacks = any(not report.accepts(result) for result in report.results)
    for result in report.results:
        accepted = report.accepts(result)
        if lacks and not accepted and result.verdict == "not checked":
            why = NotChecked("top", "span", "incomplete", "the session checked no contract")
            result = replace(result, not_checked=(*result.not_checked, why))
        yield _named(name, result)


def _named(name: str, result: ContractResult) -> ContractResult:
    if not name:
        return result
    contract = f"session {name}: {result.contract}"
    findings: tuple[Finding, ...] = tuple(replace(each, contract=contract) for each in result.findings)
    return replace(result, contract=contract, findings=findings)


def _reading(reports: Mapping[str, Report]) -> Reading | None:
    """Return the traces that the reports hold; None if one has none, as it has ended."""
    readings = [report.reading for report in reports.values() if report.reading is not None]
    if not readings:
        return None
    return Reading(
        readings[0].source,
        [trace for reading in readings for trace in reading.traces],
        readings[0].offered,
        sum(reading.let_go for reading in readings),
        sum(reading.spans_let_go for reading in readings),
    )
