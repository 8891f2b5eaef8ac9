"""Traces are grouped where they can be, and few are judged: what is in a key, and what is left to the stream."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from benchmarks.verification.made_traces import write
from spanpact.contract.compiled import ContractPlan
from spanpact.contract.loader import load_contracts, load_text
from spanpact.contract.shipped import shipped_contracts
from spanpact.findings import Report
from spanpact.sources import encode_traces_json
from spanpact.sources.archive import ArchiveSource
from spanpact.trace.model import LogRecord, Reading, Span, Trace
from spanpact.trace.trace_selection import EVERY_TRACE
from spanpact.verification.archives import group_judge
from spanpact.verification.archives.grouping import verify_groups
from spanpact.verification.archives.verify_archive import stored_documents
from spanpact.verification.options import VerificationOptions
from tests.engine.corpus_cases import reading_of
from tests.sources.every_source import renumbered
from tests.verification.archives.same_reports import archived, assert_same
from tests.verification.judged_traces import CONTRACT, judged_by

OPTIONS = VerificationOptions(allow_unseen=True)
MS = 1_000_000
START = 1_767_225_600_000_000_000


def grouped(archive: Path, contracts: Sequence[ContractPlan], options: VerificationOptions = OPTIONS) -> Report | None:
    with ArchiveSource(str(archive)) as source:
        stored = stored_documents(source, scenarios=None, offered=None, only=EVERY_TRACE)
        return verify_groups(source, stored, contracts, options)


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the ids of the traces that are judged, in order."""
    return judged_by(group_judge, monkeypatch)


def file_of(folder: Path, traces: Sequence[Sequence[Span]], logs: Sequence[LogRecord] = ()) -> Path:
    """Write traces to a file, each several times with other ids."""
    readings = [Reading(reading_of(0).source, [Trace(spans[0].trace_id, spans, logs)]) for spans in traces]
    file = folder / "traces.json"
    numbered = [renumbered(each, f"{time} {i}") for time in range(8) for i, each in enumerate(readings)]
    documents = list(map(encode_traces_json, numbered))
    file.write_bytes(b"\n".join(documents))
    return file


def trace(*children: Span, top: str = "top", **fields: object) -> list[Span]:
    root = Span("a" * 32, "1" * 16, top, start_ns=START + 137, end_ns=START + 100 * MS + 731)
    return [msgspec.structs.replace(root, **fields), *children]


def child(number: int, name: str = "child", start: int = 1, end: int = 2, **fields: object) -> Span:
    times = START + start * MS + 351, START + end * MS + 353
    span = Span("a" * 32, f"{number:016x}", name, "1" * 16, start_ns=times[0], end_ns=times[1])
    return msgspec.structs.replace(span, **fields)


def test_few_traces_of_many_are_judged(tmp_path: Path, judged: list[str]) -> None:
    write(tmp_path / "traces.jsonl", 4000)
    archive = archived(tmp_path / "archive", [tmp_path / "traces.jsonl"])
    report = grouped(archive, load_contracts([shipped_contracts()]))
    assert report is not None
    assert report.reading is not None
    assert report.reading.trace_count > 500
    assert len(judged) < 40


