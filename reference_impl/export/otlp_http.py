"""OTLP over HTTP: OpenTelemetry's own exporter, with spans encoded by `span_encoding` (docs/adr/0010).

Importing this imports `requests`, so it is imported only if spans are exported by HTTP.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any, Final

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExportResult

from reference_impl.export.span_encoding import SpanEncoder, never

LARGEST: Final = 16 * 1024 * 1024
"""Larger requests, in bytes, are left to OpenTelemetry's exporter, which has a limit of its own."""
_COUNTS_ITSELF: Final = "OTEL_PYTHON_SDK_INTERNAL_METRICS_ENABLED"


class DirectExporter(OTLPSpanExporter):
    """Sends requests made by `SpanEncoder`, and leaves unusual cases to OpenTelemetry's own exporter.

    These are a span that cannot be encoded, a very large request, an SDK that counts its own exports, and an SDK built
    differently from what we know. They cost more; the request is the same. While `is_urgent`, encoding does not yield
    to other threads.
    """

    def __init__(self, *, is_urgent: Callable[[], bool] = never, **options: Any) -> None:
        super().__init__(**options)
        self._encoder = SpanEncoder(is_urgent=is_urgent)
        counts = os.environ.get(_COUNTS_ITSELF, "").strip().lower() == "true"
        self._send = None if counts else getattr(getattr(self, "_client", None), "export", None)

    @property
    def is_direct(self) -> bool:
        """Return whether spans are encoded here."""
        return self._send is not None and not getattr(self, "_shutdown", True)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """See SpanExporter."""
        body = self._encoded(spans)
        if body is None or self._send is None:
            return super().export(spans)
        answer = self._send(body)
        # A redirect is not followed. OpenTelemetry's own exporter takes it for success, and the spans are lost.
        stored = answer.success and answer.status_code < 300
        return SpanExportResult.SUCCESS if stored else SpanExportResult.FAILURE

    def _encoded(self, spans: Sequence[ReadableSpan]) -> bytes | None:
        if not self.is_direct:
            return None
        try:
            body = self._encoder.encode(spans)
        except Exception:
            return None
        return body if len(body) <= LARGEST else None
