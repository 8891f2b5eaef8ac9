"""The memory source: finished spans and log records of a real SDK, as they are."""

from __future__ import annotations

from enum import IntEnum
from types import SimpleNamespace

import pytest
from opentelemetry._logs import LogRecord as SdkLogRecord
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased
from opentelemetry.trace import StatusCode

from spanpact.contract.loader import load_text
from spanpact.sources import MemorySource, TraceSource, encode_traces_json
from spanpact.trace.attributes import IrregularAttributes
from spanpact.trace.model import NO_SCOPE, Link
from spanpact.verification.verifying import verify
from tests.sources.readings import Recorder, a_session_trace


def test_every_field_of_a_span_is_converted() -> None:
    recorder = Recorder()
    trace_id = a_session_trace(recorder)
    [trace] = MemorySource(recorder.exporter, scenarios={trace_id: "hit"}, offered=1).read().traces
    get, query, top = trace.spans
    assert (trace.trace_id, trace.scenario, trace.complete) == (trace_id, "hit", True)
    assert (top.name, top.kind, top.parent_id, top.parent_remote) == (
        "session.validate",
        "server",
        f"{0xDEF:016x}",
        True,
    )
    assert top.trace_state == "vendor=a,other=b"
    assert top.attributes == {"session.valid": True, "tries": 2, "ratio": 0.5, "tags": ["a", "b"], "raw": b"\x00\xff"}
    assert top.links == [Link(f"{1:032x}", f"{2:016x}", {"why": "batch"})]
    assert (get.kind, get.status, get.status_message, get.parent_id) == ("client", "error", "timed out", top.span_id)
    assert (get.parent_remote, query.status) == (False, "ok")
    assert [event.name for event in get.events] == ["exception"]
    assert get.events[0].attributes == {"exception.type": "TimeoutError"}
    assert top.start_ns <= get.start_ns <= get.events[0].time_ns <= get.end_ns <= top.end_ns
    assert (query.scope.name, query.scope.version, query.scope.attributes) == ("other", "1.0", {"part": "other"})
    assert top.resource.schema_url == "https://schemas.example/1"
    assert top.resource is get.resource is query.resource
    assert top.scope is get.scope


def test_dropped_counts_are_kept() -> None:
    recorder = Recorder()
    with recorder.tracer().start_as_current_span("a") as span:
        for number in range(130):
            span.set_attribute(str(number), number)
            span.add_event("e")
    [trace] = MemorySource(recorder.spans).read().traces
    assert (trace.spans[0].dropped_attributes, trace.spans[0].dropped_events) == (2, 2)


def test_a_list_of_spans_is_accepted_and_read_anew_each_time() -> None:
    recorder = Recorder()
    source = MemorySource(recorder.exporter, complete=False)
    assert source.read().traces == ()
    a_session_trace(recorder)
    assert source.read().traces == MemorySource(list(recorder.spans), complete=False).read().traces
    assert [trace.complete for trace in source.read().traces] == [False]


class Name(str):
    """As SQLAlchemy's names of tables are: a string with a text of its own."""

    def __str__(self) -> str:
        return "other"


class Number(float):
    """As numpy's numbers are."""


class Code(IntEnum):
    GONE = 410


def test_values_of_derived_types_become_built_in_ones_and_can_be_encoded() -> None:
    recorder = Recorder()
    with recorder.tracer().start_as_current_span(Name("a")) as span:
        span.set_attributes({Name("table"): Name("users"), "ratio": Number(0.5), "code": Code.GONE, "of": [Name("b")]})
        span.add_event(Name("e"))
        span.set_status(StatusCode.ERROR, Name("down"))
    reading = MemorySource(recorder.exporter).read()
    [trace] = reading.traces
    [seen] = trace.spans
    assert (seen.name, seen.status_message, seen.events[0].name) == ("a", "down", "e")
    assert seen.attributes == {"table": "users", "ratio": 0.5, "code": 410, "of": ["b"]}
    assert b'"users"' in encode_traces_json(reading)


def test_traces_come_in_the_order_in_which_they_ended() -> None:
    recorder = Recorder()
    tracer = recorder.tracer()
    for name in ("a", "b"):
        tracer.start_span(name).end()
    assert [trace.spans[0].name for trace in MemorySource(recorder.exporter).read().traces] == ["a", "b"]


