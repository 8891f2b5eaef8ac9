"""Files of other formats than OTLP, and of several, are verified without holding all traces, with the same report."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings

from benchmarks.verification.made_traces import requests
from spanpact.errors import SourceError
from spanpact.findings import Report
from spanpact.otlp import SharedValues
from spanpact.reporting import render_json, render_text
from spanpact.sources import OtlpFileSource
from spanpact.sources.files.formats.zipkin_json import decode_zipkin
from spanpact.trace.model import Reading, Span, Trace
from tests.properties import examples
from tests.sources.files.written_formats import (
    as_go_console,
    as_python_console,
    as_zipkin,
    is_a_tag,
    is_json,
    is_of_go,
    whole_microseconds,
    with_service_only,
    with_values,
)
from tests.sources.trace_strategies import situations
from tests.verification.test_same_verdict import each_id_once, utf8
from tests.verification.test_same_verdict_of_formats import QUIET, Situation, has_spans, without_resource_schema
from tests.verification.test_streaming_files import CONTRACTS, assert_same, broken, streamed, whole
from tests.verification.test_streaming_logs import line, of_records, written


def traffic(spans: int) -> Reading:
    """Return traces of which two have a finding."""
    several = [*requests(spans)]
    several[3], several[len(several) // 2] = broken(several[3]), broken(several[len(several) // 2])
    by_id: dict[str, list[Span]] = {}
    for request in several:
        for trace in request.traces:
            by_id.setdefault(trace.trace_id, []).extend(trace.spans)
    return msgspec.structs.replace(several[0], traces=[Trace(name, each) for name, each in by_id.items()])


def as_flat_zipkin(reading: Reading) -> bytes:
    """Return a list of all spans, those of several traces in turn."""
    spans = [span for trace in json.loads(zipkin_traces(reading)) for span in trace]
    return json.dumps(sorted(spans, key=lambda span: span["id"])).encode()


def zipkin_traces(reading: Reading) -> bytes:
    """Return a list of traces, as a server answers."""
    each = [as_zipkin(msgspec.structs.replace(reading, traces=[trace])) for trace in reading.traces]
    return b"[%b]" % b",".join(each)


def as_jaeger(reading: Reading) -> bytes:
    """Return an answer of Jaeger's old API, as its UI saves it."""
    return json.dumps({"data": [_jaeger_trace(trace) for trace in reading.traces], "errors": None}).encode()


def as_jaeger_lines(reading: Reading) -> bytes:
    return b"\n".join(json.dumps(_jaeger_trace(trace)).encode() for trace in reading.traces)


def _jaeger_trace(trace: Trace) -> dict[str, Any]:
    return {
        "traceID": trace.trace_id,
        "spans": [_jaeger_span(span) for span in trace.spans],
        "processes": {"p1": {"serviceName": "shop", "tags": []}},
    }


def _jaeger_span(span: Span) -> dict[str, Any]:
    parent = {"refType": "CHILD_OF", "traceID": span.trace_id, "spanID": span.parent_id}
    tags = [{"key": name, "type": "string", "value": str(value)} for name, value in span.attributes.items()]
    return {
        "traceID": span.trace_id,
        "spanID": span.span_id,
        "operationName": span.name,
        "references": [parent] if span.parent_id else [],
        "startTime": span.start_ns // 1000,
        "duration": (span.end_ns - span.start_ns) // 1000,
        "tags": [*tags, {"key": "span.kind", "type": "string", "value": span.kind}],
        "processID": "p1",
    }


FORMS: dict[str, Callable[[Reading], bytes]] = {
    "Go": as_go_console,
    "Python": as_python_console,
    "Zipkin": zipkin_traces,
    "flat Zipkin": as_flat_zipkin,
    "Jaeger": as_jaeger,
    "lines of Jaeger": as_jaeger_lines,
}


@pytest.fixture(scope="module")
def contents() -> dict[str, bytes]:
    """Return the same traffic in every form; those of one text are larger than what is searched for duplicate keys."""
    reading = whole_microseconds(traffic(2600))
    written = {form: write(reading) for form, write in FORMS.items()}
    assert all(len(content) > 1 << 20 for content in written.values())
    return written


@pytest.mark.parametrize("form", FORMS)
def test_traces_are_dropped_once_they_are_judged(tmp_path: Path, contents: dict[str, bytes], form: str) -> None:
    (tmp_path / "traces").write_bytes(contents[form])
    report = assert_same([tmp_path / "traces"])
    assert report.reading is not None
    assert 0 < len(report.reading.traces) < report.reading.trace_count / 10


@pytest.mark.parametrize("form", FORMS)
def test_chosen_traces_are_held(tmp_path: Path, contents: dict[str, bytes], form: str) -> None:
    (tmp_path / "traces").write_bytes(contents[form])
    chosen = [trace.trace_id for trace in whole([tmp_path / "traces"], CONTRACTS).reading.traces[10:12]]  # type: ignore[union-attr]
    report = assert_same([tmp_path / "traces"], *chosen, hold=True)
    assert report.reading is not None
    assert [trace.trace_id for trace in report.reading.traces] == chosen


