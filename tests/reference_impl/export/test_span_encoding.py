"""Encoded spans: they decode to what OpenTelemetry's own encoder would have sent (S1.1)."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.exporter.otlp.proto.common import trace_encoder
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan, SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags, TraceState

from reference_impl.export import span_encoding
from reference_impl.export.sanitizing import sanitize_span
from reference_impl.export.span_encoding import MAX_TEXT, MOST_ATTRIBUTES, MOST_VALUES, SpanEncoder, encoded_ahead

RESOURCES = (Resource({"service.name": "studio-api"}), Resource({"host": ["a", "b"]}, "https://schema/1"))
SCOPES = (InstrumentationScope("a", "1", "https://schema/2", {"k": 1}), InstrumentationScope("b"), None)


def as_sent(spans: Sequence[ReadableSpan], encoder: SpanEncoder | None = None) -> ExportTraceServiceRequest:
    request: ExportTraceServiceRequest = ExportTraceServiceRequest.FromString((encoder or SpanEncoder()).encode(spans))
    return request


def span_of(**given: Any) -> ReadableSpan:
    usual = {"context": SpanContext(1, 2, False, TraceFlags(1)), "start_time": 5, "end_time": 7}
    return ReadableSpan("redis.get", **{**usual, "resource": RESOURCES[0], **given})


def differently_kept() -> ReadableSpan:
    """Return a span of an SDK that keeps events under another name."""

    class Other(ReadableSpan):
        events, dropped_events = (), 0

    usual = span_of()
    other = Other(usual.name, usual.context, resource=usual.resource, start_time=5, end_time=7)
    del other._events
    return other


@pytest.fixture
def by_the_sdk(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Collect the number of spans of each call of the SDK's own encoder, which still runs."""
    calls: list[int] = []

    def counted(spans: Sequence[ReadableSpan]) -> ExportTraceServiceRequest:
        calls.append(len(spans))
        return trace_encoder.encode_spans(spans)

    monkeypatch.setattr(span_encoding, "encode_spans", counted)
    return calls


ids = st.integers(1, 2**64 - 1)
contexts = st.builds(
    lambda trace, span, remote, state: SpanContext((trace << 64) + span, span, remote, TraceFlags(1), state),
    ids, ids, st.booleans(), st.sampled_from([TraceState(), TraceState([("vendor", "1")])]),
)  # fmt: skip
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
simple = st.one_of(st.none(), st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False), texts)
values = st.one_of(
    simple, st.binary(max_size=9), st.lists(simple, max_size=3), st.dictionaries(texts, simple, max_size=2)
)
attributes = st.dictionaries(texts, values, max_size=6)
moments = st.integers(0, 2**64 - 1)
statuses = st.sampled_from([Status(), Status(StatusCode.OK), Status(StatusCode.ERROR), Status(StatusCode.ERROR, "é")])
spans = st.builds(
    ReadableSpan,
    texts,
    contexts,
    st.none() | contexts,
    st.sampled_from(RESOURCES),
    attributes,
    st.lists(st.builds(Event, texts, attributes, moments), max_size=1),
    st.lists(st.builds(Link, contexts, attributes), max_size=1),
    st.sampled_from(list(SpanKind)),
    status=statuses,
    start_time=moments,
    end_time=moments,
    instrumentation_scope=st.sampled_from(SCOPES),
)


@given(st.lists(spans, min_size=1, max_size=5))
def test_what_is_sent_is_what_the_sdk_would_have_sent(batch: list[ReadableSpan]) -> None:
    assert as_sent(batch) == encode_spans(batch)


def test_spans_that_were_made_by_the_sdk_are_sent_with_what_they_dropped(by_the_sdk: list[int]) -> None:
    memory = InMemorySpanExporter()
    limits = SpanLimits(max_span_attributes=2)
    provider = TracerProvider(span_limits=limits, shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(memory))
    tracer = provider.get_tracer("tests")
    for number in (2, 3):
        with tracer.start_as_current_span("parent"), tracer.start_as_current_span("child", kind=SpanKind.CLIENT) as one:
            one.set_attributes({f"a{index}": index for index in range(number)})
    finished = memory.get_finished_spans()
    assert as_sent(finished) == encode_spans(finished)
    assert by_the_sdk == [1, 1]  # once for resource and scope, once for the span that dropped one


def test_ordinary_spans_are_encoded_here_and_what_is_rare_by_the_sdk(by_the_sdk: list[int]) -> None:
    encoder = SpanEncoder()
    encoder.encode([span_of(attributes={"operation": "GET", "latency_ms": 0.5, "cache_hit": True, "port": -6379})] * 3)
    assert by_the_sdk == [1]  # resource and scope
    encoder.encode([span_of(events=[Event("opened")]), span_of(), span_of(attributes={"many": [1]})])
    assert by_the_sdk == [1, 1, 1]


