"""A client of audit-api: one HTTP call, traced as a client span, which passes on the context (S5.2, S5.5).

The call is made while the request is served, so that its trace shows it, and has a short total deadline. An audit-api
that is dead, slow or rejects the record costs at most that deadline: the error is on the span and is counted, and the
request succeeds. So auditing is best effort: a record may be lost, and one that was answered too late may be stored.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any, Final

import httpx2
from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer

from reference_impl.instrumentation.errors import error_type
from reference_impl.instrumentation.operation_spans import operation_span
from reference_impl.propagation.correlation import inject
from reference_impl.vocabulary import ERROR_TYPE, SERVER_ADDRESS, SERVER_PORT

logger = logging.getLogger("reference_impl.services.audit_client")

# httpx2 logs every request with its URL, which may show credentials.
logging.getLogger("httpx2").setLevel(logging.WARNING)

RECORDS_PATH: Final = "/audit/records"


class AuditClient:
    """A client of the audit-api at `url`; `lost` counts unconfirmed records.

    `deadline_s` is the maximum time of one call, with connecting.
    """

    def __init__(
        self,
        url: str,
        tracer: Tracer,
        *,
        deadline_s: float = 0.25,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self._tracer = tracer
        self._deadline_s = deadline_s
        self._url = url.rstrip("/") + RECORDS_PATH
        self._attributes = _attributes(self._url)
        # Neither settings of the environment, such as proxies, nor the server may redirect the records.
        self._http = httpx2.AsyncClient(timeout=deadline_s, trust_env=False, transport=transport)
        self.lost = 0

    def __repr__(self) -> str:
        return f"<AuditClient {self._attributes['url.full']}, {self.lost} lost>"

    async def record(self, event: str, details: Mapping[str, Any]) -> bool:
        """Record an event. Return whether audit-api confirmed it. Raise nothing but the caller's own cancellation."""
        try:
            with operation_span(self._tracer, "POST", kind=SpanKind.CLIENT, attributes=self._attributes) as span:
                async with asyncio.timeout(self._deadline_s):
                    status = await self._send(span, {"event": event, **details})
        except Exception as error:
            self._count_lost(error_type(error))
            return False
        if status != httpx2.codes.CREATED:
            self._count_lost(str(status))
        return status == httpx2.codes.CREATED

    async def _send(self, span: Span, record: Mapping[str, Any]) -> int:
        headers: dict[str, str] = {}
        inject(headers)
        answer = await self._http.post(self._url, json=record, headers=headers)
        span.set_attribute("http.response.status_code", answer.status_code)
        span.set_attribute("network.protocol.version", answer.http_version.removeprefix("HTTP/"))
        if answer.status_code != httpx2.codes.CREATED:
            span.set_attribute(ERROR_TYPE, str(answer.status_code))
            span.set_status(StatusCode.ERROR)
        return answer.status_code

    def _count_lost(self, reason: str) -> None:
        self.lost += 1
        if self.lost == 1:
            logger.warning("audit-api did not confirm a record (%s); later ones are only counted", reason)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()


def _attributes(url: str) -> dict[str, Any]:
    """Return a call's attributes by the stable HTTP conventions, without the URL's credentials."""
    parts = httpx2.URL(url)
    return {
        "http.request.method": "POST",
        "url.full": str(parts.copy_with(userinfo=b"", query=None, fragment=None)),
        SERVER_ADDRESS: parts.host,
        SERVER_PORT: parts.port or (443 if parts.scheme == "https" else 80),
    }