def outcome(verified: Callable[[], Report | None]) -> str:
    try:
        report = verified()
    except SourceError as error:
        return f"{error}"
    return render_json(report) + render_text(report) if report else "not streamed"


@pytest.mark.parametrize("form", FORMS)
def test_a_file_that_is_damaged_is_refused_as_when_it_is_held(
    tmp_path: Path, contents: dict[str, bytes], form: str
) -> None:
    """One that is cut short, with bytes changed or left out, or with something else behind it."""
    content, file, chance = contents[form], tmp_path / "traces", random.Random(5)
    refused = 0
    for change in (cut, replaced, left_out, followed) * 2:
        file.write_bytes(change(content, chance))
        there = outcome(lambda: streamed([file], CONTRACTS))
        assert there in (outcome(lambda: whole([file], CONTRACTS)), "not streamed"), change
        refused += "spanpact" not in there
    assert refused > 2


def cut(content: bytes, chance: random.Random) -> bytes:
    return content[: chance.randrange(len(content))]


def replaced(content: bytes, chance: random.Random) -> bytes:
    """Return the content with a value of another type, somewhere behind the start."""
    at = content.index(b'": "', chance.randrange(len(content) // 2, len(content) - 5000))
    end = content.index(b'"', at + 4)
    return content[: at + 3] + b"[7]" + content[end + 1 :]


def left_out(content: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(content))
    return content[:at] + content[at + chance.randrange(1, 100) :]


def followed(content: bytes, chance: random.Random) -> bytes:
    return content + chance.choice([b"", b"\n", b"\n[]\n", b"\n{}", b"x", content])


def test_spans_that_share_an_id_are_told_apart_in_a_large_text(tmp_path: Path) -> None:
    """The server's half of a span may come long after the spans below it."""
    spans = []
    for number in range(4000):
        ids = {"traceId": f"{number % 500 + 1:032x}", "timestamp": 1_800_000_000_000_000 + number}
        client, below = f"{2 * number + 1:016x}", f"{2 * number + 2:016x}"
        spans.append({**ids, "id": below, "parentId": client, "name": "db", "localEndpoint": {"serviceName": "b"}})
        spans.append({**ids, "id": client, "name": "call", "kind": "CLIENT", "localEndpoint": {"serviceName": "a"}})
        half = {"kind": "SERVER", "shared": True, "localEndpoint": {"serviceName": "b"}}
        spans.insert(0, {**ids, "id": client, "name": "serve", **half})
    file = tmp_path / "traces.json"
    file.write_text(json.dumps(spans))
    assert file.stat().st_size > 1 << 20
    assert_same([file])
    in_groups = {span.span_id: span.parent_id for trace in OtlpFileSource(file).read().traces for span in trace.spans}
    at_once = {span.span_id: span.parent_id for span in decode_zipkin(file.read_bytes(), SharedValues())}
    assert in_groups == at_once


@given(situations.filter(lambda situation: has_spans(situation[1])))
@settings(max_examples=examples(40), **QUIET)
def test_traces_of_every_kind_in_every_format(tmp_path: Path, situation: Situation) -> None:
    contracts, reading = situation
    for form, content in every_form(reading):
        (tmp_path / "traces").write_bytes(content)
        files = [tmp_path / "traces"]
        there = streamed(files, contracts)
        assert there is None or render_json(there) == render_json(whole(files, contracts)), form


def every_form(reading: Reading) -> Iterator[tuple[str, bytes]]:
    memory = utf8(reading)
    yield "Go", as_go_console(without_resource_schema(with_values(memory, is_of_go)))
    cut_times = whole_microseconds(memory)
    yield "Python", as_python_console(with_values(cut_times, is_json))
    yield "Zipkin", as_zipkin(each_id_once(with_service_only(with_values(cut_times, is_a_tag, of_events=is_json))))
    yield "Jaeger", as_jaeger(with_values(cut_times, is_a_tag))


def test_files_of_several_formats(tmp_path: Path, contents: dict[str, bytes]) -> None:
    """Spans of one trace in two formats are put together; what both formats carry is judged."""
    several = [*requests(2000)]
    several[3] = broken(several[3])
    otlp = written(tmp_path / "spans.jsonl", several)
    (tmp_path / "zipkin.json").write_bytes(contents["Zipkin"])
    (tmp_path / "jaeger.json").write_bytes(contents["lines of Jaeger"])
    assert_same([otlp, tmp_path / "jaeger.json"])
    logs = written(tmp_path / "logs.jsonl", [of_records([line(several[0].traces[0].trace_id, "", body="a@b.example")])])
    logs.write_bytes(logs.read_bytes().replace(b'"resourceSpans":[],', b""))
    report = assert_same([tmp_path / "zipkin.json", logs])
    assert report.reading is not None
    assert "logs" in report.reading.source.capabilities
