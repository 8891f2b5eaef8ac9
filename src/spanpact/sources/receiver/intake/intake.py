"""The way of an export from its head and body to its acknowledgement, for HTTP and gRPC.

What is acknowledged was kept, and will be judged. What is refused, rejected or dropped is counted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from spanpact.otlp import Signal
from spanpact.sources.receiver.intake.forwarding import Answer, Forwarder
from spanpact.sources.receiver.intake.injected_faults import FaultInjector
from spanpact.sources.receiver.intake.request_body import SMALL, BodyLimits, CheckedBody, Inflation, check_body
from spanpact.sources.receiver.intake.sessions import Sessions
from spanpact.sources.receiver.request_head import SESSION_HEADER, Compression
from spanpact.sources.receiver.responses import (
    CONTENT_TYPES,
    FULL,
    Encoding,
    Refusal,
    Response,
    rejected_number,
    success_response,
)

_ON_PURPOSE: Final = "rejected on purpose, to test the exporter"


@dataclass(frozen=True, slots=True)
class Export:
    """A request to export: its body as it was sent, and the headers of its sender (names in lower case)."""

    signal: Signal
    session: str
    encoding: Encoding
    compression: Compression
    body: bytes
    headers: Mapping[str, str]


class Intake:
    """Takes exports. All methods run in the event loop's thread.

    Large bodies are inflated and checked in another thread, one at a time: else each bomb would stop all senders for
    50 to 100 ms.
    """

    def __init__(
        self, sessions: Sessions, limits: BodyLimits, faults: FaultInjector, forwarder: Forwarder | None, *, token: bool
    ) -> None:
        self._sessions, self._limits, self._faults, self._forwarder = sessions, limits, faults, forwarder
        self._hides_token = token
        self._beside = ThreadPoolExecutor(1, "spanpact-bodies")
        self._waiting = 0
        self.metrics = 0
        """The number of requests with metrics, which are acknowledged and not kept."""
        self.rejected_upstream = 0
        """Spans that the collector rejected of requests that it accepted."""

    async def take(self, export: Export) -> Response:
        """Keep what an export holds, and return the response. Raise Refusal for one that is not accepted."""
        if self._faults.faults.delay_seconds:
            await asyncio.sleep(self._faults.faults.delay_seconds)
        if self._faults.refuses():
            raise Refusal(
                self._faults.faults.refuse,
                "refused on purpose, to test the exporter",
                ("retry-after", "1"),
                cause="purpose",
            )
        self._sessions.check(export.session)
        if self._forwarder is None:
            body = await self._checked(export)
            return self._keep(export, body)
        return await self._forward(export, self._forwarder)

    async def _checked(self, export: Export) -> CheckedBody | None:
        """Return the body of spans or log records, None for one of metrics."""
        if export.signal == "metrics":
            self.metrics += 1
            return None
        inflation = Inflation(export.body, export.compression, self._limits.inflated)
        data = inflation.small()
        if data is not None:
            return check_body(export.signal, export.encoding, data, self._limits)
        size = max(SMALL, len(export.body))
        if self._waiting + size > self._limits.buffered:
            raise Refusal(503, "too many large requests at the same time", ("retry-after", "1"), cause="room")
        self._waiting += size
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._beside, self._checked_large, export, inflation)
        finally:
            self._waiting -= size

    def _checked_large(self, export: Export, inflation: Inflation) -> CheckedBody:
        return check_body(export.signal, export.encoding, inflation.whole(), self._limits)

    def close(self) -> None:
        """End the thread of large bodies."""
        self._beside.shutdown(wait=False, cancel_futures=True)

    def _keep(self, export: Export, body: CheckedBody | None) -> Response:
        if body is None:
            return success_response(export.encoding, export.signal, 0)
        rejected = self._faults.rejected_of(body.content.spans + body.content.logs)
        dropped = self._sessions.keep(export.session, body, rejected=rejected)
        return success_response(export.encoding, export.signal, dropped + rejected, _ON_PURPOSE if rejected else FULL)

    async def _forward(self, export: Export, forwarder: Forwarder) -> Response:
        """Forward an export, and keep it if the collector acknowledges it; return the collector's response."""
        exchange = await forwarder.begin(export.signal, self._passed_on(export), export.body)
        try:
            body = await self._checked(export)  # while the collector works
            answer = await exchange.answer()
        except BaseException:
            exchange.abandon()
            raise
        if not 200 <= answer.status < 300:
            raise _refused(answer)
        if body is not None:
            self.rejected_upstream += rejected_number(export.encoding, answer.body)
            kept = self._keep(export, body)
            if kept.body not in (b"", b"{}"):
                return kept  # not all of it was kept here: that must be told
        return Response(200, answer.body, answer.headers.get("content-type", CONTENT_TYPES[export.encoding]))

    def _passed_on(self, export: Export) -> Mapping[str, str]:
        hidden = {SESSION_HEADER} | ({"authorization"} if self._hides_token else set())
        return {name: value for name, value in export.headers.items() if name not in hidden}


def _refused(answer: Answer) -> Refusal:
    """Return the refusal that passes on the collector's own; a redirect is not followed."""
    later = answer.headers.get("retry-after")
    headers = [("retry-after", later)] if later else []
    status = answer.status if answer.status >= 400 else 502
    return Refusal(status, f"the collector refused it with status {answer.status}", *headers, cause="collector")
