"""Each format is read from a file that a real program wrote (`recordings/README.md`)."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from spanpact.errors import SourceError, SourceUnfinished
from spanpact.sources import OtlpFileSource
from spanpact.sources.files import formats
from spanpact.sources.files.byte_stream import open_file
from spanpact.sources.files.formats import Start, all_formats
from spanpact.sources.jaeger.legacy_api import JaegerLegacy
from spanpact.trace.model import Span, Trace
from tests.sources.files.compressing import zstd

FOLDER = Path(__file__).parent / "recordings"
RECORDINGS = sorted(path.name for path in FOLDER.iterdir() if path.suffix in (".json", ".jsonl", ".txt", ".otlp"))
READ = [name for name in RECORDINGS if name != "java-log.txt"]
COMPRESSED: dict[str, Callable[[bytes], bytes]] = {"plain": bytes, "gzip": gzip.compress, "zstd": zstd.compress}


def shop(name: str) -> Trace:
    """Return the trace of the request in a recording."""
    (trace,) = (each for each in OtlpFileSource(FOLDER / name).read().traces if len(each.spans) > 1)
    return trace


def spans(trace: Trace) -> dict[str, Span]:
    return {span.name.lower(): span for span in trace.spans}  # Zipkin's server writes names in lower case


@pytest.mark.parametrize("compression", COMPRESSED)
@pytest.mark.parametrize("name", READ)
def test_a_recording_is_read_whatever_its_name_and_compression(tmp_path: Path, name: str, compression: str) -> None:
    path = tmp_path / "traces"
    path.write_bytes(COMPRESSED[compression]((FOLDER / name).read_bytes()))
    reading = OtlpFileSource(path).read()
    assert reading.traces[0].complete
    assert max(len(trace.spans) for trace in reading.traces) == 4
    assert reading.unread == ()


@pytest.mark.parametrize("name", READ)
def test_its_trace_is_the_one_that_the_program_made(name: str) -> None:
    trace = shop(name)
    found = spans(trace)
    assert sorted(found) == ["get /cart", "load cart", "publish", "select carts"]
    top, load, select = found["get /cart"], found["load cart"], found["select carts"]
    assert len(trace.trace_id) == 32
    assert {span.trace_id for span in trace.spans} == {trace.trace_id}
    assert {found[each].parent_id for each in found if each != "get /cart"} == {top.span_id}
    assert (top.kind, select.kind, found["publish"].kind) == ("server", "client", "producer")
    assert (top.status, select.status) == ("ok", "error")
    assert top.resource.attributes["service.name"] == "Shop"
    assert top.attributes["http.route"] == "/cart"
    assert top.attributes["http.response.status_code"] in (500, "500")
    assert top.start_ns <= load.start_ns <= load.end_ns <= top.end_ns
    assert 1_795_000_000 < top.start_ns // 1_000_000_000 < 1_900_000_000
    assert [event.name for event in load.events] == ["cache miss", "bare"]
    assert [event.name for event in select.events] == ["exception"]


@pytest.mark.parametrize("name", READ)
def test_what_the_format_can_carry_is_there(name: str) -> None:
    """What a format loses it must not claim."""
    reading = OtlpFileSource(FOLDER / name).read()
    carries = reading.source.capabilities
    found = spans(shop(name))
    load, select = found["load cart"], found["select carts"]
    checks: dict[str, tuple[Any, Any]] = {
        "status_message": (select.status_message, "no answer"),
        "scope": ((load.scope.name, load.scope.version), ("shop.web", "1.2.0")),
        "resource": (load.resource.attributes.get("deployment.environment.name"), "test"),
        "links": ([link.attributes for link in load.links], [{"why": "prices"}]),
        "value_types": (load.attributes["cart.items"], ["pen", "ink"]),
        "number_types": (type(load.attributes["cart.total"]), float),
        "events": (load.events[0].attributes if load.events else None, {"cache.key": "cart", "cache.size": 3}),
        "remote": (load.parent_remote, False),
    }
    for capability, (seen, wanted) in checks.items():
        assert capability not in carries or seen == wanted, capability
    fine = any(span.start_ns % 1000 for trace in reading.traces for span in trace.spans)
    assert (reading.source.resolution_ns == 1) is fine


@pytest.mark.parametrize("name", RECORDINGS)
def test_at_most_one_format_recognises_a_file(name: str) -> None:
    with open_file(str(FOLDER / name)) as file:
        found = [format.name for format in all_formats() if format.recognizes(Start(file.start))]
    assert len(found) == (name in READ), found


@pytest.mark.parametrize("one", READ)
@pytest.mark.parametrize("other", ["python-otlp.jsonl", "jaeger-trace.json", "python-console.txt"])
def test_a_file_of_two_formats_is_refused(tmp_path: Path, one: str, other: str) -> None:
    first, second = (FOLDER / one).read_bytes(), (FOLDER / other).read_bytes()
    with open_file(str(FOLDER / one)) as a, open_file(str(FOLDER / other)) as b:
        same = formats.detect(a.start, "a") is formats.detect(b.start, "b")
    path = tmp_path / "traces"
    path.write_bytes(first + b"\n" + second)
    if same or one.endswith(".otlp"):
        return
    with pytest.raises(SourceError, match=r"at once|not "):
        OtlpFileSource(path).read()


def test_lines_of_a_log_are_refused_with_the_way_to_take_them_out(tmp_path: Path) -> None:
    path = FOLDER / "java-log.txt"
    with pytest.raises(SourceError, match=r"line 2, column 7: JSON begins behind 'INFO: '.*sed -n 's/\^INFO: //p'"):
        OtlpFileSource(path).read()
    lines = tmp_path / "lines"
    kept = (line.removeprefix("INFO: ") for line in path.read_text().splitlines() if line.startswith("INFO: "))
    lines.write_text("\n".join(kept))
    assert len(OtlpFileSource(lines).read().traces) == 2


def test_jaegers_json_claims_what_its_old_api_does() -> None:
    read = OtlpFileSource(FOLDER / "jaeger-trace.json").read().source
    assert read.capabilities - {"complete"} == JaegerLegacy.capabilities
    assert read.resolution_ns == JaegerLegacy.resolution_ns


def test_what_jaegers_storage_lost_is_found_out(tmp_path: Path) -> None:
    """Badger keeps lists as texts: an answer without any list may come from it."""
    recording = json.loads((FOLDER / "jaeger-v3-trace.json").read_text())
    assert "value_types" in OtlpFileSource(FOLDER / "jaeger-v3-trace.json").read().source.capabilities
    for group in recording["result"]["resourceSpans"]:
        for scoped in group["scopeSpans"]:
            for span in scoped["spans"]:
                kept = [each for each in span.get("attributes", []) if "arrayValue" not in each["value"]]
                span["attributes"] = kept
                span["attributes"].append({"key": "@jaeger@warnings", "value": {"stringValue": "x"}})
    path = tmp_path / "traces"
    path.write_text(json.dumps(recording))
    reading = OtlpFileSource(path).read()
    assert "value_types" not in reading.source.capabilities
    assert not any("@jaeger@warnings" in span.attributes for trace in reading.traces for span in trace.spans)


@pytest.mark.parametrize("name", READ)
def test_a_recording_that_is_cut_may_still_be_written(tmp_path: Path, name: str) -> None:
    whole = (FOLDER / name).read_bytes()
    path = tmp_path / "traces"
    for end in (5, len(whole) // 3, len(whole) // 2, len(whole) - 9):
        path.write_bytes(whole[:end])
        if whole[:end].endswith((b"}\n", b"]\n")):
            continue
        with pytest.raises(SourceUnfinished):
            OtlpFileSource(path, growing=True).read()
    path.write_bytes(whole)
    assert not any(trace.complete for trace in OtlpFileSource(path, growing=True).read().traces)


@pytest.mark.parametrize("name", [name for name in READ if not name.startswith("collector-")])
def test_half_a_surrogate_pair_costs_one_character(tmp_path: Path, name: str) -> None:
    """JavaScript cuts a long text within an emoji. In one line and in several, alone and among other texts."""
    path = tmp_path / "traces"
    path.write_bytes((FOLDER / name).read_bytes().replace(b"/cart", rb"/cart\ud83d"))
    tops = [s for t in OtlpFileSource(path).read().traces for s in t.spans if s.kind == "server"]
    assert [span.attributes["http.route"] for span in tops] == ["/cart\ufffd"]
    if name.endswith((".jsonl", "-exporter.json")):
        path.write_bytes(path.read_bytes().replace(b"\n", b" "))
        tops = [s for t in OtlpFileSource(path).read().traces for s in t.spans if s.kind == "server"]
        assert [span.attributes["http.route"] for span in tops] == ["/cart\ufffd"]
