"""The plain set-up of the server's span: OpenTelemetry's own ASGI instrumentation, under the same contracts.

Switched on by `STUDIO_TRACING=plain`, which takes OpenTelemetry's own OTLP exporter too. Correlation ids, the log line
and the answer to an exception stay ours, because the instrumentation has none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from opentelemetry.context import Context, attach, detach
from opentelemetry.trace import Span, Tracer, get_current_span
from starlette.middleware import Middleware
from starlette.routing import BaseRoute
from starlette.types import Receive, Scope, Send

from reference_impl.instrumentation.faults import start_span
from reference_impl.instrumentation.operation_spans import record_failure
from reference_impl.metrics.service_metrics import ServiceMetrics
from reference_impl.propagation.correlation import PROPAGATOR
from reference_impl.services.http_spans import Described, Reply, TracingMiddleware
from reference_impl.telemetry import Telemetry

_DESCRIBED: Final = "reference_impl.described"
_INSIDE: Final = "reference_impl.inside"


@dataclass(slots=True, eq=False, repr=False)
class PlainTracingMiddleware(TracingMiddleware):
    """Traces as TracingMiddleware does, by a span of OpenTelemetry's ASGI instrumentation.

    The instrumentation sees the route's template and the accepted context only: it would record path, query, client
    address and agent. An exception passes by it, because it would record the message.
    """

    _instrumentation: Any = field(init=False)

    def __post_init__(self) -> None:
        TracingMiddleware.__post_init__(self)
        from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware

        self._instrumentation = OpenTelemetryMiddleware(
            _serve_inside,
            default_span_details=lambda scope: scope[_DESCRIBED],
            tracer=_SafeTracer(self.tracer),
            exclude_spans=["receive", "send"],
        )

    async def trace(
        self, scope: Scope, receive: Receive, send: Send, request: Described, context: Context, correlation_id: str
    ) -> None:
        """Serve one request in its span."""
        failures: list[BaseException] = []

        async def inside(receive: Receive, send: Send) -> None:
            span = get_current_span()
            try:
                await self.serve(scope, receive, Reply(send, span, correlation_id), request[0])
            except BaseException as error:
                record_failure(span, error)
                failures.append(error)

        carrier: dict[str, str] = {}
        PROPAGATOR.inject(carrier, context)
        shown = {
            **scope,
            "path": request[1]["url.path"],
            "query_string": b"",
            "client": None,
            "headers": [(name.encode(), value.encode()) for name, value in carrier.items()],
            _DESCRIBED: request,
            _INSIDE: inside,
        }
        # Outside any span: below one, the instrumentation would make an internal span.
        token = attach(Context())
        try:
            await self._instrumentation(shown, receive, send)
        finally:
            detach(token)
        if failures:
            raise failures.pop()


class _SafeTracer(Tracer):
    """Starts the spans of another tracer; one that cannot be started costs no request (C2)."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer

    def start_span(self, *args: Any, **options: Any) -> Span:
        return start_span(self._tracer, *args, **options)

    def start_as_current_span(self, *args: Any, **options: Any) -> Any:
        return self._tracer.start_as_current_span(*args, **options)


async def _serve_inside(scope: Scope, receive: Receive, send: Send) -> None:
    await scope[_INSIDE](receive, send)


def tracing(
    telemetry: Telemetry,
    routes: Sequence[BaseRoute],
    *,
    untraced: frozenset[str],
    make_correlation_id: Callable[[], str],
    metrics: ServiceMetrics | None = None,
) -> Middleware:
    """Return the middleware for an application's requests: our span, or OpenTelemetry's if the settings say so."""
    chosen = PlainTracingMiddleware if telemetry.is_plain else TracingMiddleware
    tracer = telemetry.tracer("reference_impl.services.http_spans")
    return Middleware(
        chosen,
        tracer=tracer,
        routes=routes,
        untraced=untraced,
        make_correlation_id=make_correlation_id,
        metrics=metrics,
    )
