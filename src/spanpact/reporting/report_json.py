"""The report of a verification as JSON, for programs; docs/cli.md describes the shape, `parse_json` reads it back."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any, Final

from spanpact.errors import Place, UsageError
from spanpact.findings import (
    ContractResult,
    Coverage,
    Edit,
    Finding,
    LostRoot,
    NamedCount,
    NotChecked,
    Pending,
    Report,
    ScannedLogs,
    Scores,
    ServiceScore,
    Unmentioned,
)
from spanpact.privacy import Mask
from spanpact.privacy import mask as known_classes_masked
from spanpact.reporting.json_document import json_text, place_fields, versioned
from spanpact.reporting.saved_spans import read_saved_spans, saved_spans
from spanpact.reporting.text_options import TextOptions
from spanpact.trace.model import UnreadField

_UNMENTIONED: Final = ("traces", "spans", "logs", "unplaced")
_OPTIONAL: Final[Mapping[str, type[Edit | LostRoot]]] = {"nearest": Edit, "lost_root": LostRoot}
"""The fields that a finding has only where there is something to tell, with what they hold."""
SHAPE: Final = 1
"""The version of the shape, under the key `spanpact_report`."""


def render_json(report: Report) -> str:
    """Return the report as JSON text."""
    return json_text(report_document(report))


def render(report: Report, options: TextOptions) -> str:
    """Return the report as JSON text; of the options only the mask counts."""
    return json_text(report_document(report, options.mask))


def report_document(report: Report, mask: Mask = known_classes_masked) -> dict[str, Any]:
    """Return the report as plain values; `mask` hides private data in the spans of findings."""
    logs = report.logs_without_span
    fields: dict[str, Any] = {
        "verdict": report.verdict,
        "exit_code": report.exit_code,
        "strict": report.strict,
        "allow_unseen": report.allow_unseen,
        "header": [{"name": name, "value": value} for name, value in report.header],
        "source": _source(report),
        "contracts": [_result(result) for result in report.results],
        "integrity": [finding_fields(finding) for finding in report.integrity],
        "unmentioned": _unmentioned(report.unmentioned),
        "logs_without_span": {"count": logs.count, "scanned": logs.scanned},
        "scores": report.scores and dataclasses.asdict(report.scores),
    }
    if spans := saved_spans(report, mask):
        fields["spans"] = spans
    return versioned("spanpact_report", SHAPE, fields)


def _source(report: Report) -> dict[str, Any] | None:
    if (reading := report.reading) is None:
        return None
    return {
        "name": reading.source.name,
        "capabilities": sorted(reading.source.capabilities),
        "version": reading.source.version,
        "resolution_ns": reading.source.resolution_ns,
        "clocks": [{"service": service, "resolution_ns": resolution_ns} for service, resolution_ns in report.clocks],
        "traces": reading.trace_count,
        "spans": reading.span_count,
        "left_out": {"traces": reading.left_out, "why": reading.growing} if reading.left_out else None,
        "offered": reading.offered,
        "unread": [
            {"field": known_classes_masked(each.field), "holds": each.holds, "count": each.count}
            for each in report.unread
        ],
    }


def _unmentioned(unmentioned: Unmentioned | None) -> dict[str, Any] | None:
    if unmentioned is None:
        return None
    return {
        kind: {
            "count": counted.count,
            "of": counted.of,
            "names": [{"name": name, "count": number} for name, number in counted.names],
            "other": counted.other,
        }
        for kind in _UNMENTIONED
        for counted in (getattr(unmentioned, kind),)
    }


def _read_unmentioned(document: Mapping[str, Any] | None) -> Unmentioned | None:
    if document is None:  # a report on examples, or of an earlier version
        return None
    counts = {
        kind: NamedCount(
            each["count"], each["of"], tuple((named["name"], named["count"]) for named in each["names"]), each["other"]
        )
        for kind, each in document.items()
    }
    return Unmentioned(**counts)


def _read_unread(source: Mapping[str, Any]) -> tuple[UnreadField, ...]:
    return tuple(UnreadField(each["field"], each["holds"], each["count"]) for each in source.get("unread", ()))


def _read_scores(document: Mapping[str, Any] | None) -> Scores | None:
    if document is None:  # not asked for, or a report of an earlier version
        return None
    services = tuple(ServiceScore(**{**each, "failed": tuple(each["failed"])}) for each in document["services"])
    return Scores(**{**document, "services": services})


def _result(result: ContractResult) -> dict[str, Any]:
    return {
        "contract": result.contract,
        "version": result.version,
        "file": result.file,
        "verdict": result.verdict,
        "flows": result.flows,
        "flow_spans": [{"trace_id": trace_id, "span_id": span_id} for trace_id, span_id in result.flow_spans],
        "findings": [finding_fields(finding) for finding in result.findings],
        "not_checked": [
            {
                "entry": each.entry,
                "keyword": each.keyword,
                "reason": each.reason,
                "detail": each.detail,
                "count": each.count,
                "place": place_fields(each.place),
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
                "place": place_fields(each.place),
            }
            for each in result.coverage
        ],
    }


def finding_fields(finding: Finding) -> dict[str, Any]:
    """Return a finding as plain values."""
    pending = finding.pending
    optional = {"nearest": finding.nearest, "lost_root": finding.lost_root}
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
        "place": place_fields(finding.place),
        "trace_id": finding.trace_id,
        "span_id": finding.span_id,
        "spans": list(finding.spans),
        "attributes": list(finding.attributes),
        "path": list(finding.path),
        "expected": finding.expected,
        "observed": finding.observed,
        "hint": finding.hint,
        "pending": pending and {"reason": pending.reason, "owner": pending.owner, "until": pending.until},
        **{name: dataclasses.asdict(each) for name, each in optional.items() if each},
    }


def parse_json(text: str, *, name: str = "the text") -> Report:
    """Read a report that `render_json` wrote. Its `reading` is None: the JSON holds only the spans of findings.

    Raises `UsageError` for any other text, and for a shape of another version; `name` is that of the text in the error.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _no_report(name, "it is not JSON") from error
    shape = document.get("spanpact_report") if isinstance(document, dict) else None
    if type(shape) is not int:
        raise _no_report(name, _other_kind(document))
    if shape != SHAPE:
        age, what = ("a newer", "update spanpact") if shape > SHAPE else ("an older", "write the report anew")
        problem = f"{name} is of {age} version: its shape is {shape}, and this spanpact reads shape {SHAPE}"
        raise UsageError(problem, hint=what)
    try:
        return _read_report(document)
    except KeyError as error:
        raise _no_report(name, f"it lacks {error}") from error
    except (ValueError, TypeError, AttributeError) as error:
        raise _no_report(name, f"something in it has the wrong type: {error}") from error


