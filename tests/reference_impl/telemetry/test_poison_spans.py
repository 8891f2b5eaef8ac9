"""Spans that cannot be sent, are too large, or hold values that raise: each loses at most itself (S1.1, S1.5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from opentelemetry.sdk.trace import Tracer

from reference_impl.export.span_encoding import MAX_TEXT
from reference_impl.instrumentation.operation_spans import operation_span, traced
from reference_impl.telemetry import Telemetry, configure_tracing
from tests.reference_impl.export.otlp_sink import OtlpSink
from tests.reference_impl.logs.test_hostile_values import Evil, EvilList, EvilNumber, EvilText, Nameless, cycle
from tests.reference_impl.telemetry.telemetry_support import make_spans, settings_for

GOOD = 511


def made(how: Callable[[Any], object], **options: Any) -> Callable[[Tracer], None]:
    def make(tracer: Tracer) -> None:
        span = tracer.start_span("poison", **options)
        how(span)
        span.end()

    return make


def nothing(_: Any) -> None:
    pass


POISON: dict[str, Callable[[Tracer], None]] = {
    "a start before 1970": made(nothing, start_time=-5),
    "an end in a far future": lambda tracer: tracer.start_span("poison").end(1 << 70),
    "an end before 1970": lambda tracer: tracer.start_span("poison").end(-1),
    "a name that is no text": lambda tracer: tracer.start_span(5).end(),  # type: ignore[arg-type]
    "a name of bytes": lambda tracer: tracer.start_span(b"\xff").end(),  # type: ignore[arg-type]
    "a kind that is none": made(nothing, kind="server"),
    "an event before 1970": made(lambda span: span.add_event("e", timestamp=-1)),
    "an event in a far future": made(lambda span: span.add_event("e", timestamp=1 << 70)),
}
HOSTILE = {
    "evil": Evil(), "text": EvilText("a"), "list": EvilList([1]), "number": EvilNumber(7), "nameless": Nameless(),
    "cycle": cycle(), "surrogate": "\ud800", "deep": [[[[["x"]]]]] * 3, "nan": float("nan"), "none": None, "type": Evil,
    "mixed": [1, "a", None, Evil()], "bytes": b"\xff" * 10, "key": {Nameless(): 1},
}  # fmt: skip


class EvilError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("str")

    __repr__ = __str__


@pytest.fixture(params=["fast", "plain"])
def telemetry(sink: OtlpSink, request: pytest.FixtureRequest) -> Telemetry:
    return configure_tracing(settings_for(sink.url, tracing=request.param))


@pytest.mark.fault("E17")
@pytest.mark.parametrize("kind", POISON)
def test_a_span_that_cannot_be_sent_is_the_only_one_lost(telemetry: Telemetry, sink: OtlpSink, kind: str) -> None:
    make_spans(telemetry, 200)
    POISON[kind](telemetry.tracer("tests"))  # type: ignore[arg-type]
    make_spans(telemetry, GOOD - 200)
    telemetry.flush(20)
    telemetry.shutdown(5)
    reading = telemetry.ledger()
    assert (reading.ended, reading.stored, dict(reading.lost)) == (GOOD + 1, GOOD, {"encode": 1})
    assert len(sink.spans) == GOOD
    assert "poison" not in sink.names()


@pytest.mark.fault("E20")
@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.filterwarnings("ignore::Warning")
def test_no_value_raises_at_an_operation_or_costs_another_span(telemetry: Telemetry, sink: OtlpSink, kind: str) -> None:
    value: Any = HOSTILE[kind]  # pytest itself would ask a parameter for its class
    tracer = telemetry.tracer("tests")

    class Service:
        def __init__(self) -> None:
            self.tracer = tracer

        @traced("described", lambda result: {"a": result})
        async def work(self) -> Any:
            return value

    make_spans(telemetry, 3)
    with operation_span(tracer, "hostile", attributes={"a": value}):
        pass
    with pytest.raises(StopIteration) as done:  # asyncio itself asks a result for its text
        Service().work().send(None)
    assert done.value.value is value
    with pytest.raises(EvilError) as caught, operation_span(tracer, "failed"):
        raise EvilError(value)
    assert caught.value.args[0] is value
    make_spans(telemetry, 3)
    telemetry.flush(20)
    telemetry.shutdown(5)
    reading = telemetry.ledger()
    assert reading.pending == 0
    assert reading.stored == len(sink.spans)
    assert reading.ended == reading.stored + reading.lost_total
    assert [name for name in sink.names() if name.startswith("work")] == sorted(f"work {n % 3}" for n in range(6))


@pytest.mark.fault("E19")
def test_a_span_that_is_too_large_is_cut_and_what_it_dropped_is_counted(telemetry: Telemetry, sink: OtlpSink) -> None:
    span = telemetry.tracer("tests").start_span("large")
    span.set_attributes({f"key {number}": number for number in range(10_000)})
    span.set_attribute("text", "x" * 10_000_000)
    span.add_event("event", {"text": "y" * 10_000_000})
    for number in range(1_000):
        span.add_event(f"event {number}")
    span.end()
    assert telemetry.flush(20) is True
    assert telemetry.shutdown(5) is True
    (stored,) = sink.spans
    assert (len(stored.attributes), stored.dropped_attributes_count) == (128, 10_002 - 128)
    assert (len(stored.events), stored.dropped_events_count) == (128, 1_001 - 128)
    assert {item.key: item.value for item in stored.attributes}["text"].string_value == "x" * MAX_TEXT
    assert stored.ByteSize() < 2 * MAX_TEXT + 100_000
    reading = telemetry.ledger()
    assert (reading.ended, reading.stored, reading.pending) == (1, 1, 0)
