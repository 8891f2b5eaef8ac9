"""Unchecked attributes are those that `set_attributes` would have set, under every limit (S2.2)."""

from __future__ import annotations

from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.attributes import BoundedAttributes
from opentelemetry.sdk.trace import SpanLimits, TracerProvider
from opentelemetry.trace import NonRecordingSpan
from opentelemetry.util.types import AttributeValue

from reference_impl.instrumentation import unchecked_attributes
from reference_impl.instrumentation.unchecked_attributes import LONGEST, can_skip_checks, set_unchecked_attributes

ATTRIBUTES: dict[str, AttributeValue] = {
    "operation": "GET",
    "latency_ms": 0.25,
    "cache_hit": True,
    "server.port": 6379,
    "key": "s" * LONGEST,
}


def span_with(limits: SpanLimits) -> Any:
    provider = TracerProvider(span_limits=limits, shutdown_on_exit=False)
    span = provider.get_tracer("test").start_span("redis.get", attributes={"correlation.id": "c-1", "operation": "?"})
    assert span.is_recording()
    return span


@pytest.fixture
def sdk_calls(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Collect the calls of the SDK's own checks, which still run."""
    calls: list[Any] = []
    original = BoundedAttributes._set_items

    def counted(self: Any, attributes: Any) -> None:
        calls.append(attributes)
        original(self, attributes)

    monkeypatch.setattr(BoundedAttributes, "_set_items", counted)
    return calls


@pytest.mark.parametrize(
    ("limits", "at_once"),
    [
        (SpanLimits(), True),
        (SpanLimits(max_span_attributes=SpanLimits.UNSET, max_attribute_length=SpanLimits.UNSET), True),
        (SpanLimits(max_span_attributes=7), True),
        (SpanLimits(max_span_attributes=6), False),
        (SpanLimits(max_span_attributes=0), False),
        (SpanLimits(max_attribute_length=LONGEST), True),
        (SpanLimits(max_attribute_length=LONGEST - 1), False),
        (SpanLimits(max_span_attribute_length=3), False),
    ],
)
def test_a_span_gets_what_the_sdk_would_have_given_it(
    limits: SpanLimits, at_once: bool, sdk_calls: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    usual, ours = span_with(limits), span_with(limits)
    usual.set_attributes(ATTRIBUTES)
    sdk_calls.clear()
    set_unchecked_attributes(ours, ATTRIBUTES)
    assert sdk_calls == ([] if at_once else [ATTRIBUTES])
    assert dict(ours.attributes) == dict(usual.attributes)
    assert ours.dropped_attributes == usual.dropped_attributes


def test_a_span_keeps_no_reference_to_what_it_was_given() -> None:
    span, given = span_with(SpanLimits()), dict(ATTRIBUTES)
    set_unchecked_attributes(span, given)
    given["operation"] = "SET"
    assert span.attributes["operation"] == "GET"


def test_an_ended_span_stays_as_it_was(caplog: pytest.LogCaptureFixture) -> None:
    span = span_with(SpanLimits())
    span.end()
    set_unchecked_attributes(span, ATTRIBUTES)
    assert span.attributes["operation"] == "?"
    assert "ended span" in caplog.text


class _Filtering(NonRecordingSpan):
    """A span of another library, which keeps its attributes."""

    seen: Any = None

    def set_attributes(self, attributes: Any) -> None:
        self.seen = attributes


def test_a_span_of_another_kind_is_asked_as_usual() -> None:
    span = _Filtering(trace.INVALID_SPAN_CONTEXT)
    set_unchecked_attributes(span, ATTRIBUTES)
    assert span.seen == ATTRIBUTES


def test_a_span_that_overrides_the_sdks_method_is_asked_as_usual() -> None:
    span = span_with(SpanLimits())

    class Masking(type(span)):  # type: ignore[misc]
        def set_attributes(self, attributes: Any) -> None:
            super().set_attributes(dict.fromkeys(attributes, "***"))

    span.__class__ = Masking
    set_unchecked_attributes(span, ATTRIBUTES)
    assert span.attributes["key"] == "***"


def test_an_sdk_of_another_build_is_asked_as_usual(monkeypatch: pytest.MonkeyPatch, sdk_calls: list[Any]) -> None:
    assert unchecked_attributes.IS_KNOWN, "this SDK keeps attributes in another way: see unchecked_attributes"
    monkeypatch.setattr(unchecked_attributes, "IS_KNOWN", False)
    span = span_with(SpanLimits())
    sdk_calls.clear()
    set_unchecked_attributes(span, ATTRIBUTES)
    assert sdk_calls == [ATTRIBUTES]
    assert span.attributes["operation"] == "GET"


@pytest.mark.parametrize("value", ["s" * (LONGEST + 1), b"raw", ("a", "b"), None, object()])
def test_only_short_text_numbers_and_truth_values_are_sound(value: Any) -> None:
    assert can_skip_checks(ATTRIBUTES)
    assert not can_skip_checks({**ATTRIBUTES, "more": value})


def test_names_must_be_text_too() -> None:
    nameless: dict[Any, Any] = {"": "GET"}
    assert not can_skip_checks(nameless)
    nameless = {7: "GET"}
    assert not can_skip_checks(nameless)
