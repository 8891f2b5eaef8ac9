"""studio-api with OpenTelemetry's own encoder, with which the load run compares (docs/adr/0010)."""

from __future__ import annotations

import sys

from reference_impl.export import otlp_http as http_export
from reference_impl.services.serving import main


class OfTheSdk(http_export.DirectExporter):
    """The service's exporter without its own encoder."""

    @property
    def is_direct(self) -> bool:
        """See DirectExporter."""
        return False


if __name__ == "__main__":
    http_export.DirectExporter = OfTheSdk  # type: ignore[misc]
    sys.exit(main())
