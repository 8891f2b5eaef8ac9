"""Log records sent by OTLP, and the contract's line of each request (S5.3)."""

from __future__ import annotations

import io
import logging
import threading

import pytest
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, LogRecordExporter, LogRecordExportResult
from opentelemetry.sdk.trace import TracerProvider

from reference_impl.logs.structured import configure_logging, get_logger
from reference_impl.settings import Settings, SettingsError
from reference_impl.telemetry.log_export import log_export
from spanpact.sources import OtlpReceiver


def test_nothing_is_exported_unless_the_environment_asks_for_it() -> None:
    assert log_export(Settings.load({})) is None
    assert log_export(Settings.load({"OTEL_LOGS_EXPORTER": "otlp", "OTEL_SDK_DISABLED": "true"})) is None


def test_a_protocol_that_cannot_carry_them_is_one_line() -> None:
    settings = Settings.load({"OTEL_LOGS_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"})
    with pytest.raises(SettingsError, match=r"^OTEL_LOGS_EXPORTER: .*http/protobuf"):
        log_export(settings)


def test_lines_arrive_at_a_receiver_before_the_export_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    with OtlpReceiver() as receiver:
        for name, value in receiver.env().items():
            monkeypatch.setenv(name, value)
        settings = Settings.load()
        export = log_export(settings)
        assert export is not None
        pipeline = configure_logging(settings, stream=io.StringIO(), logger_provider=export.provider)
        tracer = TracerProvider(shutdown_on_exit=False).get_tracer("test")
        try:
            with tracer.start_as_current_span("GET /session"):
                get_logger("reference_impl.test").info("request.handled", status=200)
        finally:
            pipeline.close()
        assert export.shutdown(20.0)
        assert receiver.counts.logs == 1


class _Stuck(LogRecordExporter):
    """An endpoint that does not answer until it is let go."""

    def __init__(self) -> None:
        self.released = threading.Event()

    def export(self, batch: object) -> LogRecordExportResult:
        self.released.wait(30)
        return LogRecordExportResult.SUCCESS

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return True

    def shutdown(self) -> None:
        return None


def test_the_end_is_not_held_up_by_an_endpoint_that_does_not_answer() -> None:
    stuck, settings = _Stuck(), Settings.load({})
    export = log_export(settings, exporter=stuck)
    assert export is not None
    pipeline = configure_logging(settings, stream=io.StringIO(), logger_provider=export.provider)
    try:
        logging.getLogger("reference_impl.test").warning("slow")
    finally:
        pipeline.close()
    assert not export.shutdown(0.05)
    stuck.released.set()


def test_an_export_that_was_given_takes_the_lines() -> None:
    memory = InMemoryLogRecordExporter()  # type: ignore[no-untyped-call]
    settings = Settings.load({})
    export = log_export(settings, exporter=memory)
    assert export is not None
    pipeline = configure_logging(settings, stream=io.StringIO(), logger_provider=export.provider)
    try:
        get_logger("reference_impl.test").info("session.rejected", reason="expired")
    finally:
        pipeline.close()
    assert export.shutdown(20.0)
    (record,) = memory.get_finished_logs()
    assert record.log_record.event_name == "session.rejected"
    assert record.resource.attributes["service.name"] == "studio-api"
