"""studio-api with its tracing broken: `python -m demo.broken_service NAME`."""

from __future__ import annotations

import sys

from demo.breakages import TamperingExporter
from demo.every_breakage import EVERY_BREAKAGE
from reference_impl.__main__ import serve
from reference_impl.settings import Settings
from reference_impl.span_export import otlp_exporter
from reference_impl.telemetry import configure_tracing


def main() -> int:
    """Serve, with the breakage of this name; the process's exit code."""
    settings = Settings.load()
    exporter, _ = otlp_exporter(settings)
    broken = TamperingExporter(exporter, EVERY_BREAKAGE[sys.argv[1]])
    return serve(settings, configure_tracing(settings, exporter=broken))


if __name__ == "__main__":
    sys.exit(main())
