"""The traces of a report as the page's data: those with findings first, as many as fit into the page.

First come the spans of all traces, then details of spans with findings, then those of the others, as far as they fit.

Traces are taken one at a time: those of a streamed verification may be in a file and are not in memory at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, zip_longest
from typing import Any, Final

from spanpact.findings import Finding, Report
from spanpact.reporting.drawing.flow_findings import MaskedTraces
from spanpact.reporting.formats.html.contract_excerpts import ContractExcerpts
from spanpact.reporting.formats.html.data.clause_table import ClauseTable
from spanpact.reporting.formats.html.data.script_json import script_json
from spanpact.reporting.formats.html.data.string_table import StringTable
from spanpact.reporting.formats.html.data.trace_encoding import TraceEncoder, start_text
from spanpact.reporting.formats.html.data.trace_rows import TraceRows, rows_of
from spanpact.reporting.formats.html.kinds import Group
from spanpact.reporting.text_options import TextOptions
from spanpact.trace.topology import TOP, Topology

MOST_BYTES: Final = 2_200_000
"""The most bytes of traces in a page, unless the report shows everything."""
_FOR_SPANS: Final = 0.55  # the share of them for spans without their details
_MOST_REFUSED: Final = 20
_BYTES_OF_A_SPAN: Final = 40


@dataclass(slots=True)
class ReportData:
    """What a page holds of traces: their `json`, and where findings are.

    `place` maps a finding (by its identity) to the trace id and its number there. `names` are the first span of each
    trace in the page, by id. `without_details` is how many spans have no attributes there.
    """

    json: str = ""
    place: dict[int, tuple[str, int]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    spans_left_out: int = 0
    without_details: int = 0


def report_data(report: Report, groups: Sequence[Group], traces: MaskedTraces, options: TextOptions) -> ReportData:
    """Return the data of a report. `groups` say in which order traces with findings are taken."""
    return _Collector(report, traces, options).collect(groups)


@dataclass(slots=True)
class _Held:
    """A trace in the page: its id, its fields as JSON, the rows that findings name, and details by row, as JSON."""

    trace_id: str
    fields: str
    named: frozenset[int]
    details: dict[int, str] = field(default_factory=dict)


class _Collector:
    def __init__(self, report: Report, traces: MaskedTraces, options: TextOptions) -> None:
        self.report, self.traces, self.options = report, traces, options
        self.table = StringTable()
        self.encoder = TraceEncoder(self.table, options.canvas)
        self.clauses = ClauseTable(self.table, ContractExcerpts(options.mask))
        self.data = ReportData()
        self.held: list[_Held] = []
        self.size = 0
        self.findings: dict[str, list[Finding]] = {}
        for finding in report.findings:
            if finding.trace_id:
                self.findings.setdefault(finding.trace_id, []).append(finding)

    def collect(self, groups: Sequence[Group]) -> ReportData:
        refused = 0
        for trace_id in self._in_order(groups):
            topology = self.traces.topology(trace_id)
            if topology is None or trace_id in self.data.names:
                continue
            refused += not self._add(trace_id, topology)
            if refused >= _MOST_REFUSED:
                break
        for every in (False, True):
            for held in self.held:
                self._add_details(held, every)
        traces = [f'{each.fields[:-1]},"details":{_by_row(each.details)}}}' for each in self.held]
        fields = {
            "strings": self.table.texts(),
            "clauses": self.clauses.clauses,
            "resources": self.encoder.resources,
        }
        self.data.json = f'{script_json(fields)[:-1]},"traces":[{",".join(traces)}]}}'
        return self.data

    def _in_order(self, groups: Sequence[Group]) -> Iterator[str]:
        """Yield ids of traces: the first of every kind of finding, then the second of each, then those without any."""
        kinds = [[finding.trace_id for finding in kind.findings] for group in groups for kind in group.kinds]
        for trace_id in dict.fromkeys(chain.from_iterable(zip_longest(*kinds, fillvalue=""))):
            if trace_id:
                yield trace_id
        for trace in self.report.reading.traces if self.report.reading else ():
            if (trace_id := self.options.mask(trace.trace_id)) not in self.findings:
                yield trace_id

    def _rows(self, trace_id: str, topology: Topology) -> TraceRows:
        findings = self.findings.get(trace_id, ())
        wanted = {self.traces.finding_index(topology, finding) for finding in findings} - {TOP}
        return rows_of(topology, wanted, everything=self.options.everything)

    def _add(self, trace_id: str, topology: Topology) -> bool:
        """Add a trace without the details of its spans. Return whether there is room for it."""
        if not self._has_room(min(len(topology.spans), 100) * _BYTES_OF_A_SPAN, _FOR_SPANS):
            return False
        rows, findings = self._rows(trace_id, topology), self.findings.get(trace_id, ())
        strings, resources, clauses = len(self.table), len(self.encoder.resources), len(self.clauses.clauses)
        found = [self.clauses.finding(finding, rows, self.traces) for finding in findings]
        fields = script_json(self._fields(trace_id, rows, found))
        taken = len(fields) + len(script_json(self.encoder.resources[resources:]))
        if not self._has_room(taken, _FOR_SPANS):
            self.table.forget(strings)
            self.encoder.forget_resources(resources)
            self.clauses.forget(clauses)
            return False
        self.size += taken
        named = frozenset(row for each in found for row in (each[1], *each[6]) if row >= 0)
        self.held.append(_Held(trace_id, fields, named))
        self.data.place |= {id(finding): (trace_id, number) for number, finding in enumerate(findings)}
        self.data.names[trace_id] = rows.topology.spans[rows.spans[0]].name if rows.spans else ""
        self.data.spans_left_out += rows.left_out
        self.data.without_details += len(rows.spans)
        return True

    def _fields(self, trace_id: str, rows: TraceRows, found: list[list[Any]]) -> dict[str, Any]:
        trace = rows.topology.trace
        return {
            "id": self.table.number(trace_id),
            "link": self.table.number(self.options.link_to(trace_id)),
            "start": self.table.number(start_text(rows)),
            "scenario": self.encoder.name(trace.scenario),
            "complete": trace.complete,
            "left_out": rows.left_out,
            "copies": len(rows.topology.duplicates),
            "spans": self.encoder.columns(rows),
            "findings": found,
        }

    def _add_details(self, held: _Held, every: bool) -> None:
        """Add the details of the spans that findings name, or of every other span, while there is room."""
        topology = self.traces.topology(held.trace_id) if every or held.named else None
        if topology is None or not self._has_room(0):
            return
        rows = self._rows(held.trace_id, topology)
        for row in range(len(rows.spans)) if every else sorted(held.named):
            if row in held.details:
                continue
            strings = len(self.table)
            details = script_json(self.encoder.details(rows, row))
            if not self._has_room(len(details) + 8):
                self.table.forget(strings)
                return
            held.details[row] = details
            self.size += len(details) + 8
            self.data.without_details -= 1

    def _has_room(self, bytes: int, share: float = 1.0) -> bool:
        return self.options.everything or self.size + self.table.size + bytes <= MOST_BYTES * share


def _by_row(details: dict[int, str]) -> str:
    return "{" + ",".join(f'"{row}":{text}' for row, text in sorted(details.items())) + "}"
