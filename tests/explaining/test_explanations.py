"""Every finding that the documentation shows is explained from its saved report alone."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from spanpact.errors import Place, UsageError
from spanpact.explaining import LANGUAGES, choose_finding, explain, kinds_of, read_clause, suggested_edits
from spanpact.explaining.causes import CAUSES, UNKNOWN
from spanpact.explaining.remedies import REMEDIES
from spanpact.findings import CATALOGUE, Finding, Report
from spanpact.reporting import TextOptions, parse_json, render_json
from spanpact.reporting.drawing.safe_text import escape_controls
from spanpact.reporting.explanation_json import render_explanation_json
from spanpact.reporting.explanation_text import render_explanation_text, render_findings_text
from spanpact.reporting.schemas import schema_text
from tests.docs.documented_findings import entries, report_of
from tests.reporting.formats.reports import REPORTS
from tests.reporting.sample_reports import LOST, NEAR
from tests.reporting.test_schemas import problems

NOT_HERE = "the file is not here: call explain where verify was called"
DOCUMENTED = {entry.rule.id: entry.example for entry in entries()}


def saved(report: Report) -> Report:
    """Return the report as it comes back from a file."""
    return parse_json(render_json(report))


def edits(report: Report, number: int = 1) -> list[str]:
    return [f"{each.where}: {each.text}" for each in explain(saved(report), number).edits]


def test_every_finding_id_has_causes_and_every_topic_remedies_for_every_language() -> None:
    assert list(CAUSES) != []
    assert CAUSES.keys() == CATALOGUE.keys()
    assert {topic: tuple(texts) for topic, texts in REMEDIES.items()} == dict.fromkeys(REMEDIES, LANGUAGES)


@pytest.mark.parametrize("id", CATALOGUE)
def test_the_finding_that_the_documentation_shows_is_explained(id: str) -> None:
    report = saved(report_of(DOCUMENTED[id]))
    number = next(n for n, each in enumerate(report.findings, 1) if each.id == id)
    explanation = explain(report, number)
    text = render_explanation_text(explanation, TextOptions(width=100))
    for part in (report.findings[number - 1].key, CATALOGUE[id].meaning, *CAUSES[id][:1]):
        assert " ".join(part.split()) in " ".join(text.split())
    assert problems("explanation", render_explanation_json(report, explanation)) == []
    assert max(map(len, text.splitlines())) <= 100


def test_the_nearest_match_is_an_edit_of_the_span_and_of_the_contract() -> None:
    assert edits(NEAR) == [
        "span: rename the span: redis.gte → redis.get",
        "contract: span: redis.get → redis.gte",
        "contract: count: 0..1, if the span is optional",
    ]


EDITS = {
    "span-surplus": ["contract: count: 0..1 → 0..2"],
    "span-misplaced": [
        "span: start it below GET /session",
        "contract: list the entry under descendants, if any depth is right",
    ],
    "parent": ["span: parent: none → remote", "contract: parent: remote → none"],
    "kind": ['span: kind: "internal" → "client"', 'contract: kind: "client" → "internal"'],
    "span-name": [
        'span: name: "GET /users/17" → matching /GET /users/:id/',
        'contract: name: allow "GET /users/17" besides matching /GET /users/:id/',
    ],
    "duration": ["contract: duration: at most 5ms does not allow 9ms; widen it"],
    "attribute-missing": ["span: set key", "contract: key: {optional: true}, if it may be missing"],
    "attribute-type": [
        'span: attributes.latency_ms: "fast" (string) → type number',
        "contract: attributes.latency_ms: type number → type string",
    ],
    "attribute-value": [
        'span: attributes.operation: "get" → "GET"',
        'contract: attributes.operation: {one_of: ["GET", "get"]}, if both are right',
    ],
    "attribute-extra": ["contract: name attribute size in the entry, if it belongs there"],
    "attribute-distinct": ["contract: distinct: 1 distinct does not allow 2 distinct; widen it"],
    "event-surplus": ["contract: count: 1 → 1..2"],
    "privacy-leak": ["span: sanitize the value before it is set: email in attribute key"],
    "pending-kept": ["contract: pending: remove it, as it is kept"],
    "trace-roots": [],
}


@pytest.mark.parametrize("id", EDITS)
def test_edits_are_of_the_span_and_of_the_contract(id: str) -> None:
    report = report_of(DOCUMENTED[id])
    number = next(n for n, each in enumerate(report.findings, 1) if each.id == id)
    shown = edits(report, number)
    assert len(shown) == len(EDITS[id])
    assert [text for text, wanted in zip(shown, EDITS[id], strict=True) if not text.startswith(wanted)] == []


def test_what_is_masked_is_not_suggested_for_a_contract() -> None:
    finding = Finding("attribute-value", "a", "m", keyword="attributes.k", expected='"x"', observed='"‹email›"')
    assert [each.where for each in suggested_edits(finding)] == ["span"]


def test_lost_context_shows_both_halves_and_no_edit_of_the_contract() -> None:
    report = saved(LOST)
    assert edits(LOST) == ["span: start redis.get in the context of session.validate"]
    text = render_explanation_text(explain(report, 1, language="python"), TextOptions())
    halves = text.partition("lost context: one request, two traces\n")[2].partition("\n\n")[0].splitlines()
    assert halves == [
        f"  trace {1:032x}",
        "    GET /session › session.validate",
        "      └╌ redis.get is missing here",
        f"  trace {2:032x}",
        "    redis.get, a root, starts 2ms later",
    ]
    assert "asyncio.to_thread" in text


def test_the_remedies_are_those_of_the_language_of_the_span() -> None:
    report = saved(REPORTS["broken"])
    number = next(n for n, each in enumerate(report.findings, 1) if each.id == "status")
    assert list(explain(report, number).remedies) == list(LANGUAGES)
    assert list(explain(report, number, language="go").remedies) == ["go"]
    in_node = replace(report, saved_spans=[replace(each, language="nodejs") for each in report.saved_spans])
    assert list(explain(in_node, number).remedies) == ["node"]


def test_a_finding_is_chosen_by_number_or_key() -> None:
    kind, other = Finding("kind", "a", "m", "improvement", contract="c"), Finding("kind", "a", "m", contract="d")
    report = Report((), (kind, other, kind))
    assert [choose_finding(report, wanted) for wanted in ("3", "a/kind", "c/a/kind", "d/a/kind")] == [3, 2, 1, 2]
    assert [(each.number, each.count) for each in kinds_of(report)] == [(1, 2), (2, 1)]
    for wanted in ("0", "4", "9" * 30, "a/kin", ""):
        with pytest.raises(UsageError, match=r"there is no finding"):
            choose_finding(report, wanted)
    with pytest.raises(UsageError, match=r"the report has none"):
        choose_finding(Report(()), "1")


def test_a_finding_of_another_version_of_spanpact_is_explained_as_far_as_it_goes() -> None:
    report = Report((), (Finding("vibes", "a", "bad vibes"),))
    explanation = explain(report, 1)
    assert (explanation.meaning, explanation.causes, explanation.clause) == ("", UNKNOWN, None)
    assert "bad vibes" in render_explanation_text(explanation, TextOptions())


def test_a_clause_is_read_and_what_is_wrong_with_it_is_reported(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("one\ntwo\nspan: a\nkind: client\n", encoding="utf-8")
    found = read_clause(Place("c.yaml", 4, 1), "kind", tmp_path)
    assert (found.lines, found.problem) == ([(2, "two"), (3, "span: a"), (4, "kind: client")], "")
    assert "may have changed" in read_clause(Place("c.yaml", 4, 1), "status", tmp_path).problem
    assert "no such line" in read_clause(Place("c.yaml", 40, 1), "kind", tmp_path).problem
    assert "not here" in read_clause(Place("other.yaml", 4, 1), "kind", tmp_path).problem
    assert "not here" in read_clause(Place(".", 4, 1), "kind", tmp_path).problem
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe")
    assert "cannot be read" in read_clause(Place("binary.yaml", 1, 1), "kind", tmp_path).problem
    assert read_clause(Place("a\0b", 1, 1), "kind", tmp_path).problem in ("the file cannot be read", NOT_HERE)


@pytest.mark.parametrize("name", REPORTS)
def test_texts_of_every_report_are_safe_for_a_terminal(name: str) -> None:
    report = saved(REPORTS[name])
    texts = [render_findings_text(report, TextOptions(), file="r\x1b.json")]
    numbers = range(1, len(report.findings) + 1)
    texts += [render_explanation_text(explain(report, number), TextOptions(ascii=True)) for number in numbers]
    lines = [line for text in texts for line in text.split("\n")]
    assert [line for line in lines if escape_controls(line) != line] == []
    Draft202012Validator(json.loads(schema_text("explanation"))).validate(json.loads(render_explanation_json(report)))