def _no_report(name: str, why: str) -> UsageError:
    return UsageError(f"{name} is not a spanpact report: {why}", hint="--format json=FILE of verify writes one")


def _other_kind(document: Any) -> str:
    """Return what a document is that is not a report."""
    kinds = [key for key in document if key.startswith("spanpact_")] if isinstance(document, dict) else []
    if "spanpact_sessions" in kinds:
        return "it holds a report for each session; ask receive for one: /report?session=NAME&format=json"
    return f"it is a document of another kind, {kinds[0]}" if kinds else "it lacks 'spanpact_report'"


def _read_report(document: Mapping[str, Any]) -> Report:
    return Report(
        results=tuple(map(_read_result, document["contracts"])),
        integrity=tuple(map(_read_finding, document["integrity"])),
        strict=document["strict"],
        allow_unseen=document["allow_unseen"],
        header=tuple((line["name"], line["value"]) for line in document["header"]),
        unmentioned=_read_unmentioned(document.get("unmentioned")),
        unread=_read_unread(document["source"] or {}),
        logs_without_span=ScannedLogs(**document.get("logs_without_span", {})),
        scores=_read_scores(document.get("scores")),
        saved_spans=read_saved_spans(document),
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
    fields |= {name: read(**fields[name]) for name, read in _OPTIONAL.items() if fields.get(name)}
    fields |= {name: tuple(fields[name]) for name in ("spans", "attributes", "path")}
    return Finding(**fields)
