"""Faults that several broken implementations have: parts of a method that overrides one of `Service`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ParamSpec, cast

from opentelemetry.sdk.trace import Span
from redis.exceptions import RedisError

from tests.broken_implementations.service import Headers, Service

Parameters = ParamSpec("Parameters")


def without(name: str, method: Callable[Parameters, Mapping[str, Any]]) -> Callable[Parameters, dict[str, Any]]:
    """Return the method that gives the attributes of `method`, except `name`."""

    def remaining(*args: Parameters.args, **kwargs: Parameters.kwargs) -> dict[str, Any]:
        return {key: value for key, value in method(*args, **kwargs).items() if key != name}

    return remaining


def do_nothing(service: Service, span: Span, error: BaseException | None = None) -> None:
    """Override a method that describes a span: leave the span as it is."""


def with_failure_event(method: Callable[Parameters, None], number: int, error_type: str) -> Callable[Parameters, None]:
    """Return the method that also adds the breaker's event of a failure, the `number`-th in a row, to the span."""
    explained = {"failure_count": number, "threshold": 1.0, "reset_after_s": 30.0, "error.type": error_type}

    def called(*args: Parameters.args, **kwargs: Parameters.kwargs) -> None:
        method(*args, **kwargs)
        service, span = cast("tuple[Service, Span]", args)
        service.add_event(span, "circuit_breaker.failure", pool="sessions", **explained)

    return called


def with_text_of_value(name: str, method: Callable[Parameters, None]) -> Callable[Parameters, None]:
    """Return the method that also sets the attribute `name` to the text of the value that it is given."""

    def called(*args: Parameters.args, **kwargs: Parameters.kwargs) -> None:
        method(*args, **kwargs)
        _, span, value = cast("tuple[Service, Span, object]", args)
        span.set_attribute(name, str(value))

    return called


def with_traceparent(headers: Headers, *, trace_id: str = "", span_id: str = "") -> Headers:
    """Return the headers with another trace id or span id in `traceparent`."""
    version, own_trace_id, own_span_id, flags = headers["traceparent"].split("-")
    return {**headers, "traceparent": f"{version}-{trace_id or own_trace_id}-{span_id or own_span_id}-{flags}"}


class ErrorsBecomeNone(Service):
    """The client turns errors of Redis into None within the command's span. Not broken enough to be on a list."""

    swallows: type[Exception] = RedisError
    swallowed = False

    async def send(self, operation: str, *arguments: Any) -> Any:
        try:
            return await super().send(operation, *arguments)
        except self.swallows:
            self.swallowed = True
            return None
