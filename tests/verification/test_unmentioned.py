"""Every report counts the traces, spans and log records that no contract mentions, with their names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from spanpact.contract.loader import load_text
from spanpact.findings import NamedCount, Report, Unmentioned
from spanpact.reporting import TextOptions, parse_json, render_json, render_text
from spanpact.sources import OtlpFileSource, encode_traces_json
from spanpact.trace.model import LogRecord, Reading, SourceInfo, Span, Trace
from spanpact.verification.streaming import verify_file
from spanpact.verification.verifying import verify

ITEMS = load_text("spanpact: 1\ncontract: items\nversion: 1.0.0\nspan: GET /items\nchildren: {load: {span: db.load}}\n")


def trace(number: int, *names: str, orphan: bool = False, logs: Sequence[LogRecord] = ()) -> Trace:
    """Return a trace of a root with the first name, and its children; the root may have a parent that is missing."""
    id = f"{number:032x}"
    parents = ["f" * 16 if orphan else "", *["1".rjust(16, "0")] * (len(names) - 1)]
    spans = [
        Span(id, f"{i:016x}", name, parent_id=parent, start_ns=i, end_ns=99 - i)
        for i, (name, parent) in enumerate(zip(names, parents, strict=True), start=1)
    ]
    return Trace(id, spans, logs)


def log(number: int, span: int, *, event_name: str = "", body: str | None = None) -> LogRecord:
    return LogRecord(f"{number:032x}", f"{span:016x}" if span else "", event_name, body)


def judged(*traces: Trace, contracts: Sequence[object] = (ITEMS,)) -> Report:
    return verify(contracts, Reading(SourceInfo("made"), traces))  # type: ignore[arg-type]


def unmentioned(*traces: Trace) -> Unmentioned:
    found = judged(*traces).unmentioned
    assert found is not None
    return found


def test_traces_and_spans_in_no_flow_are_counted_by_name() -> None:
    found = unmentioned(
        trace(1, "GET /items", "db.load"), trace(2, "GET /health"), trace(3, "GET /admin", "db.load", "db.load")
    )
    assert found.traces == NamedCount(2, 3, (("GET /admin", 1), ("GET /health", 1)))
    assert found.spans == NamedCount(4, 6, (("db.load", 2), ("GET /admin", 1), ("GET /health", 1)))
    assert found.unplaced == NamedCount(0, 6)


def test_spans_above_a_flow_are_in_no_flow() -> None:
    found = unmentioned(trace(1, "gateway", "GET /items"))
    assert found.traces.count == 0
    assert found.spans.names == (("gateway", 1),)


def test_spans_in_a_flow_without_a_place_are_counted() -> None:
    found = unmentioned(trace(1, "GET /items", "db.load", "audit.write"))
    assert found.unplaced.names == (("audit.write", 1),)
    assert found.spans.count == 0


def test_surplus_misplaced_and_selected_spans_have_a_place() -> None:
    rule = load_text("spanpact: 1\ncontract: r\nversion: 1.0.0\nspan: GET /items\nevery: {a: {span: 'audit.*'}}\n")
    report = judged(trace(1, "GET /items", "db.load", "db.load", "audit.write", "x"), contracts=[ITEMS, rule])
    assert report.unmentioned
    assert report.unmentioned.unplaced.names == (("x", 1),)


def test_an_orphan_alone_in_its_trace_is_counted() -> None:
    assert unmentioned(trace(1, "Sub operation", orphan=True)).traces.names == (("Sub operation", 1),)


def test_a_contract_about_whole_traces_mentions_all() -> None:
    whole = load_text("spanpact: 1\ncontract: w\nversion: 1.0.0\ndescendants: {load: {span: db.load, count: 0..}}\n")
    found = judged(trace(1, "a", "b"), contracts=[whole]).unmentioned
    assert found
    assert (found.traces.count, found.spans.count, found.unplaced.count) == (0, 0, 2)


def test_log_records_of_no_span_in_a_flow_are_counted() -> None:
    logs = [log(1, 2, event_name="loaded"), log(1, 0, body="started"), log(1, 9, body="lost")]
    found = unmentioned(trace(1, "GET /items", "db.load", logs=logs), trace(2, "x", logs=[log(2, 1, body="started")]))
    assert found.logs == NamedCount(3, 4, (("started", 2), ("lost", 1)))


def test_names_are_masked_and_cut() -> None:
    found = unmentioned(trace(1, "mail ada@example.com"), trace(2, "x" * 10_000))
    (first, _), (second, _) = found.traces.names
    assert "ada" not in first
    assert len(second) <= 200


def test_any_number_of_names_takes_a_bounded_memory() -> None:
    found = unmentioned(
        *[trace(i, f"GET /{i}") for i in range(1, 3000)], *[trace(i, "late") for i in range(3000, 3010)]
    )
    assert len(found.traces.names) == 20
    assert found.traces.count == 3009
    assert found.traces.other == 2989


def test_the_verdict_cache_counts_what_it_does_not_judge() -> None:
    found = unmentioned(*[trace(i, "GET /health", "db.load") for i in range(1, 6)])
    assert found.traces == NamedCount(5, 5, (("GET /health", 5),))
    assert found.spans.names == (("GET /health", 5), ("db.load", 5))


def test_a_streamed_file_gives_the_same_counts(tmp_path: Path) -> None:
    traces = [trace(i, "GET /items" if i % 3 else "GET /health", "db.load", "x") for i in range(1, 10)]
    file = tmp_path / "traces.jsonl"
    file.write_bytes(b"\n".join(encode_traces_json(Reading(SourceInfo("made"), [each])) for each in traces))
    report = verify_file(OtlpFileSource(file), [ITEMS])
    assert report is not None
    assert report.unmentioned == judged(*traces).unmentioned
    assert report.unmentioned
    assert report.unmentioned.unplaced.names == (("x", 6),)


def test_text_and_json_say_so() -> None:
    report = judged(trace(1, "GET /items", "db.load", "audit.write"), trace(2, "GET /health"), trace(3, ""))
    text = render_text(report)
    assert "no contract mentions 2 of 3 traces: (no name), GET /health\n" in text
    assert "audit.write" not in text
    assert "1 span in a flow has no place in any entry or rule: audit.write" in render_text(
        report, TextOptions(coverage=True)
    )
    assert parse_json(render_json(report)).unmentioned == report.unmentioned


def test_nothing_is_said_where_all_is_mentioned() -> None:
    assert "no contract mentions" not in render_text(
        judged(trace(1, "GET /items", "db.load")), TextOptions(coverage=True)
    )


def test_a_private_value_where_a_long_name_is_cut_is_masked() -> None:
    for before in range(170, 200):
        body = "x" * before + " ada.lovelace@example.com is gone"
        (listed,) = unmentioned(trace(1, "GET /items"), trace(2, "GET /items", logs=[log(2, 9, body=body)])).logs.names
        assert "lovelace" not in listed[0]
        assert listed[0].startswith("x" * before)
