"""A line is an OpenTelemetry log record of its span too (S5.3)."""

from __future__ import annotations

import io
import json
import logging

import pytest
from opentelemetry import trace
from opentelemetry._logs import SeverityNumber
from opentelemetry.sdk._logs import LoggerProvider, LogRecordProcessor, ReadWriteLogRecord
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter
from opentelemetry.sdk.trace import TracerProvider

from reference_impl.logs.structured import configure_logging, get_logger
from reference_impl.propagation.correlation import correlation
from tests.reference_impl.logs.logs_support import LOGGER, SERVICE, Logs, fail


def test_a_line_is_a_log_record_of_its_span_too(
    exporting: Logs, records: InMemoryLogRecordExporter, provider: TracerProvider
) -> None:
    with provider.get_tracer("t").start_as_current_span("work") as span, correlation("c-1"):
        get_logger(LOGGER).warning("session.rejected", reason="expired", tries=[1, 2])
    (readable,) = records.get_finished_logs()
    record, context = readable.log_record, span.get_span_context()
    assert (record.trace_id, record.span_id) == (context.trace_id, context.span_id)
    assert (record.body, record.event_name) == ("session.rejected", "session.rejected")
    assert (record.severity_text, record.severity_number) == ("WARN", SeverityNumber.WARN)
    assert dict(record.attributes or {}) == {"correlation.id": "c-1", "reason": "expired", "tries": (1, 2)}
    assert readable.instrumentation_scope is not None
    assert readable.instrumentation_scope.name == LOGGER
    assert exporting.one["trace_id"] == trace.format_trace_id(record.trace_id or 0)


def test_only_structlog_s_dotted_events_name_events(exporting: Logs, records: InMemoryLogRecordExporter) -> None:
    get_logger(LOGGER).info("it failed")
    get_logger(LOGGER).info("Session.Created")
    logging.getLogger(LOGGER).info("session.created")
    assert [r.log_record.event_name for r in records.get_finished_logs()] == [None, None, None]
    assert len(exporting.lines) == 3


def test_a_record_s_exception_carries_type_and_places_and_no_message(
    exporting: Logs, records: InMemoryLogRecordExporter
) -> None:
    try:
        fail("no key session:4711")
    except LookupError:
        get_logger(LOGGER).exception("x")
    (readable,) = records.get_finished_logs()
    said = dict(readable.log_record.attributes or {})
    assert said["exception.type"] == "LookupError"
    assert str(said["exception.stacktrace"]).split("\n")[0].split(":")[1] == "fail"
    assert "4711" not in readable.to_json() + exporting.stream.getvalue()


class Talking(LogRecordProcessor):
    """A processor that logs, and may raise."""

    def __init__(self, *, raising: bool) -> None:
        self.raising = raising
        self.seen: list[object] = []

    def on_emit(self, log_record: ReadWriteLogRecord) -> None:
        self.seen.append(log_record.log_record.body)
        logging.getLogger("opentelemetry.sdk").error("a word of the SDK")
        logging.getLogger("some.exporter").error("a word of an exporter")
        if self.raising:
            raise RuntimeError("no")

    def shutdown(self) -> None: ...

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        return True


@pytest.mark.parametrize("raising", [False, True])
def test_a_processor_that_logs_or_raises_neither_loops_nor_reaches_the_caller(raising: bool) -> None:
    talking = Talking(raising=raising)
    provider = LoggerProvider(shutdown_on_exit=False)
    provider.add_log_record_processor(talking)
    stream = io.StringIO()
    pipeline = configure_logging(SERVICE, stream=stream, logger_provider=provider)
    get_logger(LOGGER).info("x")
    reading = pipeline.reading()
    pipeline.close()
    assert talking.seen == ["x"]
    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == [
        "x", "a word of the SDK", "a word of an exporter",
    ]  # fmt: skip
    assert reading.dropped["otlp"] == int(raising)
