"""What findings of one clause have in common, and the findings of a trace, as plain values for the page."""

from __future__ import annotations

from typing import Any, Final

from spanpact.findings import Finding
from spanpact.reporting.drawing.flow_findings import PLACEHOLDERS, MaskedTraces
from spanpact.reporting.formats.html.contract_excerpts import ContractExcerpts
from spanpact.reporting.formats.html.data.string_table import StringTable
from spanpact.reporting.formats.html.data.trace_rows import TraceRows

_MOST_MENTIONS: Final = 50


class ClauseTable:
    """The clauses that findings are about, each once, with the lines of the contract around them."""

    def __init__(self, table: StringTable, excerpts: ContractExcerpts) -> None:
        self._table, self._excerpts = table, excerpts
        self._numbers: dict[tuple[object, ...], int] = {}
        self.clauses: list[dict[str, Any]] = []

    def finding(self, finding: Finding, rows: TraceRows, traces: MaskedTraces) -> list[Any]:
        """Return the clause, row (-1: of the whole trace), message, expected, observed, hint, further rows, and 0.

        In place of 0 there is 1 where a span is missing below that of the row.
        """
        number, topology = self._table.number, rows.topology
        at = traces.finding_index(topology, finding)
        mentioned = [traces.span_index(topology, each) for each in finding.spans[:_MOST_MENTIONS]]
        return [
            self._clause(finding),
            rows.row.get(at, -1),
            number(finding.message),
            number(finding.expected),
            number(finding.observed),
            number(finding.hint),
            [rows.row[i] for i in dict.fromkeys(mentioned) if i != at and i in rows.row],
            int(finding.id in PLACEHOLDERS),
        ]

    def forget(self, length: int) -> None:
        """Take out the clauses that were added since there were this many."""
        del self.clauses[length:]
        self._numbers = {clause: number for clause, number in self._numbers.items() if number < length}

    def _clause(self, finding: Finding) -> int:
        place = str(finding.place) if finding.place else ""
        known = (finding.contract, finding.key, finding.level, finding.pending, finding.keyword, place)
        clause = (*known, finding.condition)
        if clause not in self._numbers:
            self._numbers[clause] = len(self.clauses)
            self.clauses.append(self._fields(finding, place))
        return self._numbers[clause]

    def _fields(self, finding: Finding, place: str) -> dict[str, Any]:
        number, pending = self._table.number, finding.pending
        until = f"until {pending.until}, {pending.owner}: {pending.reason}" if pending else ""
        excerpt = self._excerpts.around(finding.place) if finding.place else None
        return {
            "contract": number(finding.contract),
            "key": number(finding.key),
            "level": finding.level,
            "breaks": finding.breaks,
            "keyword": number(finding.keyword),
            "place": number(place),
            "condition": number(finding.condition),
            "pending": number(until),
            "excerpt": [excerpt.first, *map(number, excerpt.lines)] if excerpt else [],
            "line": finding.place.line if finding.place else 0,
        }
