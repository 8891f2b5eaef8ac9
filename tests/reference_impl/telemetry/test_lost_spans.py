"""Each span is stored or counted as lost, and a bad span loses only itself (S1.1)."""

from __future__ import annotations

from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.trace import StatusCode

from reference_impl.export.ledger import SpanLedger
from reference_impl.export.span_encoding import MAX_TEXT
from reference_impl.export.span_exporter import SplittingExporter
from reference_impl.telemetry import configure_tracing
from tests.reference_impl.export.otlp_sink import OtlpSink
from tests.reference_impl.telemetry.telemetry_support import Collecting, make_spans, settings_for


@pytest.mark.fault("E17")
def test_a_poison_span_loses_only_itself(sink: OtlpSink) -> None:
    telemetry = configure_tracing(settings_for(sink.url))
    tracer = telemetry.tracer("tests")
    make_spans(telemetry, 30)
    tracer.start_span("negative", start_time=-5).end()
    tracer.start_span(5).end()  # type: ignore[arg-type]
    make_spans(telemetry, 31)
    assert telemetry.flush(10) is False
    reading = telemetry.ledger()
    assert (reading.ended, reading.stored, dict(reading.lost)) == (63, 61, {"encode": 2})
    assert len(sink.spans) == 61
    telemetry.shutdown(5)


@pytest.mark.fault("E18", "E19")
def test_values_are_made_safe_before_they_leave(sink: OtlpSink) -> None:
    telemetry = configure_tracing(settings_for(sink.url))
    span = telemetry.tracer("tests").start_span("lone \ud800")
    span.set_attributes(
        {"nan": float("nan"), "list": [1.0, float("inf")], "huge": "x" * (MAX_TEXT + 10), "bad \udfff": "ok", "fine": 1}
    )
    span.add_event("event \udc00", {"text": "\udc00", "number": float("-inf")})
    span.set_status(StatusCode.ERROR, "status \ud800")
    span.end()
    assert telemetry.flush(10) is True
    assert telemetry.ledger().altered == 1
    (stored,) = sink.spans
    assert (stored.name, stored.status.message) == ("lone \ufffd", "status \ufffd")
    values = {item.key: item.value for item in stored.attributes}
    assert values["nan"].string_value == "NaN"
    assert values["list"].array_value.values[1].string_value == "Infinity"
    assert len(values["huge"].string_value) == MAX_TEXT
    assert values["bad \ufffd"].string_value == "ok"
    assert stored.events[0].name == "event \ufffd"
    assert stored.events[0].attributes[1].value.string_value == "-Infinity"
    telemetry.shutdown(5)


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(3)], ids=["Exception", "BaseException"])
@pytest.mark.fault("E15", "E16")
def test_an_exporter_that_raises_loses_only_what_it_raised_for(error: BaseException) -> None:
    exporter = Collecting()
    exporter.poison["work 7"] = error
    telemetry = configure_tracing(settings_for(), exporter=exporter)
    make_spans(telemetry, 20)
    assert telemetry.flush(5) is False
    assert exporter.names == [f"work {index}" for index in range(20) if index != 7]
    make_spans(telemetry, 1, "later")
    assert telemetry.flush(5) is True
    assert dict(telemetry.ledger().lost) == {"encode": 1}
    assert telemetry.shutdown(5)


@pytest.mark.parametrize("tracing", ["fast", "plain"])
def test_an_export_that_is_redirected_is_lost(tracing: str, sink: OtlpSink) -> None:
    sink.status = 302
    telemetry = configure_tracing(settings_for(sink.url, tracing=tracing))
    make_spans(telemetry, 2)
    assert telemetry.flush(5) is False
    assert dict(telemetry.ledger().lost) == {"export": 2}
    telemetry.shutdown(5)


def test_an_exporter_without_a_network_loses_the_batch_without_more_tries() -> None:
    exporter = Collecting()
    exporter.poison["work 0"] = ConnectionRefusedError()
    telemetry = configure_tracing(settings_for(), exporter=exporter)
    make_spans(telemetry, 4)
    assert telemetry.flush(5) is False
    assert dict(telemetry.ledger().lost) == {"export": 4}
    telemetry.shutdown(5)


@pytest.mark.fault("E14")
def test_a_burst_is_dropped_by_count_at_the_queue_and_never_blocks() -> None:
    exporter = Collecting()
    exporter.released.clear()
    telemetry = configure_tracing(settings_for(max_queue_size=100), exporter=exporter)
    make_spans(telemetry, 20_000)
    reading = telemetry.ledger()
    assert (reading.ended, dict(reading.lost), reading.pending) == (20_000, {"queue_full": 19_900}, 100)
    exporter.released.set()
    assert telemetry.flush(10) is False
    assert telemetry.ledger().stored == 100
    assert exporter.names == [f"work {index}" for index in range(100)]
    telemetry.shutdown(5)


def test_a_span_that_cannot_even_be_looked_at_loses_only_itself() -> None:
    class Evil(ReadableSpan):
        @property
        def attributes(self) -> Any:
            raise RuntimeError("evil")

    ledger, inner = SpanLedger(), Collecting()
    guarded = SplittingExporter(inner, ledger)
    inner.poison["evil"] = RuntimeError("evil")
    batch = [ReadableSpan("one"), Evil("evil"), ReadableSpan("two")]
    assert all(ledger.admit(10) for _ in batch)
    assert guarded.export(batch) is SpanExportResult.FAILURE
    assert guarded.export([]) is SpanExportResult.SUCCESS
    assert guarded.force_flush()
    assert inner.names == ["one", "two"]
    assert (ledger.read().stored, dict(ledger.read().lost)) == (2, {"encode": 1})
