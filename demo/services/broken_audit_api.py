"""audit-api with its tracing broken: `python -m demo.services.broken_audit_api NAME`."""

from __future__ import annotations

import os
import sys

from demo.breakages import PROPAGATION_BREAKAGES, TamperingExporter
from reference_impl.export.span_exporter import otlp_exporter
from reference_impl.services.audit_api import SERVICE_NAME, audit_settings, create_audit_app
from reference_impl.services.serving import serve
from reference_impl.telemetry.setup import configure_tracing


def main() -> int:
    """Serve with the breakage of this name. Return the process's exit code."""
    settings = audit_settings(os.environ)
    exporter, _ = otlp_exporter(settings)
    broken = TamperingExporter(exporter, PROPAGATION_BREAKAGES[sys.argv[1]])
    telemetry = configure_tracing(settings, exporter=broken)
    return serve(settings, telemetry, app=create_audit_app(telemetry), name=SERVICE_NAME)


if __name__ == "__main__":
    sys.exit(main())
