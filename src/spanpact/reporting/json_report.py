"""A report as JSON, for programs: a stable shape, described in docs/cli.md, and read back by `parse_json`.

A field is never renamed or removed within one version of the shape; new ones may come.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from spanpact import __version__
from spanpact.errors import Place, UsageError
from spanpact.findings import ContractResult, Coverage, Finding, NotChecked, Pending, Report
from spanpact.reporting.json_values import json_text, place_values

SHAPE: Final = 1
"""The version of the shape, under the key `spanpact_report`."""


def render_json(report: Report) -> str:
    """The report as JSON text in valid UTF-8, ending with a line break."""
    return json_text(report_document(report))


def report_document(report: Report) -> dict[str, Any]:
    """The report as plain values."""
    return {
        "spanpact_report": SHAPE,
        "spanpact": __version__,
        "verdict": report.verdict,
        "exit_code": report.exit_code,
        "strict": report.strict,
        "allow_unseen": report.allow_unseen,
        "header": [{"name": name, "value": value} for name, value in report.header],
        "source": _source(report),
        "contracts": [_result(result) for result in report.results],
        "integrity": [_finding(finding) for finding in report.integrity],
    }


def _source(report: Report) -> dict[str, Any] | None:
    if (reading := report.reading) is None:
        return None
    return {
        "name": reading.source.name,
        "capabilities": sorted(reading.source.capabilities),
        "resolution_ns": reading.source.resolution_ns,
        "traces": reading.trace_count,
        "spans": reading.span_count,
        "offered": reading.offered,
    }


def _result(result: ContractResult) -> dict[str, Any]:
    return {
        "contract": result.contract,
        "version": result.version,
        "file": result.file,
        "verdict": result.verdict,
        "flows": result.flows,
        "flow_spans": [{"trace_id": trace_id, "span_id": span_id} for trace_id, span_id in result.flow_spans],
        "findings": [_finding(finding) for finding in result.findings],
        "not_checked": [
            {
                "entry": each.entry,
                "keyword": each.keyword,
                "reason": each.reason,
                "detail": each.detail,
                "count": each.count,
                "place": place_values(each.place),
            }
            for each in result.not_checked
        ],
        "coverage": [
            {
                "entry": each.entry,
                "keyword": each.keyword,
                "state": each.state,
                "exercised": each.exercised,
                "proven": each.proven,
                "place": place_values(each.place),
            }
            for each in result.coverage
        ],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    pending = finding.pending
    return {
        "key": finding.key,
        "id": finding.id,
        "entry": finding.entry,
        "level": finding.level,
        "breaks": finding.breaks,
        "message": finding.message,
        "contract": finding.contract,
        "keyword": finding.keyword,
        "condition": finding.condition,
        "place": place_values(finding.place),
        "trace_id": finding.trace_id,
        "span_id": finding.span_id,
        "spans": list(finding.spans),
        "path": list(finding.path),
        "expected": finding.expected,
        "observed": finding.observed,
        "hint": finding.hint,
        "pending": pending and {"reason": pending.reason, "owner": pending.owner, "until": pending.until},
    }


def parse_json(text: str) -> Report:
    """The report that `render_json` wrote; its `reading` is None, as traces are not in it.

    Raises UsageError for what is no such report, or of a later version of the shape.
    """
    try:
        document = json.loads(text)
        shape = document["spanpact_report"]
        if shape != SHAPE:
            raise UsageError(f"the report has shape {shape!r}, this version reads {SHAPE}")
        return _read_report(document)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"not a spanpact report: {type(error).__name__}: {error}") from error


def _read_report(document: Mapping[str, Any]) -> Report:
    return Report(
        results=tuple(map(_read_result, document["contracts"])),
        integrity=tuple(map(_read_finding, document["integrity"])),
        strict=document["strict"],
        allow_unseen=document["allow_unseen"],
        header=tuple((line["name"], line["value"]) for line in document["header"]),
    )


def _read_result(result: Mapping[str, Any]) -> ContractResult:
    return ContractResult(
        contract=result["contract"],
        version=result["version"],
        file=result["file"],
        verdict=result["verdict"],
        flows=result["flows"],
        findings=tuple(map(_read_finding, result["findings"])),
        not_checked=tuple(NotChecked(**_with_place(each)) for each in result["not_checked"]),
        coverage=tuple(Coverage(**_with_place(each)) for each in result["coverage"]),
        flow_spans=tuple((each["trace_id"], each["span_id"]) for each in result["flow_spans"]),
    )


def _with_place(fields: Mapping[str, Any]) -> dict[str, Any]:
    place = fields["place"]
    return {**fields, "place": Place(**place) if place else None}


def _read_finding(finding: Mapping[str, Any]) -> Finding:
    fields = _with_place({name: each for name, each in finding.items() if name not in ("key", "breaks")})
    pending = fields["pending"]
    fields |= {"pending": Pending(**pending) if pending else None}
    fields |= {name: tuple(fields[name]) for name in ("spans", "path")}
    return Finding(**fields)
