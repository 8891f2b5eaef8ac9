"""SARIF: valid against the schema of OASIS, and sarif-tools counts what the text report counts."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from sarif.loader import load_sarif_file

from spanpact.findings import LEVELS
from spanpact.reporting import TextOptions
from spanpact.reporting.formats import render_report
from tests.reporting.formats.reports import REPORTS, breaking

SCHEMA = json.loads((Path(__file__).parent / "schemas" / "sarif-2.1.0.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft4Validator(SCHEMA, format_checker=jsonschema.Draft4Validator.FORMAT_CHECKER)


def sarif(name: str) -> str:
    return render_report("sarif", REPORTS[name], TextOptions())


def results_of(name: str) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = json.loads(sarif(name))["runs"][0]["results"]
    return results


@pytest.mark.parametrize("name", REPORTS)
def test_report_is_valid(name: str) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(json.loads(sarif(name)))] == []


@pytest.mark.parametrize("name", REPORTS)
def test_sarif_tools_counts_what_the_report_counts(name: str, tmp_path: Path) -> None:
    report = REPORTS[name]
    file = tmp_path / "report.sarif"
    file.write_text(sarif(name), encoding="utf-8")
    read = load_sarif_file(str(file))
    counts = Counter(record["Severity"] for record in read.get_records())
    not_checked = [each for each in results_of(name) if each["ruleId"] == "not-checked"]
    unsettled = sum(each["level"] == "error" for each in not_checked)
    assert counts["error"] == breaking(report) + unsettled
    assert read.get_result_count() == len(report.findings) + len(not_checked)
    assert unsettled or report.exit_code != 3
    assert (counts["error"] == 0) == (report.exit_code == 0)


@pytest.mark.parametrize("name", REPORTS)
def test_every_result_has_a_level_and_a_rule(name: str) -> None:
    run = json.loads(sarif(name))["runs"][0]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    for result in run["results"]:
        assert result["level"] in ("error", "warning", "note")
        assert rules[result["ruleIndex"]] == result["ruleId"]
    assert len(set(rules)) == len(rules)


def test_levels_are_those_of_findings_and_pending_is_a_note() -> None:
    assert [each["level"] for each in results_of("levels")] == ["note", "warning", "note"]
    assert LEVELS[:3] == ("violation", "improvement", "information")


def test_a_finding_is_at_the_line_of_the_contract() -> None:
    first = next(each for each in results_of("broken") if each["properties"]["key"] == "lookup/kind")
    place = first["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "contracts/session-validate.contract.yaml"
    assert place["region"] == {"startLine": 8, "startColumn": 29}
    assert first["locations"][0]["logicalLocations"][0]["fullyQualifiedName"].startswith("GET /session › ")


def test_the_same_finding_of_other_traces_has_the_same_fingerprint() -> None:
    prints = {(each["properties"]["key"], str(each["partialFingerprints"])) for each in results_of("broken")}
    assert len(prints) == len({key for key, _ in prints})
