"""Log records sent by OTLP beside the spans, so that a backend leads from a trace to its lines (S5.3)."""

from __future__ import annotations

from opentelemetry.sdk._logs import LoggerProvider, LogRecordProcessor
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor, LogRecordExporter

from reference_impl.settings import Settings, SettingsError
from reference_impl.telemetry.bounded_call import Beside
from reference_impl.telemetry.setup import resource_of


class LogExport:
    """Where `configure_logging` hands its lines on; never blocks who logs, and ends within a deadline."""

    def __init__(self, settings: Settings, processor: LogRecordProcessor) -> None:
        self.provider = LoggerProvider(resource=resource_of(settings), shutdown_on_exit=False)
        self.provider.add_log_record_processor(processor)

    def shutdown(self, timeout_s: float) -> bool:
        """Send what is left and end; False where that took longer than `timeout_s` or failed."""
        return Beside(self._end).joined_within(timeout_s)

    def _end(self) -> bool:
        self.provider.shutdown()
        return True


def log_export(settings: Settings, *, exporter: LogRecordExporter | None = None) -> LogExport | None:
    """The export that OTEL_LOGS_EXPORTER asks for (default: none); `exporter` replaces the OTLP exporter.

    The endpoint, headers and time-outs are those of OTEL_EXPORTER_OTLP_LOGS_* and OTEL_EXPORTER_OTLP_*. Raises
    SettingsError where the protocol is not http/protobuf.
    """
    if exporter is None and (settings.logs_exporter == "none" or settings.sdk_disabled):
        return None
    return LogExport(settings, BatchLogRecordProcessor(exporter or otlp_log_exporter(settings)))


def otlp_log_exporter(settings: Settings) -> LogRecordExporter:
    """The OTLP exporter of log records that the environment asks for. Raises SettingsError for another protocol."""
    if settings.protocol != "http/protobuf":
        raise SettingsError(
            "OTEL_LOGS_EXPORTER: otlp is sent by http/protobuf only; accepted: none with another protocol"
        )
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter

    return OTLPLogExporter()
