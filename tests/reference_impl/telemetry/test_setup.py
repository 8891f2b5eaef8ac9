"""One call configures tracing: exporter, processors, ids, warnings, global provider (S1.1)."""

from __future__ import annotations

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from reference_impl.settings import Settings
from reference_impl.telemetry import configure_tracing
from tests.reference_impl.export.otlp_sink import OtlpSink
from tests.reference_impl.python_process import run_python
from tests.reference_impl.telemetry.telemetry_support import Collecting, make_spans, settings_for


def test_injected_processors_replace_the_otlp_export() -> None:
    memory = InMemorySpanExporter()
    telemetry = configure_tracing(settings_for(), span_processors=[SimpleSpanProcessor(memory)])
    make_spans(telemetry, 1)
    assert telemetry.flush(5)
    assert [span.name for span in memory.get_finished_spans()] == ["work 0"]
    assert telemetry.ledger().ended == 0
    assert telemetry.shutdown(5)


def test_no_exporter_and_a_disabled_sdk_send_nothing(monkeypatch: pytest.MonkeyPatch, sink: OtlpSink) -> None:
    telemetry = configure_tracing(settings_for(sink.url, traces_exporter="none"))
    make_spans(telemetry, 1)
    assert telemetry.shutdown(5)
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    telemetry = configure_tracing(Settings.load(endpoint=sink.url))
    make_spans(telemetry, 1)
    assert telemetry.shutdown(5)
    assert telemetry.ledger().ended == 0
    assert sink.spans == []


def test_seeded_ids_are_the_same_on_every_run_whatever_the_number_of_spans() -> None:
    seen = []
    for spans in (1, 5):
        telemetry = configure_tracing(settings_for(id_seed=7), exporter=Collecting())
        tracer = telemetry.tracer("tests")
        with tracer.start_as_current_span("first") as first:
            for _ in range(spans):
                tracer.start_span("child").end()
        second = tracer.start_span("second")
        seen.append((first.get_span_context().trace_id, second.get_span_context().trace_id))
        second.end()
        telemetry.shutdown(5)
    assert seen[0] == seen[1]
    assert seen[0][0] != seen[0][1]


def test_settings_warnings_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    environ = {"OTEL_TRACES_SAMPLER_ARG": "0.5", "OTEL_SAMPLING_RATE": "0.1"}
    configure_tracing(Settings.load(environ), exporter=Collecting()).shutdown(5)
    assert [record.message for record in caplog.records] == [
        "OTEL_TRACES_SAMPLER_ARG and OTEL_SAMPLING_RATE differ: OTEL_TRACES_SAMPLER_ARG is used"
    ]


GLOBAL = """
import logging
from opentelemetry import propagate, trace
from reference_impl.settings import Settings
from reference_impl.telemetry import configure_tracing
logging.disable(logging.CRITICAL)
settings = Settings.load(traces_exporter="none")
first = configure_tracing(settings, register_global=True)
second = configure_tracing(settings, register_global=True)
assert first.is_global and trace.get_tracer_provider() is first.provider
assert not second.is_global and second.tracer("x").start_span("y").is_recording()
assert propagate.get_global_textmap().fields == {"traceparent", "tracestate", "baggage"}
"""


def test_global_registration_happens_once_and_a_second_one_is_told() -> None:
    done = run_python("-c", GLOBAL)
    assert (done.returncode, done.stderr) == (0, "")


def test_no_tracer_of_the_global_provider_is_used() -> None:
    telemetry = configure_tracing(settings_for(), exporter=Collecting())
    assert trace.get_tracer_provider() is not telemetry.provider
    telemetry.shutdown(5)
