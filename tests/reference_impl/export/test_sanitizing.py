"""Spans sanitized for every backend, copied only if something has to change (S1.5)."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Link, SpanContext, Status, StatusCode, TraceFlags

from reference_impl.export.sanitizing import (
    MAX_DEPTH,
    MAX_ITEMS,
    TOO_DEEP,
    sanitize_span,
    sanitize_text,
    sanitize_value,
)
from reference_impl.export.span_encoding import MAX_TEXT

CONTEXT = SpanContext(1, 2, is_remote=False, trace_flags=TraceFlags(1))


def test_a_safe_span_is_given_back_itself() -> None:
    span = ReadableSpan("é", CONTEXT, attributes={"a": 1.5, "b": ["x"], "c": {"d": b"e"}, "f": None, "g": True})
    assert sanitize_span(span) is span


def test_a_changed_span_keeps_its_drop_counts_and_everything_else() -> None:
    memory = InMemorySpanExporter()
    limits = SpanLimits(max_span_attributes=2, max_events=1, max_links=1)
    provider = TracerProvider(span_limits=limits, shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(memory))
    span = provider.get_tracer("tests").start_span("name", links=[Link(CONTEXT, {"n": math.nan}), Link(CONTEXT)])
    span.set_attributes({"a": 1, "b": 2, "c": math.nan})
    span.add_event("one")
    span.add_event("two", {"n": math.inf})
    span.set_status(StatusCode.ERROR, "x" * (MAX_TEXT + 1))
    span.end()
    (finished,) = memory.get_finished_spans()
    safe = sanitize_span(finished)
    assert (safe.dropped_attributes, safe.dropped_events, safe.dropped_links) == (1, 1, 1)
    assert dict(safe.attributes or {}) == {"b": 2, "c": "NaN"}
    assert [dict(event.attributes or {}) for event in safe.events] == [{"n": "Infinity"}]
    assert safe.events[0].timestamp == finished.events[0].timestamp
    assert len(safe.status.description or "") == MAX_TEXT
    assert (safe.context, safe.start_time, safe.end_time) == (finished.context, finished.start_time, finished.end_time)
    assert safe.instrumentation_scope is finished.instrumentation_scope


def test_links_resources_and_status_are_made_safe() -> None:
    span = ReadableSpan(
        "name",
        CONTEXT,
        links=[Link(CONTEXT, {"n": math.nan})],
        resource=Resource({"host": "\ud800"}),
        status=Status(StatusCode.OK),
    )
    safe = sanitize_span(span)
    assert dict(safe.links[0].attributes or {}) == {"n": "NaN"}
    assert safe.resource.attributes["host"] == "\ufffd"
    assert safe.status is span.status


def test_depth_and_length_are_bounded() -> None:
    deep: object = "bottom"
    for _ in range(MAX_DEPTH + 2):
        deep = [deep]
    found = sanitize_value(deep)
    for _ in range(MAX_DEPTH):
        (found,) = found
    assert found == TOO_DEEP
    assert sanitize_value({"a": {"b": math.nan}}) == {"a": {"b": "NaN"}}
    assert len(sanitize_value(list(range(MAX_ITEMS + 5)))) == MAX_ITEMS
    assert len(sanitize_value(b"x" * (MAX_TEXT + 1))) == MAX_TEXT
    maps: dict[str, object] = {}
    for _ in range(MAX_DEPTH + 1):
        maps = {"m": maps}
    assert TOO_DEEP in repr(sanitize_value({"m": maps}))


def test_a_pair_of_surrogates_becomes_its_character() -> None:
    assert sanitize_text("\ud83d\ude00 \ud83d") == "\U0001f600 \ufffd"


surrogates = st.characters(categories=["Cs"])
texts = st.text(st.characters(categories=["Lu", "Ll", "Cc", "Cs"]) | surrogates, max_size=20)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | texts | st.binary(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


@given(texts, st.dictionaries(texts, values, max_size=5))
def test_whatever_a_span_holds_it_can_be_encoded_and_making_it_safe_again_changes_nothing(
    name: str, attributes: dict[str, object]
) -> None:
    safe = sanitize_span(ReadableSpan(name, CONTEXT, attributes=attributes))  # type: ignore[arg-type]
    encode_spans([safe]).SerializeToString()
    assert sanitize_span(safe) is safe


ATTRIBUTES = st.dictionaries(
    st.text(max_size=3) | st.just("k" * (MAX_TEXT + 1)),
    st.one_of(st.text(max_size=3), st.floats(), st.booleans(), st.integers(), st.just("v" * (MAX_TEXT + 1)), st.none()),
    max_size=3,
)


@given(st.text(max_size=3), ATTRIBUTES, st.dictionaries(st.just("host"), st.text(max_size=2)))
def test_what_is_given_back_itself_has_nothing_that_had_to_change(
    name: str, attributes: dict[str, Any], resource: dict[str, str]
) -> None:
    span = ReadableSpan(name, CONTEXT, attributes=attributes, resource=Resource(resource))
    unchanged = all(
        sanitize_value(part) is part
        for part in (name, *attributes, *attributes.values(), *span.resource.attributes.values())
    )
    assert (sanitize_span(span) is span) is unchanged
