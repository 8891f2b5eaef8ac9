"""Links that lead nowhere, in a file that is verified without holding its traces."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spanpact.contract.loader import load_text
from spanpact.sources import OtlpFileSource
from spanpact.sources.files import FileLimits, otlp_file
from spanpact.trace.model import Link, Reading, SourceInfo, Span, Trace
from spanpact.verification.documents.link_targets import LinkTargets
from spanpact.verification.streaming import verify_file
from spanpact.verification.verifying import verify
from tests.properties import examples
from tests.verification.test_streaming import assert_same, one, streamed, text_of, whole, written

CONTRACT = load_text("""
spanpact: 1
contract: linking
version: 1.0.0
span: a
attributes: {k: absent}
examples: {x: {trace: []}, y: {trace: [], findings: [top/span-missing]}}
""")
NAMES = ["lines.jsonl", "protobuf.pb"]


def trace_id(number: int) -> str:
    return f"{number:032x}"


def span(trace: int, number: int, *targets: tuple[int, int], name: str = "a", parent: int = 0) -> Span:
    """Return a span with links to (trace, span)."""
    links = [Link(trace_id(there), f"{linked:016x}") for there, linked in targets]
    parent_id = f"{parent:016x}" if parent else ""
    return Span(trace_id(trace), f"{number:016x}", name, parent_id, start_ns=1, end_ns=9, links=links)


def in_file(file: Path, spans: Sequence[Span]) -> Path:
    """Write each span in a request of its own."""
    return written(file, [one(each) for each in spans])


CASES: dict[str, tuple[list[Span], int]] = {
    "the span is there, later": ([span(1, 1, (2, 1)), span(2, 1)], 0),
    "the span is there, earlier": ([span(2, 1), span(1, 1, (2, 1))], 0),
    "the trace is not there": ([span(1, 1, (3, 1)), span(2, 1)], 0),
    "the span is not there": ([span(1, 1, (2, 7)), span(2, 1), span(2, 2, parent=1)], 1),
    "its trace came first": ([span(2, 1), span(1, 1, (2, 7))], 1),
    "its trace is in parts": ([span(2, 1), span(1, 1, (2, 7)), span(2, 2, parent=1)], 1),
    "the trace has a parent elsewhere": ([span(1, 1, (2, 7)), span(2, 1, parent=9)], 0),
    "two traces link to each other": ([span(1, 1, (2, 7)), span(2, 1, (1, 1))], 1),
    "to its own trace": ([span(1, 1, (1, 7)), span(2, 1)], 1),
    "a trace without a flow": ([span(1, 1, (2, 7), name="b"), span(2, 1)], 0),
    "many of them": ([span(1, 1, (2, 7), (2, 8), (2, 1), (3, 1)), span(2, 1), span(4, 1, (2, 7))], 2),
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_streaming_gives_the_report_of_the_whole(tmp_path: Path, name: str, case: tuple[list[Span], int]) -> None:
    spans, number = case
    report = assert_same(in_file(tmp_path / name, spans), [CONTRACT])
    assert [finding.id for finding in report.integrity].count("link-dangling") == number


def test_documents_whose_keys_are_checked(tmp_path: Path) -> None:
    file = in_file(tmp_path / "lines.jsonl", CASES["its trace is in parts"][0])
    checked = FileLimits()
    report = verify_file(OtlpFileSource(file, limits=checked), [CONTRACT])
    assert report is not None
    assert report.integrity == whole(file, [CONTRACT], checked).integrity != ()


def test_ids_in_capital_letters(tmp_path: Path) -> None:
    capital = "ABCDEF" + "0" * 26
    documents = [
        {"traceId": capital, "spanId": "A" * 16, "name": "a", "endTimeUnixNano": "9"},
        {
            "traceId": trace_id(1), "spanId": "B" * 16, "name": "a", "endTimeUnixNano": "9",
            "links": [{"traceId": capital.lower(), "spanId": "A" * 16}, {"traceId": capital, "spanId": "C" * 16}],
        },
    ]  # fmt: skip
    file = tmp_path / "lines.jsonl"
    file.write_bytes(text_of([{"resourceSpans": [{"scopeSpans": [{"spans": [each]}]}]} for each in documents]))
    (finding,) = assert_same(file, [CONTRACT]).integrity
    assert finding.observed.startswith("1 of 2 links: span cccccccccccccccc")


@st.composite
def linked_spans(draw: st.DrawFn) -> list[Span]:
    """Draw spans of up to four traces with links among them, in any order."""
    ids = st.integers(1, 4)
    places = draw(st.lists(st.tuples(ids, ids), min_size=1, max_size=10, unique=True))
    targets = st.lists(st.tuples(st.integers(1, 5), st.integers(0, 5)), max_size=3)
    parents = st.sampled_from([0, 0, 0, 1])
    return [span(*place, *draw(targets), name=draw(st.sampled_from("aab")), parent=draw(parents)) for place in places]


@given(linked_spans(), st.sampled_from(NAMES))
@settings(
    max_examples=examples(200), derandomize=True, database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)  # fmt: skip
def test_links_of_any_kind(tmp_path: Path, spans: list[Span], name: str) -> None:
    assert_same(in_file(tmp_path / name, spans), [CONTRACT])


@pytest.mark.parametrize(
    ("spans", "passes"),
    [
        ([span(1, 1), span(2, 1)], 2),
        ([span(1, 1, (1, 1)), span(2, 1)], 2),
        ([span(1, 1, (2, 1)), span(2, 1)], 3),
        ([span(1, 1, (3, 1)), span(2, 1)], 3),
        ([span(1, 1, (2, 7)), span(2, 1)], 6),
    ],
    ids=["no links", "links within traces", "links to what is there", "links elsewhere", "a dangling link"],
)
def test_only_links_into_other_traces_cost_further_passes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spans: list[Span], passes: int
) -> None:
    file, read = in_file(tmp_path / "lines.jsonl", spans), []
    iter_parts = otlp_file.iter_parts

    def counted(*given: Any, **options: Any) -> Any:
        read.append(given)
        return iter_parts(*given, **options)

    monkeypatch.setattr(otlp_file, "iter_parts", counted)
    assert streamed(file, [CONTRACT]) is not None
    assert len(read) == passes


def test_a_trace_that_may_still_grow_lacks_nothing() -> None:
    reading = Reading(
        SourceInfo("made"), [Trace(trace_id(1), [span(1, 1, (2, 7))]), Trace(trace_id(2), [span(2, 1)], (), False)]
    )
    assert verify([CONTRACT], reading).integrity == ()


def test_targets_are_kept_in_few_bytes() -> None:
    targets = LinkTargets()
    for number in range(1000):
        for _ in range(2):
            assert not targets.lacks(trace_id(number), f"{number:016x}")
    assert not targets.lacks("malformed", "id")
    assert (len(targets._packed), targets._others) == (24_000, [("malformed", "id")])