def test_log_records_come_with_their_trace() -> None:
    recorder = Recorder()
    with recorder.tracer().start_as_current_span("a") as span:
        recorder.logger.emit(SdkLogRecord(body="in", severity_text="INFO", timestamp=7))
    recorder.logger.emit(SdkLogRecord(body="out"))
    source = MemorySource(recorder.exporter, logs=recorder.log_exporter)
    [trace] = source.read().traces
    [log] = trace.logs
    assert (log.body, log.severity, log.time_ns, log.scope.name) == ("in", "INFO", 7, "tests.logs")
    assert (log.trace_id, log.span_id) == (trace.trace_id, format(span.get_span_context().span_id, "016x"))
    assert MemorySource(recorder.exporter, logs=list(recorder.log_exporter.get_finished_logs())).read() == source.read()


def test_log_records_of_an_unsampled_request_make_no_trace() -> None:
    recorder = Recorder()
    unsampled = TracerProvider(sampler=ParentBased(ALWAYS_OFF), shutdown_on_exit=False)
    with unsampled.get_tracer("t").start_as_current_span("a"):
        recorder.logger.emit(SdkLogRecord(body="in"))
    assert MemorySource(recorder.exporter, logs=recorder.log_exporter).read().traces == ()


def test_logs_and_offered_are_capabilities_only_if_given() -> None:
    assert {"logs", "offered"}.isdisjoint(MemorySource([]).info.capabilities)
    assert {"logs", "offered"} <= MemorySource([], logs=[], offered=3).info.capabilities
    assert MemorySource([], offered=3).read().offered == 3


def test_it_is_a_source_and_closes_without_effect() -> None:
    with MemorySource([]) as source:
        assert isinstance(source, TraceSource)
    assert source.read().traces == ()


class Hostile:
    def __str__(self) -> str:
        raise RuntimeError("asked for my text")

    __repr__ = __str__


def test_any_object_with_the_attributes_of_a_span_is_accepted() -> None:
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    provider.get_tracer("t").start_span("a").end()
    [real] = exporter.get_finished_spans()
    names = ("name", "context", "parent", "kind", "start_time", "status", "events", "links", "resource")
    dropped = {"dropped_attributes": 0, "dropped_events": 0, "dropped_links": 0}
    copied = {name: getattr(real, name) for name in names} | dropped
    odd = {"map": {"a": (1, 2)}, "odd": Hostile()}
    made = SimpleNamespace(**copied, attributes=odd, instrumentation_scope=None, end_time=None)
    [trace] = MemorySource([made]).read().traces
    assert trace.spans[0].attributes == {"map": {"a": [1, 2]}, "odd": "<Hostile>"}
    assert (trace.spans[0].scope, trace.spans[0].end_ns) == (NO_SCOPE, 0)


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, [1, 2**63]])
def test_an_integer_that_no_exporter_sends_is_left_out_and_named(value: object) -> None:
    recorder = Recorder()
    with recorder.tracer().start_as_current_span("a", attributes={"serial": value, "n": 1}):  # type: ignore[dict-item]
        pass
    [trace] = MemorySource(recorder.spans).read().traces
    attributes = trace.spans[0].attributes
    assert attributes == {"n": 1}
    assert isinstance(attributes, IrregularAttributes)
    assert attributes.unsent == {"serial"}
    plan = load_text("spanpact: 1\ncontract: c\nversion: 1.0.0\nspan: a\nattributes: {serial: present}\n")
    [finding] = verify([plan], MemorySource(recorder.spans).read()).findings
    assert (finding.id, finding.hint) == (
        "attribute-missing", "serial holds an integer beyond 64 bits: exporters do not send it",
    )  # fmt: skip


@pytest.mark.parametrize("value", [2**63 - 1, -(2**63), [2**63 - 1], True])
def test_integers_of_64_bits_are_kept(value: object) -> None:
    recorder = Recorder()
    with recorder.tracer().start_as_current_span("a", attributes={"serial": value}):  # type: ignore[dict-item]
        pass
    [trace] = MemorySource(recorder.spans).read().traces
    assert type(trace.spans[0].attributes) is dict
