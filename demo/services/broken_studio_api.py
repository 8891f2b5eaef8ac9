"""studio-api with its telemetry broken: `python -m demo.services.broken_studio_api NAME`."""

from __future__ import annotations

import sys

from demo.breakages import EVERY_BREAKAGE, TamperingExporter, TamperingLogExporter
from reference_impl.export.span_exporter import otlp_exporter
from reference_impl.logs.structured import configure_logging
from reference_impl.services.serving import serve
from reference_impl.settings import Settings
from reference_impl.telemetry.log_export import log_export, otlp_log_exporter
from reference_impl.telemetry.setup import configure_tracing


def main() -> int:
    """Serve with the breakage of this name. Return the process's exit code."""
    settings, breakage = Settings.load(), EVERY_BREAKAGE[sys.argv[1]]
    logs = None
    if settings.logs_exporter == "otlp":
        logs = log_export(settings, exporter=TamperingLogExporter(otlp_log_exporter(settings), breakage))
    configure_logging(settings, logger_provider=logs.provider if logs else None)
    exporter, _ = otlp_exporter(settings)
    telemetry = configure_tracing(settings, exporter=TamperingExporter(exporter, breakage))
    return serve(settings, telemetry, logs=logs)


if __name__ == "__main__":
    sys.exit(main())
