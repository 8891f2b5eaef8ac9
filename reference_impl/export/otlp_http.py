"""OTLP over HTTP as OpenTelemetry's own exporter does it, with spans encoded by `span_encoding` (docs/adr/0010).

Importing this imports `requests`: only who exports by HTTP does.
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
"""A larger request, in bytes, is left to OpenTelemetry's exporter, which has a limit of its own."""
_COUNTS_ITSELF: Final = "OTEL_PYTHON_SDK_INTERNAL_METRICS_ENABLED"


class DirectExporter(OTLPSpanExporter):
    """Sends what `SpanEncoder` wrote; whatever is not as usual goes OpenTelemetry's own way.

    So goes a span that cannot be encoded, a request that is very large, and everything where OpenTelemetry counts its
    own exports or is built otherwise than we know: then it costs more and says the same. While it is `hurried` it does
    not give way to other threads.
    """

    def __init__(self, *, hurried: Callable[[], bool] = never, **options: Any) -> None:
        super().__init__(**options)
        self._encoder = SpanEncoder(hurried=hurried)
        counts = os.environ.get(_COUNTS_ITSELF, "").strip().lower() == "true"
        self._send = None if counts else getattr(getattr(self, "_client", None), "export", None)

    @property
    def is_direct(self) -> bool:
        """Whether spans are encoded here."""
        return self._send is not None and not getattr(self, "_shutdown", True)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """See SpanExporter."""
        body = self._encoded(spans)
        if body is None or self._send is None:
            return super().export(spans)
        answer = self._send(body)
        # A redirection is not followed: OpenTelemetry's own exporter takes it for success, and the spans are nowhere.
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
