"""Spans of real instrumentations, judged by the fragments: what each departs from is in `departures.yaml`.

`semconv/record.py` made the recordings. A conforming instrumentation has no finding, one of the old conventions only
improvements, and every other finding is a departure that somebody has looked at.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from semconv.record import EMITTERS
from spanpact.contract import load_text
from spanpact.findings import Report
from spanpact.sources import OtlpFileSource
from spanpact.verification import verify

HERE = Path(__file__).parent
EXPECTED: dict[str, Any] = YAML(typ="safe", pure=True).load(HERE / "departures.yaml")
NAMES = sorted(EXPECTED)
CONTRACT = """spanpact: 1
contract: conventions
version: 1.0.0
extends: [spanpact:semconv/http, spanpact:semconv/database]
"""


def judge(name: str, contract: str = CONTRACT) -> Report:
    return verify([load_text(contract)], OtlpFileSource(HERE / "recordings" / f"{name}.json").read())


def found(report: Report, level: str) -> dict[str, int]:
    """Return how often each finding of a level is there: `id/finding keyword`."""
    findings = [each for each in report.results[0].findings if each.level == level]
    return dict(Counter(f"{each.key} {each.keyword.removeprefix('attributes.')}".strip() for each in findings))


def test_every_program_has_a_recording_and_what_is_expected_of_it() -> None:
    assert sorted(each.name for each in EMITTERS) == NAMES
    assert sorted(path.stem for path in (HERE / "recordings").iterdir()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_findings_are_those_that_are_known(name: str) -> None:
    report = judge(name)
    assert found(report, "violation") == EXPECTED[name].get("violations", {})
    assert found(report, "improvement") == EXPECTED[name].get("improvements", {})
    assert report.verdict == ("broken" if EXPECTED[name].get("violations") else "kept")


@pytest.mark.parametrize("name", NAMES)
def test_the_fragments_judge_the_spans_that_they_are_about(name: str) -> None:
    seen = {
        each.entry: each.exercised for each in judge(name).results[0].coverage if each.keyword.startswith("attributes")
    }
    rules = ("http_server", "http_client", "database", "http_server_old", "http_client_old", "database_old")
    assert {rule: seen[rule] for rule in rules if seen.get(rule)} == EXPECTED[name]["spans"]


@pytest.mark.parametrize("name", [name for name in NAMES if name.endswith(("-old", "-both"))])
def test_an_alias_of_an_old_name_gives_the_old_conventions_no_violation(name: str) -> None:
    aliases = "aliases: {http.request.method: [http.method], db.system.name: [db.system]}\n"
    assert found(judge(name, CONTRACT + aliases), "violation") == EXPECTED[name].get("violations", {})
