"""The JSON report: everything of the report, valid whatever the text, and read back as it was."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from spanpact import __version__
from spanpact.errors import Place, UsageError
from spanpact.findings import ContractResult, Coverage, Finding, NotChecked, Pending, Report
from spanpact.reporting import parse_json, render_json
from tests.reporting.sample_reports import changed, in_trace, judged, kept_flow

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
    assert parse_json(render_json(report)) == replace(report, reading=None, header=())


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


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", "3", '{"spanpact_report": 2}', '{"spanpact_report": 1}', '{"spanpact_report": 1, "contracts": 3}'],
)
def test_any_other_text_is_one_usage_error(text: str) -> None:
    with pytest.raises(UsageError, match=r"not a spanpact report|has shape"):
        parse_json(text)
