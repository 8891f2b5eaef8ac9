"""A file verified without holding its traces gives the same report as one verified as a whole."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings

from benchmarks.verification.made_traces import requests
from spanpact.contract.compiled import ContractPlan
from spanpact.contract.loader import load_contracts, load_text
from spanpact.contract.shipped import shipped_contracts
from spanpact.engine import CompiledContract
from spanpact.errors import SourceError
from spanpact.findings import Report
from spanpact.reporting import TextOptions, render_json, render_text
from spanpact.reporting.drawing import flow_findings
from spanpact.sources import OtlpFileSource, encode_traces_json
from spanpact.sources.files import FileLimits
from spanpact.trace import held_traces
from spanpact.trace.model import Reading, SourceInfo, Span, Trace
from spanpact.verification.streaming import verify_file
from spanpact.verification.verifying import verify
from tests.properties import examples
from tests.sources.every_source import as_protobuf
from tests.verification.cache.test_verdict_cache import CONTRACT, with_likenesses

UNCHECKED = FileLimits(checked_keys=0)
"""Documents whose keys are checked are decoded as a whole."""


def streamed(
    file: Path, contracts: Sequence[CompiledContract | ContractPlan], limits: FileLimits = UNCHECKED
) -> Report | None:
    return verify_file(OtlpFileSource(file, limits=limits), contracts)


def whole(file: Path, contracts: Sequence[CompiledContract | ContractPlan], limits: FileLimits = UNCHECKED) -> Report:
    return verify(contracts, OtlpFileSource(file, limits=limits).read())


def assert_same(file: Path, contracts: Sequence[CompiledContract | ContractPlan]) -> Report:
    there, wanted = streamed(file, contracts), whole(file, contracts)
    assert there is not None
    assert render_json(there) == render_json(wanted)
    assert render_text(there) == render_text(wanted)
    return there


def written(file: Path, several: Sequence[Reading]) -> Path:
    """Write the requests to a file, as JSON lines or as protobuf messages, and return it."""
    documents = [encode_traces_json(reading) for reading in several]
    if file.name.startswith("protobuf"):
        messages = [as_protobuf(document) for document in documents]
        file.write_bytes(b"".join(message[0] for message in messages if message))
    else:
        file.write_bytes(b"\n".join(documents))
    return file


@pytest.fixture(scope="module")
def shipped() -> list[CompiledContract]:
    return [CompiledContract.of(plan) for plan in load_contracts([shipped_contracts()])]


@pytest.mark.expensive
@pytest.mark.unmeasured
@pytest.mark.parametrize("name", ["lines.jsonl", "protobuf.pb"])
def test_traces_of_many_requests(tmp_path: Path, name: str, shipped: list[CompiledContract]) -> None:
    several = list(requests(2000))
    report = assert_same(written(tmp_path / name, several), shipped)
    assert report.reading is not None
    assert len(report.reading.traces) == 0
    assert report.reading.span_count == sum(len(trace.spans) for each in several for trace in each.traces)


@pytest.mark.parametrize("name", ["lines.jsonl", "protobuf.pb"])
def test_only_traces_with_findings_are_held(tmp_path: Path, name: str, shipped: list[CompiledContract]) -> None:
    several = list(requests(1000))
    for number in (3, 9):
        several[number] = changed(several[number], lambda span: {"attributes": {**span.attributes, "operation": "a"}})
    report = assert_same(written(tmp_path / name, several), shipped)
    assert report.reading is not None
    assert report.verdict == "broken"
    assert 0 < len(report.reading.traces) < report.reading.trace_count / 4


def changed(request: Reading, change: Callable[[Span], dict[str, Any]]) -> Reading:
    """Return the request with its first span changed."""
    (first,), rest = request.traces[:1], request.traces[1:]
    spans = [msgspec.structs.replace(span, **change(span)) for span in first.spans]
    return msgspec.structs.replace(request, traces=[msgspec.structs.replace(first, spans=spans), *rest])


def interleaved_files(folder: Path, reading: Reading) -> Iterator[Path]:
    """Write each span into its own request, so that traces are interleaved as they were drawn; not files of nothing."""
    traces = [[one(span) for span in trace.spans] for trace in reading.traces]
    interleaved = [each for several in zip_all(traces) for each in several]
    for name in ("lines.jsonl", "protobuf.pb"):
        file = written(folder / name, interleaved)
        if file.read_bytes():
            yield file


@given(with_likenesses())
@settings(
    max_examples=examples(100),
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.function_scoped_fixture],
)
def test_traces_of_every_kind(tmp_path: Path, situation: tuple[Sequence[CompiledContract], Reading]) -> None:
    contracts, reading = situation
    for file in interleaved_files(tmp_path, reading):
        there, wanted = streamed(file, contracts), whole(file, contracts)
        assert there is None or render_json(there) == render_json(wanted)


def one(span: Span) -> Reading:
    return Reading(SourceInfo("one"), [Trace(span.trace_id, [span])])


@pytest.mark.parametrize("encoding", ["protobuf", "lines"])
@pytest.mark.parametrize("place", [0, 2, -1])
def test_an_attribute_that_is_compared_at_every_place(tmp_path: Path, encoding: str, place: int) -> None:
    """A span of the last request has another id, and all else is alike."""
    rule = "{span: '*', attributes: {correlation.id: {same_as: top.correlation.id}}}"
    contract = load_text(f"{{spanpact: 1, contract: ids, version: 1.0.0, span: 'session.*', every: {{id: {rule}}}}}")
    documents = lines(list(requests(600)))
    for document in documents:
        for span in spans_of(document):
            own = next(each for each in span["attributes"] if each["key"] == "correlation.id")
            span["attributes"].remove(own)
            span["attributes"].insert(place % (len(span["attributes"]) + 1), own)
    named = [span for span in spans_of(documents[-1]) if span["name"].startswith("redis.")]
    next(each for each in named[-1]["attributes"] if each["key"] == "correlation.id")["value"] = {
        "stringValue": "other"
    }
    file = tmp_path / encoding
    texts = text_of(documents, separators=(",", ":"))
    messages = [as_protobuf(text) for text in texts.splitlines()]
    file.write_bytes(b"".join(each[0] for each in messages if each) if encoding == "protobuf" else texts)
    assert assert_same(file, [contract]).verdict == "broken"


def zip_all(several: Sequence[Sequence[Reading]]) -> Iterator[Sequence[Reading]]:
    for place in range(max(map(len, several), default=0)):
        yield [each[place] for each in several if place < len(each)]


def lines(several: Sequence[Reading]) -> list[dict[str, Any]]:
    return [json.loads(encode_traces_json(reading)) for reading in several]


def spans_of(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [s for r in document["resourceSpans"] for scoped in r["scopeSpans"] for s in scoped["spans"]]


def text_of(documents: Sequence[dict[str, Any]], **options: Any) -> bytes:
    return b"\n".join(json.dumps(document, **options).encode() for document in documents)


WRITINGS: dict[str, Callable[[list[dict[str, Any]]], bytes]] = {
    "blanks": text_of,
    "no blanks": lambda documents: text_of(documents, separators=(",", ":")),
    "one document": lambda documents: text_of(documents[:1], indent=2),
    "ids in capital letters": lambda documents: text_of(each_span(documents, capitals)),
    "numbers as text": lambda documents: text_of(each_span(documents, lambda s: {"kind": "SPAN_KIND_CLIENT"})),
    "lists and maps": lambda documents: text_of(each_span(documents, nested), separators=(",", ":")),
    "a name that is there twice": lambda documents: text_of(each_span(documents, doubled), separators=(",", ":")),
    "no attributes": lambda documents: text_of(each_span(documents, lambda _: {"attributes": []})),
    "null": lambda documents: text_of(each_span(documents, lambda _: {"attributes": None, "status": None})),
}


def each_span(
    documents: list[dict[str, Any]], change: Callable[[dict[str, Any]], dict[str, Any]]
) -> list[dict[str, Any]]:
    for document in documents:
        for span in spans_of(document):
            span.update(change(span))
    return documents


def capitals(span: dict[str, Any]) -> dict[str, Any]:
    return {name: span[name].upper() for name in ("traceId", "spanId", "parentSpanId") if name in span}


def nested(span: dict[str, Any]) -> dict[str, Any]:
    pair = {"key": "operation", "value": {"stringValue": '},{"key":"a'}}
    values = {"values": [pair, {"key": "b", "value": {"arrayValue": {"values": [{"intValue": "1"}]}}}]}
    return {"attributes": [*span["attributes"], {"key": "map", "value": {"kvlistValue": values}}, pair]}


def doubled(span: dict[str, Any]) -> dict[str, Any]:
    return {"attributes": [*span["attributes"], *span["attributes"][:2]]}


@pytest.mark.unmeasured
@pytest.mark.parametrize("writing", WRITINGS.values(), ids=WRITINGS)
def test_however_it_is_written(tmp_path: Path, writing: Callable[..., bytes], shipped: list[CompiledContract]) -> None:
    file = tmp_path / "traces.jsonl"
    file.write_bytes(writing(lines(list(requests(300)))))
    assert_same(file, shipped)


def test_a_compressed_file(tmp_path: Path, shipped: list[CompiledContract]) -> None:
    file = tmp_path / "traces.jsonl.gz"
    file.write_bytes(gzip.compress(written(tmp_path / "lines.jsonl", list(requests(300))).read_bytes()))
    assert_same(file, shipped)


WRONG: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "a number that is none": lambda _: {"startTimeUnixNano": "soon"},
    "an enum that is none": lambda _: {"kind": "SPAN_KIND_OTHER"},
    "an attribute that is none": lambda span: {"attributes": [*span["attributes"], 5]},
    "a value of another type": lambda _: {"attributes": [{"key": "a", "value": {"boolValue": "true"}}]},
    "bytes that are none": lambda _: {"attributes": [{"key": "a", "value": {"bytesValue": "%"}}]},
    "a value too deep": lambda _: {"attributes": [{"key": "a", "value": deep(40)}]},
    "a span that is none": lambda _: {"events": [5]},
}


def deep(levels: int) -> Any:
    return {"arrayValue": {"values": [deep(levels - 1)]}} if levels else {"intValue": "1"}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_reported_as_ever(
    tmp_path: Path, change: Callable[..., Any], shipped: list[CompiledContract]
) -> None:
    documents = lines(list(requests(600)))
    spans_of(documents[5])[7].update(change(spans_of(documents[5])[7]))
    file = tmp_path / "traces.jsonl"
    file.write_bytes(text_of(documents, separators=(",", ":")))
    assert outcome(lambda: streamed(file, shipped)) == outcome(lambda: whole(file, shipped))


DAMAGED = {
    "cut short": lambda data: data[:-10],
    "not JSON": lambda data: data.replace(b'"spans"', b'"spans', 7),
    "not UTF-8": lambda data: data.replace(b"GET", b"G\xffT"),
    "empty": lambda data: b"",
    "no OTLP": lambda data: b"{}\n{}\n",
}


@pytest.mark.unmeasured
@pytest.mark.parametrize("damage", DAMAGED.values(), ids=DAMAGED)
@pytest.mark.parametrize("name", ["lines.jsonl", "protobuf.pb"])
def test_damage_is_reported_as_ever(tmp_path: Path, name: str, damage: Callable[[bytes], bytes]) -> None:
    file = written(tmp_path / name, list(requests(600)))
    file.write_bytes(damage(file.read_bytes()))
    assert outcome(lambda: streamed(file, [CONTRACT]) or whole(file, [CONTRACT])) == outcome(
        lambda: whole(file, [CONTRACT])
    )


def outcome(act: Callable[[], Report | None]) -> str:
    try:
        report = act()
    except SourceError as error:
        return str(error)
    assert report is not None
    return render_json(report)


def test_more_spans_than_allowed(tmp_path: Path) -> None:
    limits = FileLimits(spans=500, checked_keys=0)
    file = written(tmp_path / "lines.jsonl", list(requests(600)))
    assert outcome(lambda: streamed(file, [CONTRACT], limits)) == outcome(lambda: whole(file, [CONTRACT], limits))


LINKS = load_text("""
spanpact: 1
contract: links
version: 1.0.0
span: a
links: {k: {span: b}}
""")


def test_a_contract_that_follows_links_needs_all_traces(tmp_path: Path) -> None:
    ids = f"{1:032x}", f"{2:032x}"
    documents = [
        {"traceId": ids[0], "spanId": f"{1:016x}", "name": "a", "links": [{"traceId": ids[1], "spanId": f"{1:016x}"}]},
        {"traceId": ids[1], "spanId": f"{1:016x}", "name": "b"},
    ]
    file = tmp_path / "linked.jsonl"
    file.write_bytes(text_of([{"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]} for span in documents]))
    assert streamed(file, [LINKS]) is None
    assert whole(file, [LINKS]).verdict == "broken"  # integrity: the spans never ended


def test_a_file_without_spans_and_log_records_is_read_as_a_whole(
    tmp_path: Path, shipped: list[CompiledContract]
) -> None:
    file = tmp_path / "logs.jsonl"
    file.write_bytes(text_of([{"resourceSpans": []}, {"resourceLogs": []}]))
    assert streamed(file, shipped) is None


def test_an_id_under_a_name_that_is_written_otherwise(tmp_path: Path, shipped: list[CompiledContract]) -> None:
    """The first pass misses it; the second pass notices it, and the file is read as a whole."""
    data = written(tmp_path / "lines.jsonl", list(requests(600))).read_bytes().split(b"\n")
    file = tmp_path / "escaped.jsonl"
    file.write_bytes(b"\n".join([*data[:3], data[3].replace(b'"traceId"', rb'"\u0074raceId"'), *data[4:]]))
    assert streamed(file, shipped) is None


@pytest.mark.parametrize("name", ["lines.jsonl", "protobuf.pb"])
@pytest.mark.parametrize("finer", [0, 1])
def test_a_resolution_that_shows_late_is_that_of_all_traces(tmp_path: Path, name: str, finer: int) -> None:
    """The first traces have too few starts to decide; the last may show that the clock is exact after all."""
    plan = load_text(
        "spanpact: 1\ncontract: c\nversion: 1.0.0\nspan: top\n"
        "duration: 2ms\nchildren: {a: {span: x}, b: {span: y}}\norder: [a, b]\n"
    )
    several = []
    for number in range(1, 9):
        trace_id, at = f"{number:032x}", number * 10**9 + (finer if number == 8 else 0)
        several += [
            Reading(SourceInfo("s"), [Trace(trace_id, [each])])
            for each in (
                Span(trace_id, f"{1:016x}", "top", "", "internal", at, at + 2_300_000),
                Span(trace_id, f"{2:016x}", "x", f"{1:016x}", "internal", at, at + 1_400_000),
                Span(trace_id, f"{3:016x}", "y", f"{1:016x}", "internal", at + 1_000_000, at + 2_200_000),
            )
        ]
    report = assert_same(written(tmp_path / name, several), [plan])
    assert report.verdict == ("broken" if finer else "kept")
    assert report.clocks == (() if finer else (("", 1_000_000),))
    assert ("resolution  a service without a name 1ms" in render_text(report)) == (not finer)


@pytest.mark.parametrize("most", [1, 1000])
def test_traces_with_findings_are_held_in_a_file_where_they_are_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shipped: list[CompiledContract], most: int
) -> None:
    monkeypatch.setattr(held_traces, "_MOST_IN_MEMORY", most)
    monkeypatch.setattr(flow_findings, "_MOST_TOPOLOGIES", most)
    several = [changed(each, lambda span: {"name": f"{span.name}@a.de", "kind": "client"}) for each in requests(600)]
    report = assert_same(written(tmp_path / "lines.jsonl", several), shipped)
    assert report.reading is not None
    assert len(report.reading.traces) > 5
    assert render_text(report, TextOptions(everything=True)) == render_text(
        whole(tmp_path / "lines.jsonl", shipped), TextOptions(everything=True)
    )
