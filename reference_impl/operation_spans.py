"""One line traces an operation: `@traced("session.validate")` above a method, and the method stays as it was.

What the span says of the result is a function beside it; how a failure shows is the same everywhere: status error,
the exception's type, never its message, as messages carry keys, addresses and values.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from contextvars import Token
from functools import wraps
from typing import Any, ParamSpec, TypeAlias, TypeVar, overload

from opentelemetry.context import Context, attach, detach
from opentelemetry.trace import Span, SpanKind, Tracer, set_span_in_context

from reference_impl import safe_errors
from reference_impl.safe_errors import error_type
from reference_impl.vocabulary import ERROR_TYPE

P = ParamSpec("P")
R = TypeVar("R")
Method: TypeAlias = Callable[P, Coroutine[Any, Any, R]]


@overload
def traced(name: str) -> Callable[[Method[P, R]], Method[P, R]]: ...
@overload
def traced(name: str, describe: Callable[[R], Mapping[str, Any]]) -> Callable[[Method[P, R]], Method[P, R]]: ...
def traced(name: str, describe: Callable[[Any], Mapping[str, Any]] | None = None) -> Any:
    """Make each call of an async method one internal span of this name, by the `tracer` of the method's object.

    `describe` gives the span's attributes from the result; it is called only for a span that is recorded.
    """

    def decorate(method: Callable[..., Coroutine[Any, Any, Any]]) -> Callable[..., Coroutine[Any, Any, Any]]:
        @wraps(method)
        async def call(self: Any, *args: Any, **kwargs: Any) -> Any:
            with operation_span(self.tracer, name) as span:
                result = await method(self, *args, **kwargs)
                if describe is not None and span.is_recording():
                    span.set_attributes(describe(result))
                return result

        return call

    return decorate


class operation_span:
    """A span as a block: current within it, ended after it, failed with the type of what is raised in it."""

    __slots__ = ("_span", "_token")

    def __init__(
        self,
        tracer: Tracer,
        name: str,
        *,
        kind: SpanKind = SpanKind.INTERNAL,
        attributes: Mapping[str, Any] | None = None,
    ) -> None:
        self._span = tracer.start_span(name, kind=kind, attributes=attributes)
        self._token: Token[Context] | None = None

    def __enter__(self) -> Span:
        # Not the SDK's own context manager: that writes the messages and stack traces of exceptions.
        self._token = attach(set_span_in_context(self._span))
        return self._span

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: Any) -> None:
        if error is not None:
            record_failure(self._span, error)
        if self._token is not None:
            detach(self._token)
        self._span.end()


def record_failure(span: Span, error: BaseException) -> None:
    """Give a span status error, `error.type` and the event `exception`, by the exception's type alone."""
    if span.is_recording():
        span.set_attribute(ERROR_TYPE, error_type(error))
        safe_errors.record_failure(span, error)
