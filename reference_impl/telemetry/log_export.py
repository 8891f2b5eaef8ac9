"""Log records sent by OTLP, so that a backend leads from a trace to its log lines (S5.3)."""

from __future__ import annotations

import time

from opentelemetry.sdk._logs import LoggerProvider, LogRecordProcessor
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor, LogRecordExporter

from reference_impl.settings import Settings, SettingsError
from reference_impl.telemetry.provider import make_resource
from reference_impl.telemetry.shutdown import BoundedCall


class LogExport:
    """The export of log records: `provider` is for `configure_logging`. It never blocks the code that logs."""

    def __init__(self, settings: Settings, processor: LogRecordProcessor) -> None:
        self.provider = LoggerProvider(resource=make_resource(settings), shutdown_on_exit=False)
        self.provider.add_log_record_processor(processor)

    def shutdown(self, timeout_s: float) -> bool:
        """Send the remaining records and end. Return False if that failed or took longer than `timeout_s` seconds."""
        return BoundedCall(self._end).wait_until(time.monotonic() + timeout_s)

    def _end(self) -> bool:
        self.provider.shutdown()
        return True


def log_export(settings: Settings, *, exporter: LogRecordExporter | None = None) -> LogExport | None:
    """Return the export that OTEL_LOGS_EXPORTER names, None without one; `exporter` replaces the OTLP exporter.

    Endpoint, headers and timeouts are those of OTEL_EXPORTER_OTLP_LOGS_* and OTEL_EXPORTER_OTLP_*. Raise SettingsError
    if the protocol is not http/protobuf.
    """
    if exporter is None and (settings.logs_exporter == "none" or settings.sdk_disabled):
        return None
    return LogExport(settings, BatchLogRecordProcessor(exporter or otlp_log_exporter(settings)))


def otlp_log_exporter(settings: Settings) -> LogRecordExporter:
    """Return OpenTelemetry's OTLP exporter of log records. Raise SettingsError for another protocol than HTTP."""
    if settings.protocol != "http/protobuf":
        raise SettingsError(
            "OTEL_LOGS_EXPORTER: otlp is sent by http/protobuf only; accepted: none with another protocol"
        )
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter

    return OTLPLogExporter()
