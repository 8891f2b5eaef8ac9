"""Answer the requests that are not exports: `/health`, `/report` and `/stop`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Future
from functools import partial
from typing import Final

from spanpact.cli.commands.receive.session_reports import JudgedSessions, SessionReports
from spanpact.errors import SpanpactError
from spanpact.reporting import TextOptions
from spanpact.sources.receiver.access import Access
from spanpact.sources.receiver.request_head import RequestHead, checked_session
from spanpact.sources.receiver.responses import Refusal, Response, refusal_response

EXIT_CODE_HEADER: Final = "spanpact-exit-code"
_METHODS: Final[Mapping[str, str]] = {"/health": "GET", "/report": "GET", "/stop": "POST"}
_TEXT: Final = "text/plain; charset=utf-8"
_TYPES: Final[Mapping[str, str]] = {
    "text": _TEXT,
    "json": "application/json",
    "junit": "application/xml",
    "sarif": "application/json",
    "github": _TEXT,
    "markdown": "text/markdown; charset=utf-8",
    "html": "text/html; charset=utf-8",
}
_NOT_KEPT: Final = 422  # a client such as `curl --fail-with-body` fails then, and shows the report


_LISTENING: Final = Response(200, b'{"status":"listening"}\n', "application/json")


async def _listening() -> Response:
    return _LISTENING


def answer_health(head: RequestHead) -> Callable[[], Awaitable[Response]] | None:
    """Return what answers `GET /health` where nothing else is to be controlled; None for any other request."""
    return _listening if (head.method, head.route) == ("GET", "/health") else None


class Control:
    """The answers of one receiver. `stop` is called by the first request to `/stop` without a session.

    `format` is that of reports where a request asks for none; `options` are those of text.
    """

    def __init__(self, access: Access, format: str, options: TextOptions, stop: Callable[[], None]) -> None:
        self._access, self._format, self._options, self._stop = access, format, options, stop
        self.reports: SessionReports | None = None
        """Set once the receiver exists."""
        self.final: Future[JudgedSessions] = Future()
        """The reports on everything, which requests to `/stop` wait for."""

    def __call__(self, head: RequestHead) -> Callable[[], Awaitable[Response]] | None:
        """Return what answers a request; None where it is not for this object."""
        method = _METHODS.get(head.route)
        return None if method is None else partial(self._answer, head, method)

    async def _answer(self, head: RequestHead, method: str) -> Response:
        try:
            self._check(head, method)
            if head.route == "/health":
                return _LISTENING
            judged = await self._judged(head)
            format = self._format_of(head)
        except Refusal as refusal:
            return refusal_response(refusal, "json", close=False)
        except SpanpactError as error:
            return refusal_response(Refusal(500, str(error)), "json", close=False)
        body = judged.render(format, self._options).encode("utf-8", "backslashreplace")
        status = 200 if judged.exit_code == 0 else _NOT_KEPT
        return Response(status, body, _TYPES[format], ((EXIT_CODE_HEADER, str(judged.exit_code)),))

    def _check(self, head: RequestHead, method: str) -> None:
        if head.method != method:
            raise Refusal(405, f"{head.method} is not accepted here; accepted: {method}", ("allow", method))
        if head.route != "/health" and not self._access.admits(head.headers):
            raise Refusal(401, "the token is missing or wrong", ("www-authenticate", "Bearer"))
        if "origin" in head.headers:
            raise Refusal(403, "requests of web pages are not answered")

    async def _judged(self, head: RequestHead) -> JudgedSessions:
        self._format_of(head)  # a wrong one must not stop anything
        name = head.query.get("session")
        session = head.session if name is None else checked_session(name)
        assert self.reports is not None
        loop = asyncio.get_running_loop()
        try:
            if head.route == "/report":
                return await loop.run_in_executor(None, self.reports.so_far, session)
            if session:
                return await loop.run_in_executor(None, self.reports.end, session)
        except KeyError:
            raise Refusal(410, f"the session {session} has ended") from None
        self._stop()
        return await asyncio.wrap_future(self.final)

    def _format_of(self, head: RequestHead) -> str:
        wanted = head.query.get("format", self._format)
        if wanted not in _TYPES:
            raise Refusal(400, f"unknown format; accepted: {', '.join(_TYPES)}")
        return wanted


def describe(url: str, grpc_url: str, *, token: bool) -> str:
    """Return a line that says where the receiver listens, and how to stop it; `token` says that it demands one."""
    grpc = f" and OTLP/gRPC at {grpc_url}" if grpc_url else ""
    header = ' -H "Authorization: Bearer TOKEN"' if token else ""
    return f"listening for OTLP/HTTP at {url}{grpc}; stop it with: curl -X POST{header} {url}/stop"