def test_numbers_and_truth_values_that_are_equal_stay_apart() -> None:
    encoder = SpanEncoder()
    for value in (True, 1, 1.0, False, 0, 0.0, -0.0, "1"):
        batch = [span_of(attributes={"v": value})]
        assert as_sent(batch, encoder) == encode_spans(batch)
        assert as_sent(batch, encoder) == encode_spans(batch)


def test_only_the_latest_values_of_an_attribute_are_kept() -> None:
    encoder = SpanEncoder()
    for number in range(3 * MOST_VALUES):
        batch = [span_of(attributes={"correlation.id": f"c-{number}", "operation": "GET", "latency_ms": number / 7})]
        assert as_sent(batch, encoder) == encode_spans(batch)
    assert encoder.cached == MOST_VALUES + 2  # the latest ids, GET, and what stands around the spans
    again = [span_of(attributes={"correlation.id": "c-0", "operation": "GET"})]
    assert as_sent(again, encoder) == encode_spans(again)
    assert encoder.cached == MOST_VALUES + 2


def test_names_and_long_texts_that_come_and_go_are_not_all_kept() -> None:
    encoder = SpanEncoder()
    for number in range(MOST_ATTRIBUTES + 2):
        batch = [span_of(attributes={f"key {number}": "x", "long": "x" * 200})]
        assert as_sent(batch, encoder) == encode_spans(batch)
    assert encoder.cached == MOST_ATTRIBUTES + 1


def test_resources_that_come_and_go_are_not_all_kept() -> None:
    encoder = SpanEncoder()
    for number in range(3 * MOST_VALUES):
        batch = [span_of(resource=Resource({"n": number}))]
        assert as_sent(batch, encoder) == encode_spans(batch)
    assert encoder.cached <= MOST_VALUES + 1


def test_spans_that_an_sdk_keeps_differently_are_encoded_by_it(by_the_sdk: list[int]) -> None:
    encoder, other = SpanEncoder(), differently_kept()
    encoder.encode_ahead(other)
    assert encoded_ahead(other) is None
    assert as_sent([other], encoder) == encode_spans([other])
    assert by_the_sdk == [1, 1]  # resource and scope, and the span


def test_values_that_cannot_be_hashed_are_encoded_by_the_sdk(by_the_sdk: list[int]) -> None:
    class Unhashable(str):
        def __hash__(self) -> int:
            raise ValueError

    batch = [span_of(attributes={"v": Unhashable("x")})]
    assert as_sent(batch) == encode_spans(batch)
    assert by_the_sdk == [1, 1]


@pytest.mark.parametrize(
    "poison",
    [
        span_of(attributes={"v": "\ud800"}),
        span_of(attributes={"\ud800": 1}),
        span_of(start_time=-1),
        span_of(end_time=None),
        span_of(context=None),
    ],
)
def test_what_cannot_be_sent_raises(poison: ReadableSpan) -> None:
    with pytest.raises((UnicodeEncodeError, struct.error, AttributeError)):
        SpanEncoder().encode([span_of(), poison])


@given(st.lists(spans, min_size=1, max_size=5))
def test_a_span_that_was_encoded_where_it_ended_is_sent_alike(batch: list[ReadableSpan]) -> None:
    encoder = SpanEncoder()
    for span in batch:
        is_safe = sanitize_span(span) is span
        encoder.encode_ahead(span)
        assert encoded_ahead(span) is None or is_safe
    assert as_sent(batch, encoder) == encode_spans(batch)


def test_an_export_encodes_only_what_was_not_ordinary_where_it_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Others get the interpreter before each span that an export encodes."""
    pauses: list[float] = []
    monkeypatch.setattr(span_encoding, "sleep", pauses.append)
    encoder, batch = SpanEncoder(), [span_of() for _ in range(7)] + [span_of(events=[Event("opened")])]
    for span in batch:
        encoder.encode_ahead(span)
    assert as_sent(batch, encoder) == encode_spans(batch)
    assert pauses == [0]


@pytest.mark.parametrize(
    "given",
    [
        {"attributes": {"v": "\ud800"}},
        {"attributes": {"\ud800": 1}},
        {"attributes": {"v": math.nan}},
        {"attributes": {"v": "x" * (MAX_TEXT + 1)}},
        {"attributes": {"x" * (MAX_TEXT + 1): 1}},
        {"start_time": -1},
        {"resource": Resource({"v": math.nan})},
        {"resource": Resource({"v": "\ud800"})},
        {"resource": Resource({"v": ["a", math.inf]})},
    ],
)
def test_what_is_not_safe_to_send_is_left_for_the_export(
    given: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    span = span_of(**given)
    SpanEncoder().encode_ahead(span)
    assert encoded_ahead(span) is None
    assert not caplog.records  # the SDK's encoder was not asked


def test_nan_is_a_number_to_the_encoder() -> None:
    (sent,) = as_sent([span_of(attributes={"v": math.nan})]).resource_spans[0].scope_spans[0].spans
    assert math.isnan(sent.attributes[0].value.double_value)
