"""Add up the coverage of contracts over the tests of a run. Its size is that of the contracts, not of the tests."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias, cast

if TYPE_CHECKING:
    from spanpact.errors import Place
    from spanpact.findings import CoverageState, Report

_RANK: Final = {"unseen": 0, "vacuous": 1, "exercised": 2}

ContractKey: TypeAlias = tuple[str, str, str]
"""Name, version and absolute file ("" for a contract written in Python)."""
Exercise: TypeAlias = tuple[str, int, tuple[str, int, int]]
"""The state of an expectation, how often it was exercised, and its place (file, line, column)."""
Counts: TypeAlias = dict[ContractKey, dict[tuple[str, str], Exercise]]
"""For each contract the exercise of its expectations, by entry and keyword."""


class RunCoverage:
    """The coverage of all contracts that the tests of this process verified."""

    def __init__(self) -> None:
        self.counts: Counts = {}
        """Only texts, numbers, tuples and dicts: pytest-xdist sends it from its workers."""

    def add(self, report: Report) -> None:
        """Add the coverage of one report; contracts without a flow in it too, which some test must exercise."""
        for result in report.results:
            contract = result.contract, result.version, result.file and os.path.abspath(result.file)
            if not result.flows and contract in self.counts:
                continue
            of_contract = self.counts.setdefault(contract, {})
            for each in result.coverage:
                place = (each.place.file, each.place.line, each.place.column) if each.place else ("", 0, 0)
                _add(of_contract, (each.entry, each.keyword), (each.state, each.exercised, place))

    def merge(self, counts: Mapping[ContractKey, Mapping[tuple[str, str], Exercise]]) -> None:
        """Add the counts of another process."""
        for contract, expectations in counts.items():
            of_contract = self.counts.setdefault(contract, {})
            for expectation, exercise in expectations.items():
                _add(of_contract, expectation, exercise)

    def lines(self, root: Path, *, each: bool) -> list[str]:
        """Return the rows of a table, and with `each` one for every expectation; files are shown relative to `root`."""
        from spanpact.findings import ContractResult, Coverage, Report
        from spanpact.reporting.drawing.canvas import Canvas
        from spanpact.reporting.sections.coverage_table import coverage_lines

        results = []
        for (name, version, file), expectations in sorted(self.counts.items()):
            rows = [
                Coverage(entry, keyword, cast("CoverageState", state), times, _place(place, root))
                for (entry, keyword), (state, times, place) in expectations.items()
            ]
            results.append(ContractResult(name, version, file, "kept", 1, coverage=tuple(rows)))
        return list(coverage_lines(Report(tuple(results)), Canvas(), each=each))


def _add(of_contract: dict[tuple[str, str], Exercise], expectation: tuple[str, str], exercise: Exercise) -> None:
    state, times, place = exercise
    before, count, first_place = of_contract.get(expectation, ("unseen", 0, place))
    of_contract[expectation] = max(before, state, key=_RANK.__getitem__), count + times, first_place


def _place(place: tuple[str, int, int], root: Path) -> Place | None:
    from spanpact.errors import Place

    file, line, column = place
    return Place(os.path.relpath(file, root), line, column) if file else None
