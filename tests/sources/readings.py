"""Hypothesis strategies for the neutral model, and real spans of the OpenTelemetry SDK, for the tests of sources."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st
from opentelemetry import trace as api
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.resources import Resource as SdkResource
from opentelemetry.sdk.trace import ReadableSpan, Tracer, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from spanpact.trace.model import Event, Link, LogRecord, Reading, Resource, Scope, SourceInfo, Span, Trace, Value

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
counts = st.integers(0, 2**32 - 1)
times = st.integers(0, 2**64 - 1)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | texts
    | st.binary(max_size=8)
)
values: st.SearchStrategy[Value] = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3), max_leaves=3
)
attributes = st.dictionaries(names, values, max_size=3)
trace_ids = st.integers(1, 2**128 - 1).map(lambda number: format(number, "032x"))
span_ids = st.integers(1, 2**64 - 1).map(lambda number: format(number, "016x"))
resources = st.builds(Resource, attributes, texts, counts)
scopes = st.builds(Scope, texts, texts, attributes, texts, counts)
SENDER: dict[str, Any] = {"resource": resources, "scope": scopes}
"""The fields of spans and log records that say who made them."""
events = st.lists(st.builds(Event, names, times, attributes, counts), max_size=2).map(lambda found: found or ())
links = st.lists(st.builds(Link, trace_ids, span_ids, attributes, texts, counts), max_size=2).map(
    lambda found: found or ()
)


def spans(trace_id: str) -> st.SearchStrategy[Span]:
    """Any span of one trace."""
    return st.builds(
        Span,
        trace_id=st.just(trace_id),
        span_id=span_ids,
        name=names,
        parent_id=st.just("") | span_ids,
        kind=st.sampled_from(["unspecified", "internal", "server", "client", "producer", "consumer"]),
        start_ns=times,
        end_ns=times,
        status=st.sampled_from(["unset", "ok", "error"]),
        status_message=texts,
        attributes=attributes,
        events=events,
        links=links,
        **SENDER,
        trace_state=texts,
        parent_remote=st.none() | st.booleans(),
        **dict.fromkeys(["dropped_attributes", "dropped_events", "dropped_links"], counts),
    )


def logs(trace_id: str) -> st.SearchStrategy[LogRecord]:
    """Any log record of one trace."""
    return st.builds(
        LogRecord,
        trace_id=st.just(trace_id),
        span_id=st.just("") | span_ids,
        event_name=texts,
        body=values,
        severity=names,
        time_ns=times,
        attributes=attributes,
        **SENDER,
        severity_number=st.integers(0, 24),
        trace_flags=st.integers(0, 255),
        dropped_attributes=counts,
    )


def traces(trace_id: str) -> st.SearchStrategy[Trace]:
    """Any complete trace with this id and at least one span."""
    return st.builds(
        Trace,
        st.just(trace_id),
        st.lists(spans(trace_id), min_size=1, max_size=2).map(tuple),
        st.lists(logs(trace_id), max_size=2).map(tuple),
    )


readings = (
    st.lists(trace_ids, unique=True, max_size=2)
    .flatmap(lambda ids: st.tuples(*(traces(trace_id) for trace_id in ids)))
    .map(lambda made: Reading(SourceInfo("generated"), made))
)


class Recorder:
    """A real SDK with in-memory exporters, for traces and for logs."""

    def __init__(self, **resource: Any) -> None:
        self.exporter = InMemorySpanExporter()
        self.log_exporter = InMemoryLogRecordExporter()
        described = SdkResource(resource or {"service.name": "studio-api"}, "https://schemas.example/1")
        self.provider = TracerProvider(resource=described, shutdown_on_exit=False)
        self.provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.logger_provider = LoggerProvider(resource=described, shutdown_on_exit=False)
        self.logger_provider.add_log_record_processor(SimpleLogRecordProcessor(self.log_exporter))
        self.logger = self.logger_provider.get_logger("tests.logs", "2")

    def tracer(self, name: str = "tests", version: str = "1.0") -> Tracer:
        return self.provider.get_tracer(name, version, attributes={"part": name})  # type: ignore[return-value]

    @property
    def spans(self) -> Sequence[ReadableSpan]:
        return self.exporter.get_finished_spans()


def a_session_trace(recorder: Recorder) -> str:
    """Records one trace that uses everything that a span can carry; gives its trace id."""
    state = api.TraceState([("vendor", "a"), ("other", "b")])
    remote = api.SpanContext(0xABC, 0xDEF, True, api.TraceFlags(1), state)
    context = api.set_span_in_context(api.NonRecordingSpan(remote))
    linked = api.Link(api.SpanContext(1, 2, False), {"why": "batch"})
    tracer = recorder.tracer()
    with tracer.start_as_current_span("session.validate", context, api.SpanKind.SERVER, links=[linked]) as top:
        top.set_attributes({"session.valid": True, "tries": 2, "ratio": 0.5, "tags": ["a", "b"], "raw": b"\x00\xff"})
        with tracer.start_as_current_span("redis.get", kind=api.SpanKind.CLIENT) as get:
            get.add_event("exception", {"exception.type": "TimeoutError"})
            get.set_status(api.StatusCode.ERROR, "timed out")
        with recorder.tracer("other").start_as_current_span("db.query") as query:
            query.set_status(api.StatusCode.OK)
    return format(remote.trace_id, "032x")
