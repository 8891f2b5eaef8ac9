"""Export: finished spans on their way to the collector, made safe, encoded, sent and counted (S1.1, S1.5).

`span_exporter` wraps an exporter, `ledger` counts every span, `sanitizing` and `span_encoding` make the request,
`otlp_http` and `http_session` send it.
"""

from __future__ import annotations

from reference_impl.export.ledger import SpanLedger

__all__ = ["SpanLedger"]
