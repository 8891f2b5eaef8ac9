"""Export: finished spans are sanitized, encoded, sent and counted (S1.1, S1.5).

`span_exporter` wraps an exporter, `ledger` counts every span, `worker_losses` those of forked workers, `sanitizing` and
`span_encoding` make the request, `otlp_http` sends it. With `spool` spans wait on disk. Imports `settings`.
"""

from __future__ import annotations

from reference_impl.export.ledger import LedgerReading, SpanLedger
from reference_impl.export.span_exporter import CountingProcessor, SplittingExporter, otlp_exporter

__all__ = ["CountingProcessor", "LedgerReading", "SpanLedger", "SplittingExporter", "otlp_exporter"]