DIFFERENT = [
    (trace(), trace(top="other")),
    (trace(child(2)), trace(child(2, "c"))),
    (trace(child(2)), trace(child(2), child(3))),
    (trace(child(2), child(3)), trace(child(2), child(3, parent_id=f"{2:016x}", start=1, end=2))),
    (trace(child(2)), trace(child(2, parent_id="f" * 16))),
    (trace(attributes={"n": 2}), trace(attributes={"n": 3})),
    (trace(attributes={"n": 2.9}), trace(attributes={"n": 3.1})),
    (trace(attributes={"t": "abc"}), trace(attributes={"t": "ABC"})),
    (trace(attributes={"u": "abc"}), trace(attributes={"u": "bob@example.com"})),
    (trace(attributes={"id": "x"}), trace(attributes={"id": 1})),
    (
        trace(child(2, "second", attributes={"id": "x"}), attributes={"id": "x"}),
        trace(child(2, "second", attributes={"id": "y"}), attributes={"id": "x"}),
    ),
    (
        trace(child(2, "first", 1, 2), child(3, "second", 3, 4)),
        trace(child(2, "first", 1, 4), child(3, "second", 2, 5)),
    ),
    (trace(), trace(end_ns=START + 2_000 * MS)),
    (trace(), trace(end_ns=0)),
    (trace(child(2)), trace(child(2, start=1, end=200))),
    (trace(status="ok"), trace(status="error")),
    (trace(parent_remote=None), trace(parent_remote=False)),
]
"""Pairs of traces that the contract, or integrity, may distinguish."""


@pytest.mark.parametrize("pair", DIFFERENT)
def test_what_contracts_distinguish_has_different_keys(
    tmp_path: Path, judged: list[str], pair: tuple[list[Span], list[Span]]
) -> None:
    """The values vary, so that they are in columns, or are few, so that they are part of the content."""
    for wanted in ((), ("id", "n", "t", "u")):
        folder = tmp_path / str(len(wanted))
        folder.mkdir()
        file = file_of(folder, pair)
        assert_same(folder / "archive", [file], [CONTRACT], OPTIONS, attributes=wanted)
        judged.clear()
        assert grouped(folder / "archive", [CONTRACT]) is not None
        assert len(set(judged)) >= 2


def test_ids_that_never_repeat_do_not_divide_groups(tmp_path: Path, judged: list[str]) -> None:
    made = [
        trace(child(2, "second", attributes={"id": f"id {i}"}), attributes={"id": f"id {i}", "n": 3 + i / 7})
        for i in range(60)
    ]
    file = file_of(tmp_path, made)
    assert_same(tmp_path / "archive", [file], [CONTRACT], OPTIONS, attributes=["id", "n"])
    judged.clear()
    grouped(tmp_path / "archive", [CONTRACT])
    assert len(judged) < 100  # of 480; the first 32 values are part of contents


@pytest.mark.parametrize(
    ("text", "spans", "logs"),
    [
        ("across: {rate: {of: top, error_rate: 0.5}}", trace(), ()),
        ("", trace(), (LogRecord("a" * 32, "1" * 16, body="line"),)),
    ],
)
def test_what_is_left_to_the_stream(tmp_path: Path, text: str, spans: list[Span], logs: Sequence[LogRecord]) -> None:
    contract = load_text(f"spanpact: 1\ncontract: c\nversion: 1.0.0\nspan: top\n{text}\n")
    file = file_of(tmp_path, [spans], logs)
    assert_same(tmp_path / "archive", [file], [contract], OPTIONS)
    assert grouped(tmp_path / "archive", [contract]) is None


def test_a_report_with_findings_names_all_flows_after_the_source_is_closed(tmp_path: Path) -> None:
    file = file_of(tmp_path, [trace(), trace(attributes={"n": 1}), trace(top="x")])
    archive = archived(tmp_path / "archive", [file])
    report = grouped(archive, [CONTRACT])
    assert report is not None
    (result,) = report.results
    assert len(result.flow_spans) == len(list(result.flow_spans)) == result.flows == 16
    assert len(set(result.flow_spans)) == 16


def test_a_missing_span_is_found_as_the_root_of_a_trace_that_was_only_counted(tmp_path: Path) -> None:
    contract = load_text("""
spanpact: 1
contract: lost
version: 1.0.0
span: top
children: {lost: {span: lost}}
""")
    file = file_of(tmp_path, [trace(), trace(top="lost")])
    report = assert_same(tmp_path / "archive", [file], [contract], OPTIONS)
    assert report is not None
    assert all("is found as the root of trace" in each.hint for each in report.results[0].findings)
