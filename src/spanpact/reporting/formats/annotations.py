"""What a report says of lines of contracts: one annotation for each kind of finding, and for what was not checked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from spanpact.contract.semconv import is_shipped
from spanpact.errors import Place
from spanpact.findings import Finding, Report
from spanpact.reporting.drawing.flow_findings import FlowFindings, MaskedTraces, group_by_flow
from spanpact.reporting.formats.outcomes import gaps_of, outcome_of, reason_of
from spanpact.reporting.sections.kinds_table import kinds_of_findings
from spanpact.reporting.text_options import TextOptions, counted

Severity: TypeAlias = Literal["error", "warning", "notice"]
SEVERITIES: Final[tuple[Severity, ...]] = ("error", "warning", "notice")


@dataclass(frozen=True, slots=True)
class Annotation:
    """A message on a place in a contract (None where nothing has one), with a title and its severity."""

    severity: Severity
    title: str
    message: str
    place: Place | None


def annotations_of(report: Report, options: TextOptions) -> list[Annotation]:
    """Return the annotations of a report: the gravest first, of these the most frequent first in each contract."""
    found = list(_annotations(report, options))
    return sorted(found, key=lambda each: SEVERITIES.index(each.severity))


def _annotations(report: Report, options: TextOptions) -> Iterator[Annotation]:
    traces = MaskedTraces(report.reading, options.mask)
    for result in report.results:
        flows = group_by_flow(result.findings, result.flow_spans, traces)
        yield from _of_kinds(flows, f"{result.contract} {result.version}".rstrip(), "flow", options, result.file)
        outcome = outcome_of(report, result)
        if outcome in ("not checked", "allowed"):
            severity: Severity = "error" if outcome == "not checked" else "notice"
            place = next((each.place for each in result.not_checked if each.place), None)
            place = place or (Place(result.file, 1, 1) if result.file else None)
            yield Annotation(severity, f"{result.contract} was not checked", reason_of(report, result), place)
    yield from _of_kinds(group_by_flow(report.integrity, (), traces), "malformed traces", "trace", options)
    for gap in gaps_of(report):
        yield Annotation("error", "not checked", gap.why, None)


def _of_kinds(
    flows: list[FlowFindings], what: str, noun: str, options: TextOptions, file: str = ""
) -> Iterator[Annotation]:
    for breaking in (True, False):
        for kind in kinds_of_findings(flows, breaking=breaking):
            title = f"{kind.key} in {counted(kind.flows, noun)} of {what}"
            place = _within(kind.first.place, file)
            yield Annotation(_severity(kind.first), title, _message(kind.first, options), place)


def _within(place: Place | None, file: str) -> Place | None:
    """Return a place that the reader's checkout has: for a shipped fragment, the start of the contract's file."""
    if place and is_shipped(place.file):
        return Place(file, 1, 1) if file else None
    return place


def _severity(finding: Finding) -> Severity:
    if finding.breaks:
        return "error"
    return "warning" if finding.level == "improvement" and not finding.pending else "notice"


def _message(finding: Finding, options: TextOptions) -> str:
    lines = [finding.message]
    lines += [f"expected {finding.expected}"] if finding.expected else []
    lines += [f"observed {finding.observed}"] if finding.observed else []
    lines += [f"condition {finding.condition}"] if finding.condition else []
    lines += [f"pending until {finding.pending.until}, {finding.pending.owner}"] if finding.pending else []
    lines += [f"first trace {options.link_to(finding.trace_id) or finding.trace_id}"] if finding.trace_id else []
    lines += [finding.hint] if finding.hint else []
    return "\n".join(lines)
