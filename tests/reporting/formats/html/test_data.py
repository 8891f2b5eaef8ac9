"""The traces in the page's data: what each column means, and what is left out where there is no room."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from spanpact.contract.loader import load_text
from spanpact.reporting.formats.html.data import report_data
from spanpact.reporting.formats.html.data.trace_rows import MOST_SPANS
from spanpact.sources import OtlpFileSource, encode_traces_json
from spanpact.trace.model import Event, Link, LogRecord, Reading, Resource, SourceInfo
from spanpact.verification.streaming import verify_files
from tests.reporting.formats.html.pages import Page, page_of
from tests.reporting.formats.reports import REPORTS
from tests.reporting.sample_reports import CONTRACT, changed, in_trace, judged, kept_flow, span

OPEN = CONTRACT.replace("closed: [children]\n", "")
"""The contract, which allows further spans."""


def texts(page: Page, numbers: Any) -> Any:
    """Return the texts of numbers, in lists of lists too."""
    if isinstance(numbers, list):
        return [texts(page, each) for each in numbers]
    return page.data["strings"][numbers]


def trace_of(page: Page, number: int = 0) -> Any:
    return page.data["traces"][number]


def test_columns_have_names_parents_and_times_of_spans() -> None:
    page = page_of(judged(in_trace(kept_flow(), 1)))
    spans = trace_of(page)["spans"]
    assert texts(page, spans["name"]) == ["GET /session", "session.validate", "redis.get"]
    assert texts(page, spans["id"]) == [f"{n:016x}" for n in (1, 2, 3)]
    assert spans["up"] == [0, 1, 1]
    assert spans["start"] == [0, 1_000_000, 2_000_000]
    assert spans["took"] == [6_000_000, 4_000_000, 400_000]
    assert spans["kind"] == [2, 0, 1]
    assert texts(page, trace_of(page)["details"]["2"][3]) == ["key", '"session:*"', "cache_hit", "true"]


def test_details_have_events_links_status_scope_and_resource() -> None:
    event = Event("exception", 10**18 + 3_000_000, {"exception.type": "OSError"})
    full = {
        "events": (event,), "links": (Link("a" * 32, "b" * 16),), "status": "error", "status_message": "lost",
        "resource": Resource({"service.name": "cache", "host.name": "one"}), "end_ns": 0, "attributes": {},
    }  # fmt: skip
    page = page_of(judged(in_trace(changed(kept_flow(), "redis.get", **full), 1)))
    spans = trace_of(page)["spans"]
    parent, message, scope, attributes, events, links = trace_of(page)["details"]["2"]
    assert texts(page, [parent, message, scope, attributes]) == [f"{2:016x}", "lost", "", []]
    assert [events[0][0], *texts(page, events[0][1:])] == [3_000_000, "exception", ["exception.type", '"OSError"']]
    assert texts(page, links) == [["a" * 32, "b" * 16]]
    assert (spans["status"][2], spans["took"][2]) == (2, -1)
    service, resource = page.data["resources"][spans["resource"][2]]
    assert texts(page, service) == "cache"
    assert texts(page, resource) == ["service.name", '"cache"', "host.name", '"one"']


def test_log_records_are_with_their_spans() -> None:
    logs = (
        LogRecord(f"{1:032x}", f"{3:016x}", body="lost", severity="WARN", time_ns=10**18 + 10**6, attributes={"n": 1}),
        LogRecord(f"{1:032x}", f"{3:016x}", event_name="cache.miss"),
        LogRecord(f"{1:032x}", body="of no span"),
    )
    page = page_of(judged(in_trace(kept_flow(), 1, logs=logs)))
    shown = trace_of(page)["details"]["2"][6]
    assert [each[0] for each in shown] == [10**6, -1]
    assert [texts(page, each[1:]) for each in shown] == [["WARN", '"lost"', ["n", "1"]], ["", "cache.miss", []]]


def test_findings_are_at_their_rows_and_missing_spans_below_their_parent() -> None:
    page = page_of(REPORTS["broken"])
    by_id = {texts(page, trace["id"]): trace for trace in page.data["traces"]}
    (kind,) = by_id[f"{1:032x}"]["findings"]
    assert (kind[1], kind[7], texts(page, kind[3:5])) == (2, 0, ['"client"', '"server"'])
    (missing,) = by_id[f"{6:032x}"]["findings"]
    assert (missing[1], missing[7], texts(page, missing[2])) == (1, 1, "redis.get is missing")
    clause = page.data["clauses"][kind[0]]
    assert texts(page, [clause["key"], clause["keyword"]]) == ["lookup/kind", "kind"]
    assert texts(page, clause["place"]) == "contracts/session-validate.contract.yaml:8:29"


def test_first_trace_of_every_kind_comes_first_and_kept_ones_last() -> None:
    page = page_of(REPORTS["broken"])
    ids = [int(texts(page, trace["id"]), 16) for trace in page.data["traces"]]
    assert ids[:2] == [1, 8]
    assert ids[-1] == 7
    assert sorted(ids) == [*range(1, 11)]


def test_what_has_no_room_is_left_out_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_data, "MOST_BYTES", 6000)
    broken = changed(kept_flow(), "redis.get", kind="server")
    report = judged(*(in_trace(broken if n % 2 else kept_flow(), n) for n in range(1, 81)))
    page = page_of(report)
    shown = len(page.data["traces"])
    assert 0 < shown < 40
    assert f"{80 - shown} traces of 80 not in this file, {40 - shown} of them with findings (--all" in page.text
    assert page.text.count("not in this file") == 1 + 40 - shown
    assert len(page_of(report, everything=True).data["traces"]) == 80


def test_details_of_spans_with_findings_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_data, "MOST_BYTES", 10_000)
    many = [span(n, "step", 2, start=1.5, takes=0.1, attributes={"a": f"{n}" * 20}) for n in range(4, 100)]
    page = page_of(judged(in_trace([*changed(kept_flow(), "redis.get", kind="server"), *many], 1), contract=OPEN))
    trace = trace_of(page)
    (finding,) = trace["findings"]
    held = sorted(map(int, trace["details"]))
    assert held == [*range(len(held) - 1), finding[1]]
    assert 10 < len(held) < 90
    assert f"{99 - len(held)} spans without their attributes in this file (--all" in page.text


def test_a_very_large_trace_shows_findings_with_what_is_above_them_and_the_first_spans() -> None:
    deep = [
        span(n, "step", n - 1 if n > 10_000 else 2, start=2 + n / 10**6, takes=0.001)
        for n in range(4, MOST_SPANS + 900)
    ]
    last = span(10**6, "redis.get", 2, start=900, takes=0.1, attributes={"key": "session:*"}, kind="server")
    page = page_of(judged(in_trace([*kept_flow()[:2], *deep, last], 1), contract=OPEN))
    trace = trace_of(page)
    assert len(trace["spans"]["name"]) == MOST_SPANS
    assert trace["left_out"] == len(deep) + 3 - MOST_SPANS
    assert f"{trace['left_out']} spans of very large traces not in this file" in page.text
    assert all(trace["spans"]["up"][1:])
    assert f"{10**6:016x}" in texts(page, trace["spans"]["id"])


def test_ten_thousand_spans_take_less_than_three_megabytes() -> None:
    spans = kept_flow()[:2]
    for n in range(3, 10_001):
        attributes = {f"attribute.{k}": f"value {k} of {n if k < 3 else n % 7}" for k in range(10)}
        spans.append(span(n, f"step {n % 50}", 2, start=2 + n / 4000, takes=0.2, attributes=attributes))
    page = page_of(judged(in_trace(spans, 1), contract=OPEN))
    assert len(trace_of(page)["spans"]["name"]) == 10_000
    assert len(page.source.encode()) < 3_000_000


def test_traces_that_a_streamed_verification_let_go_are_counted(tmp_path: Path) -> None:
    file = tmp_path / "traces.json"
    broken = changed(kept_flow(), "redis.get", kind="server")
    traces = [in_trace(broken if n == 5 else kept_flow(), n) for n in range(1, 31)]
    file.write_bytes(encode_traces_json(Reading(SourceInfo("made"), traces)))
    report = verify_files([OtlpFileSource(file)], [load_text(CONTRACT, file="c.yaml")])
    assert report is not None
    page = page_of(report)
    held = len(page.data["traces"])
    assert 0 < held < 30
    assert texts(page, trace_of(page)["id"]) == f"{5:032x}"
    assert f"{30 - held} traces of 30 not in this file, 0 of them with findings" in page.text


def test_a_report_without_traces_has_no_list_of_them() -> None:
    page = page_of(replace(REPORTS["broken"], reading=None))
    assert page.data["traces"] == []
    assert not page.all("section", id="traces")
    assert not page.all("a")
