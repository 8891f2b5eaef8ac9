"""OTLP over HTTP: OpenTelemetry's own exporter, with spans encoded by `span_encoding` (docs/adr/0010).

For every request, a session of `requests` looks up proxies and credentials in the environment and builds its headers,
which takes as long as sending them. An exporter's requests differ only in the body: one is prepared and sent again.

Importing this imports `requests`, so it is imported only if spans are exported by HTTP.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Sequence
from typing import Any, Final

import requests
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExportResult
from requests.hooks import dispatch_hook

from reference_impl.export.span_encoding import SpanEncoder

LARGEST: Final = 16 * 1024 * 1024
"""Larger requests, in bytes, are left to OpenTelemetry's exporter, which has a limit of its own."""
_TRY_AGAIN: Final = (408, 429, 502, 503, 504)
_MOST_TRIES: Final = 16
_COUNTS_ITSELF: Final = "OTEL_PYTHON_SDK_INTERNAL_METRICS_ENABLED"


class DirectExporter(OTLPSpanExporter):
    """Sends requests made by `SpanEncoder`, and leaves unusual cases to OpenTelemetry's own exporter.

    These are a span that cannot be encoded, a very large request, an SDK that counts its own exports, and an SDK built
    differently from what we know. They cost more; the request is the same.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._encoder = SpanEncoder()
        counts = os.environ.get(_COUNTS_ITSELF, "").strip().lower() == "true"
        self._session_of_options = options.get("session")
        self._client_export = getattr(getattr(self, "_client", None), "export", None)
        self._send = None if counts else self._client_export

    @property
    def is_direct(self) -> bool:
        """Return whether spans are encoded here."""
        return self._send is not None and not getattr(self, "_shutdown", True)

    def prepare(self, span: ReadableSpan) -> None:
        """Encode a span that has ended, so that its export does not stop requests (docs/adr/0052)."""
        if self.is_direct:
            self._encoder.encode_ahead(span)

    @property
    def can_deliver(self) -> bool:
        """Return whether this SDK is known to send encoded requests."""
        return self._client_export is not None

    def deliver(self, body: bytes) -> bool | None:
        """Send a request of a spool. Return True if it was stored, False if refused, None if it may be tried again."""
        if self._client_export is None:
            return None
        try:
            answer = self._client_export(body)
        finally:
            self._forget_failures()
        status: int | None = answer.status_code
        if status is None or status in _TRY_AGAIN or 300 <= status < 400:
            return None
        return bool(answer.success)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """See SpanExporter."""
        try:
            return self._exported(spans)
        finally:
            self._forget_failures()

    def _exported(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        body = self._encoded(spans)
        if body is None or self._send is None:
            return super().export(spans)
        answer = self._send(body)
        # A redirect is not followed. OpenTelemetry's own exporter takes it for success, and the spans are lost.
        stored = answer.success and answer.status_code < 300
        return SpanExportResult.SUCCESS if stored else SpanExportResult.FAILURE

    def _forget_failures(self) -> None:
        if isinstance(self._session_of_options, ExportSession):
            self._session_of_options.forget_failures()

    def _encoded(self, spans: Sequence[ReadableSpan]) -> bytes | None:
        if not self.is_direct:
            return None
        try:
            body = self._encoder.encode(spans)
        except Exception:
            return None
        return body if len(body) <= LARGEST else None


class ExportSession(requests.Session):
    """A session for one thread at a time that prepares POSTs of bytes without redirects once for each endpoint.

    The SDK keeps the exception of each try in a frame that the exception's traceback holds. Such a cycle keeps the
    spans of the export, which its callers' frames hold, until a full collection of garbage: in a service, for hours.
    `forget_failures` breaks it.

    Proxies, certificates and credentials of the environment are those of the first request. Other requests are not
    changed.
    """

    def __init__(self) -> None:
        super().__init__()
        self._failures: deque[BaseException] = deque(maxlen=_MOST_TRIES)
        self._prepared: dict[str, tuple[Any, requests.PreparedRequest, dict[str, Any]]] = {}

    def request(self, method: str, url: str, *args: Any, **options: Any) -> requests.Response:  # type: ignore[override]
        """See requests.Session."""
        try:
            return self._requested(method, url, *args, **options)
        except Exception as error:
            self._failures.append(error)
            raise

    def forget_failures(self) -> None:
        """Take the tracebacks off the exceptions of all requests that failed so far."""
        while self._failures:
            error: BaseException | None = self._failures.pop()
            while error is not None:
                error.__traceback__ = None
                error = error.__context__

    def _requested(self, method: str, url: str, *args: Any, **options: Any) -> requests.Response:
        given = {name: value for name, value in options.items() if value is not None}
        data, headers, timeout = given.pop("data", None), given.pop("headers", None), given.pop("timeout", None)
        if method != "POST" or args or not isinstance(data, bytes) or given != {"allow_redirects": False}:
            return super().request(method, url, *args, **options)
        prepared, environment = self._prepared_for(url, headers)
        prepared.body = data
        prepared.headers["Content-Length"] = str(len(data))
        response = self.get_adapter(url).send(prepared, timeout=timeout, **environment)
        # Hooks first, as in a session. The whole body is read, so that the connection can be used again.
        response = dispatch_hook("response", prepared.hooks, response)
        _ = response.content
        return response

    def _prepared_for(self, url: str, headers: Any) -> tuple[requests.PreparedRequest, dict[str, Any]]:
        known = self._prepared.get(url)
        if known is None or known[0] != headers:
            environment = dict(self.merge_environment_settings(url, {}, False, None, None))
            prepared = self.prepare_request(requests.Request("POST", url, headers=headers, data=b""))
            known = self._prepared[url] = (dict(headers or {}), prepared, environment)
        return known[1:]
