"""The report as SARIF 2.1.0: a result for each finding, at the line of the contract that it breaks.

Every result has its level written: readers take that of the rule else, and ignore suppressions. So a pending finding is
a `note`. What was not checked is a result of the rule `not-checked`, an `error` unless the options allow it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from spanpact import __version__
from spanpact.contract.semconv import is_shipped
from spanpact.errors import Place
from spanpact.findings import CATALOGUE, ContractResult, Finding, Level, Report
from spanpact.reporting.formats.outcomes import gaps_of, outcome_of, reason_of
from spanpact.reporting.json_document import json_text
from spanpact.reporting.text_options import TextOptions

NOT_CHECKED: Final = "not-checked"
"""The id of the rule for what was not checked."""
_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS: Final[dict[Level, str]] = {"violation": "error", "improvement": "warning", "information": "note"}


def render(report: Report, options: TextOptions) -> str:
    """Return the report as SARIF; its findings are masked already."""
    results = list(_results(report, options))
    ids = list(dict.fromkeys(result["ruleId"] for result in results))
    for result in results:
        result["ruleIndex"] = ids.index(result["ruleId"])
    driver = {"name": "spanpact", "version": __version__, "rules": [_rule(id) for id in ids]}
    run = {
        "tool": {"driver": driver},
        "invocations": [{"executionSuccessful": report.verdict != "not checked", "exitCode": report.exit_code}],
        "columnKind": "unicodeCodePoints",
        "properties": {"verdict": report.verdict},
        "results": results,
    }
    return json_text({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]})


def _results(report: Report, options: TextOptions) -> Iterator[dict[str, Any]]:
    for result in report.results:
        yield from (_finding(finding, result.file, options) for finding in result.findings)
        outcome = outcome_of(report, result)
        if outcome in ("not checked", "allowed"):
            yield _not_checked(result, reason_of(report, result), "error" if outcome == "not checked" else "note")
    yield from (_finding(finding, "", options) for finding in report.integrity)
    for gap in gaps_of(report):
        yield {"ruleId": NOT_CHECKED, "level": "error", "message": {"text": gap.why}}


def _finding(finding: Finding, contract_file: str, options: TextOptions) -> dict[str, Any]:
    fields = {
        "key": finding.key,
        "contract": finding.contract,
        "trace_id": finding.trace_id,
        "span_id": finding.span_id,
    }
    pending = finding.pending
    if pending:
        fields["pending"] = f"until {pending.until}, {pending.owner}: {pending.reason}"
    found: dict[str, Any] = {
        "ruleId": finding.id,
        "level": "note" if pending else _LEVELS[finding.level],
        "message": {"text": _message(finding)},
        "partialFingerprints": {"spanpactKey/v1": _fingerprint(finding)},
        "properties": {name: value for name, value in fields.items() if value},
    }
    if locations := _locations(finding.place, contract_file, finding.path):
        found["locations"] = locations
    if link := options.link_to(finding.trace_id):
        found["hostedViewerUri"] = link
    return found


def _message(finding: Finding) -> str:
    parts = [f"{finding.key}: {finding.message}"]
    parts += [f"expected {finding.expected}"] if finding.expected else []
    parts += [f"observed {finding.observed}"] if finding.observed else []
    parts += [f"condition {finding.condition}"] if finding.condition else []
    parts += [f"trace {finding.trace_id}"] if finding.trace_id else []
    parts += [finding.hint] if finding.hint else []
    return "; ".join(parts)


def _fingerprint(finding: Finding) -> str:
    """Return what is the same for a finding in every run: contract, key and keyword, not the trace."""
    text = "\0".join((finding.contract, finding.key, finding.keyword, finding.condition))
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:32]


def _not_checked(result: ContractResult, why: str, level: str) -> dict[str, Any]:
    place = next((each.place for each in result.not_checked if each.place), None)
    found: dict[str, Any] = {
        "ruleId": NOT_CHECKED,
        "level": level,
        "message": {"text": f"{result.contract} was not checked: {why}"},
        "properties": {"contract": result.contract},
    }
    if locations := _locations(place, result.file, ()):
        found["locations"] = locations
    return found


def _locations(place: Place | None, file: str, path: Sequence[str]) -> list[dict[str, Any]]:
    location: dict[str, Any] = {}
    if place and not is_shipped(place.file):
        region = {"startLine": place.line, "startColumn": place.column}
        location["physicalLocation"] = {"artifactLocation": {"uri": _uri(place.file)}, "region": region}
    elif file:
        location["physicalLocation"] = {"artifactLocation": {"uri": _uri(file)}, "region": {"startLine": 1}}
    if path:
        location["logicalLocations"] = [{"fullyQualifiedName": " › ".join(path), "name": path[-1]}]
    return [location] if location else []


def _uri(file: str) -> str:
    path = quote(Path(os.path.normpath(file)).as_posix(), errors="backslashreplace")
    return f"file://{path}" if os.path.isabs(file) else path


def _rule(id: str) -> dict[str, Any]:
    known = CATALOGUE.get(id)
    meaning = known.meaning if known else "a contract was not checked, so nothing is known of it"
    level = _LEVELS[known.level] if known else "error"
    return {"id": id, "shortDescription": {"text": meaning}, "defaultConfiguration": {"level": level}}
