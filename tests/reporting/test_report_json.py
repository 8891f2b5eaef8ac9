"""The JSON report: everything of the report, valid whatever the text, and read back as it was."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from spanpact import __version__
from spanpact.errors import Place, UsageError
from spanpact.findings import ContractResult, Coverage, Finding, NotChecked, Pending, Report
from spanpact.reporting import parse_json, render_json
from tests.reporting.sample_reports import LOST, NEAR, changed, in_trace, judged, kept_flow

FINDING = Finding(
    "attribute-value", "lookup", "another value", "improvement", "c", "attributes.key", Place("c.yaml", 3, 4), "1" * 32,
    "2" * 16, ("a", "b"), '"x"', '"y"', "hit", "look", ("3" * 16,), Pending("moving", "team", "2027-03-31"),
)  # fmt: skip
FULL = Report(
    (
        ContractResult(
            "c", "1.0.0", "c.yaml", "broken", 2, (FINDING, Finding("kind", "top", "m")),
            (NotChecked("top", "scope", "capability", "none", 2, Place("c.yaml", 1, 1)),),
            (Coverage("top", "span", "exercised", 2), Coverage("top", "kind", "vacuous", 0, Place("c.yaml", 5, 1))),
            (("1" * 32, "2" * 16),),
        ),
    ),
    (Finding("span-cycle", "integrity", "cycle"),),
    None,
    True,
    True,
    (("backend", "jaeger"),),
)  # fmt: skip


def test_report_comes_back_as_it_was() -> None:
    assert parse_json(render_json(FULL)) == FULL


def test_report_on_traces_comes_back_without_the_traces() -> None:
    report = judged(in_trace(changed(kept_flow(), "redis.get", kind="server"), 1))
    read = parse_json(render_json(report))
    assert read == replace(report, reading=None, header=(), saved_spans=read.saved_spans)
    assert parse_json(render_json(read)) == read


def test_the_spans_of_findings_are_in_the_report_without_private_values() -> None:
    wrong = {"session.valid": "yes ada@example.com"}
    report = judged(in_trace(kept_flow(), 1), in_trace(changed(kept_flow(), "session.validate", attributes=wrong), 2))
    (span,) = json.loads(render_json(report))["spans"]
    assert span == {
        "trace_id": f"{2:032x}", "span_id": f"{2:016x}", "parent_id": f"{1:016x}", "name": "session.validate",
        "service": "", "language": "", "kind": "internal", "status": "unset", "status_message": "",
        "start_ns": 10**18 + 1_000_000, "duration_ns": 4_000_000,
        "attributes": [{"name": "session.valid", "value": '"yes ‹email›"'}],
    }  # fmt: skip
    assert "spans" not in json.loads(render_json(judged(in_trace(kept_flow(), 1))))


def test_what_is_nearest_and_the_other_half_of_a_lost_context_are_in_the_report() -> None:
    (near,) = _missing(NEAR)
    (elsewhere,) = _missing(LOST)
    edit = {"span": "redis.gte", "change": "span", "now": "redis.gte", "wanted": "redis.get", "why": ""}
    assert (near["nearest"], "lost_root" in near) == (edit, False)
    root = {"name": "redis.get", "trace_id": f"{2:032x}", "offset_ns": 2_000_000}
    assert (elsewhere["lost_root"], "nearest" in elsewhere) == (root, False)
    assert [parse_json(render_json(each)).findings for each in (NEAR, LOST)] == [NEAR.findings, LOST.findings]


def _missing(report: Report) -> list[dict[str, object]]:
    findings = json.loads(render_json(report))["contracts"][0]["findings"]
    return [each for each in findings if each["key"] == "lookup/span-missing"]


def test_report_has_the_documented_shape() -> None:
    document = json.loads(render_json(judged(in_trace(changed(kept_flow(), "redis.get", kind="server"), 1))))
    assert document["spanpact_report"] == 1
    assert document["spanpact"] == __version__
    assert (document["verdict"], document["exit_code"]) == ("broken", 1)
    assert document["source"]["spans"] == 3
    (contract,) = document["contracts"]
    (finding,) = contract["findings"]
    assert finding == {
        "key": "lookup/kind", "id": "kind", "entry": "lookup", "level": "violation", "breaks": True,
        "message": "the span kind differs", "contract": "session-validate", "keyword": "kind", "condition": "",
        "place": {"file": "contracts/session-validate.contract.yaml", "line": 8, "column": 29},
        "trace_id": f"{1:032x}", "span_id": f"{3:016x}", "spans": [], "attributes": [],
        "path": ["GET /session", "session.validate", "redis.get"],
        "expected": '"client"', "observed": '"server"', "hint": "", "pending": None,
    }  # fmt: skip


def test_lone_surrogates_and_controls_stay_valid_json() -> None:
    report = Report((), (Finding("kind", "a", "x\ud800\x00\x1b"),))
    text = render_json(report)
    text.encode("utf-8")
    assert json.loads(text)["integrity"][0]["message"] == "x\ud800\x00\x1b"


def test_no_character_that_a_terminal_obeys_is_raw() -> None:
    hostile = "".join(map(chr, (*range(0x20), *range(0x7F, 0xA0), 0xAD, 0x200F, 0x202E, 0x2066, 0xFEFF, 0xE0041)))
    text = render_json(Report((), (Finding("kind", "a", f"é{hostile}"),)))
    assert [each for each in text if each in hostile and each != "\n"] == []
    assert "é" in text
    assert json.loads(text)["integrity"][0]["message"] == f"é{hostile}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "3",
        "[" * 100_000,
        '{"spanpact_report": true}',
        '{"spanpact_report": 1}',
        '{"spanpact_report": 1, "contracts": 3}',
        '{"spanpact_lint": 1}',
        '{"spanpact_sessions": 1}',
    ],
)
def test_any_other_text_is_one_usage_error(text: str) -> None:
    with pytest.raises(UsageError, match=r"^r\.json is not a spanpact report: it |something in it") as raised:
        parse_json(text, name="r.json")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(("shape", "words"), [(2, "a newer version: its shape is 2"), (0, "an older version")])
def test_a_report_of_another_version_is_one_usage_error(shape: int, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        parse_json(json.dumps({"spanpact_report": shape}))
