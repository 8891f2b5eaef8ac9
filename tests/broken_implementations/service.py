"""The service of the broken implementations, with its requests, its job and its second service; nothing is broken here.

A breakage overrides one method of `Service`. Requests go through a real ASGI application and httpx2, so that trace
context and correlation id travel in headers.
"""

from __future__ import annotations

import asyncio
import contextvars
import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

import httpx2
from opentelemetry.context import Context
from opentelemetry.sdk.trace import Span
from opentelemetry.trace import Link, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from redis.exceptions import RedisError

from tests.broken_implementations.database_steps import StoreUnavailable
from tests.broken_implementations.session_steps import SessionSteps
from tests.broken_implementations.tracing import AUDIT, STUDIO, CircuitOpen, Outputs

__all__ = ["Outputs", "Service"]

PROPAGATOR = TraceContextTextMapPropagator()
CORRELATION = "x-correlation-id"

Headers = dict[str, str]
Handler = Callable[[Span, Headers, Mapping[str, Any]], Awaitable[int]]


class Service(SessionSteps):
    """studio-api and audit-api, in one process."""

    def routes(self) -> Mapping[str, tuple[str, Handler]]:
        """Return the service and the handler by method and path."""
        return {
            "POST /sessions": (STUDIO, self.post_session),
            "DELETE /session": (STUDIO, self.delete_session),
            "POST /admin/purge": (STUDIO, self.post_purge),
            "POST /audit/records": (AUDIT, self.post_record),
        }

    async def request(self, method: str, url: str, headers: Headers, body: Mapping[str, Any]) -> int:
        """Send one HTTP request to the application of either service and return the status."""
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=self.application)) as client:
            return (await client.request(method, url, headers=headers, json=dict(body))).status_code

    async def application(self, scope: Any, receive: Any, send: Any) -> None:
        """Return the ASGI application of both services."""
        headers = {name.decode().lower(): value.decode() for name, value in scope["headers"]}
        body = json.loads((await receive())["body"] or "{}")
        status = await self.serve(f"{scope['method']} {scope['path']}", headers, body)
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def serve(self, route: str, headers: Headers, body: Mapping[str, Any]) -> int:
        """Serve one request within its server span."""
        service, handler = self.routes()[route]
        token = self.correlation.set(self.correlation_of(headers, service))
        context = self.remote_context(headers, service)
        try:
            with self.span(
                self.server_name(route), kind=SpanKind.SERVER, context=context, service=service, **self.routed(route)
            ) as span:
                status = await self.handled(span, handler, headers, body)
                span.set_attribute("http.response.status_code", status)
                if status >= 500:
                    self.server_error(span)
                self.log_request(span, status)
            return status
        finally:
            self.correlation.reset(token)

    def server_name(self, route: str) -> str:
        """Return the name of a server span."""
        return route

    def server_error(self, span: Span) -> None:
        """Mark a server span whose client got a 5xx."""
        span.set_status(Status(StatusCode.ERROR))

    def routed(self, route: str) -> Mapping[str, Any]:
        """Return the attributes of the route."""
        return {"http__route": route.partition(" ")[2]}

    def correlation_of(self, headers: Headers, service: str) -> str:
        """Return the correlation id of a request."""
        return headers.get(CORRELATION, "none")

    def remote_context(self, headers: Headers, service: str) -> Context:
        """Return the caller's context from the headers."""
        return PROPAGATOR.extract(headers, Context())

    async def handled(self, span: Span, handler: Handler, headers: Headers, body: Mapping[str, Any]) -> int:
        """Return the status of the answer: 503 if a store is down."""
        try:
            return await handler(span, headers, body)
        except (RedisError, StoreUnavailable, CircuitOpen):
            return self.unavailable()

    def unavailable(self) -> int:
        """Return the status for a request that could not be served."""
        return 503

    def log_request(self, span: Span, status: int) -> None:
        """Log the one line of a request."""
        self.log("request.handled", status=status)

    # --- sessions --------------------------------------------------------------------------------------------

    async def delete_session(self, span: Span, headers: Headers, body: Mapping[str, Any]) -> int:
        """End the caller's session."""
        id = self.session_of(headers["authorization"].removeprefix("Bearer "))
        if id is None:
            return 401
        await self.end_session(id)
        return 204

    async def post_session(self, span: Span, headers: Headers, body: Mapping[str, Any]) -> int:
        """Make a session, and tell audit-api."""
        span.set_attribute("audit.requested", True)
        token = await self.create(body["email"])
        with suppress(httpx2.HTTPError):
            await self.report_to_audit(token.partition(".")[0])
        return 201

    async def report_to_audit(self, session: str) -> None:
        """Report a session to audit-api; the answer is ignored."""
        with self.span("POST", kind=SpanKind.CLIENT, **self.client_attributes()) as span:
            status = await self.call("http://audit-api:8081/audit/records", self.outgoing(), {"session": session})
            span.set_attribute("http.response.status_code", status)

    def client_attributes(self) -> Mapping[str, Any]:
        """Return the attributes of a client span."""
        url = {"url__full": "http://audit-api:8081/audit/records", "server__address": "audit-api"}
        return {"http__request__method": "POST", **url, "server__port": 8081}

    def outgoing(self) -> Headers:
        """Return the headers of a call to another service."""
        headers = {CORRELATION: self.correlation.get("none")}
        PROPAGATOR.inject(headers)
        return headers

    async def call(self, url: str, headers: Headers, body: Mapping[str, Any]) -> int:
        """Call the other service, which does not share this one's context."""
        return await asyncio.create_task(self.request("POST", url, headers, body), context=contextvars.Context())

    async def post_record(self, span: Span, headers: Headers, body: Mapping[str, Any]) -> int:
        """Keep a record (audit-api)."""
        await self.query("INSERT", "insert into audits values (?)", (body["session"],), service=AUDIT)
        return 201

    # --- the background job ----------------------------------------------------------------------------------

    async def post_purge(self, span: Span, headers: Headers, body: Mapping[str, Any]) -> int:
        """Start purging expired sessions; this outlives the request."""
        self.job = asyncio.create_task(self.purge(span, self.correlation.get()), context=contextvars.Context())
        return 202

    async def purge(self, request: Span, correlation: str) -> None:
        """Purge expired sessions, in a trace of its own."""
        self.correlation.set(correlation)
        links = self.origins(request, correlation)
        with self.span("session.purge", context=self.job_context(request), links=links) as span:
            await self.purge_expired(span)

    def job_context(self, request: Span) -> Context:
        """Return the context that the job's span starts in."""
        return Context()

    def origins(self, request: Span, correlation: str) -> list[Link]:
        """Return links to the spans that requested the job."""
        return [Link(request.get_span_context(), {"correlation.id": correlation})]

    async def purge_expired(self, span: Span) -> None:
        """Purge the database first, then the cache."""
        deletion = ("delete from sessions where expires <= ? returning id, device", (self.now(),))
        (gone,) = await self.execute_with_circuit_breaker("DELETE", deletion)
        if gone:
            removals = [("DEL", f"session:{id}") for id, _ in gone]
            await self.pipeline(*removals, *(("HDEL", f"user_sessions:1:{device}", id) for id, device in gone))
        span.set_attribute("sessions.deleted", len(gone))
