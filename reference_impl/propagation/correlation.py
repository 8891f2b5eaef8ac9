"""The correlation id: taken from the request or made, on every span, and sent with calls to other services (S5.2).

A client may send anything, so an incoming id is accepted only if it is short and consists of safe characters. These
exclude what e-mail addresses need; ids that look like a JWT are refused too.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Mapping, MutableMapping
from contextvars import ContextVar, Token
from typing import Final

from opentelemetry import baggage, trace
from opentelemetry.context import Context
from opentelemetry.propagators.composite import CompositePropagator
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor

from reference_impl.propagation.propagators import BoundedBaggage, BoundedTraceContext
from reference_impl.vocabulary import CORRELATION_ID

HEADER: Final = "x-correlation-id"
BAGGAGE_KEY: Final = CORRELATION_ID

PROPAGATOR: Final = CompositePropagator([BoundedTraceContext(), BoundedBaggage()])
"""W3C trace context and baggage, within limits."""
_PROPAGATED: Final = frozenset(PROPAGATOR.fields)

_ACCEPTED = re.compile(r"(?!eyJ)[A-Za-z0-9_.:-]{1,128}")
_current: ContextVar[str | None] = ContextVar("correlation_id", default=None)


def new_correlation_id() -> str:
    """Return a new random correlation id: 32 hexadecimal digits."""
    return os.urandom(16).hex()


def is_acceptable(value: object) -> bool:
    """Return whether this may be a correlation id: 1 to 128 letters, digits and `_ . : -`, and no JWT."""
    return isinstance(value, str) and _ACCEPTED.fullmatch(value) is not None


class correlation:
    """A block in which the correlation id is `value`, also in tasks started inside: `with correlation("c-1"): ...`"""

    __slots__ = ("_token", "value")

    def __init__(self, value: str) -> None:
        self.value = value
        self._token: Token[str | None] | None = None

    def __enter__(self) -> str:
        self._token = _current.set(self.value)
        return self.value

    def __exit__(self, *_: object) -> None:
        if self._token is not None:
            # An abandoned generator leaves in another context than it entered in: nothing to restore there.
            with contextlib.suppress(ValueError):
                _current.reset(self._token)


def current_correlation_id() -> str | None:
    """Return the correlation id of the current request, else of the current span, else None."""
    return _current.get() or _of_span(trace.get_current_span())


def incoming(
    headers: Mapping[str, str],
    context: Context | None = None,
    *,
    make: Callable[[], str] = new_correlation_id,
) -> str:
    """Return the correlation id of a request's header, else of its baggage; a new one if that is not acceptable.

    `headers` has lower-case names; `context` is the result of `extract`.
    """
    received = headers.get(HEADER) or baggage.get_baggage(BAGGAGE_KEY, context)
    return str(received) if is_acceptable(received) else make()


def extract(headers: Mapping[str, str]) -> Context:
    """Return an empty context plus the remote parent and baggage of a request's headers (lower-case names)."""
    if _PROPAGATED.isdisjoint(headers):
        return Context()
    return PROPAGATOR.extract(headers, context=Context())


def inject(headers: MutableMapping[str, str], context: Context | None = None) -> None:
    """Add trace context, baggage and the correlation id to the headers of a call to another service."""
    correlation_id = current_correlation_id()
    if correlation_id is not None:
        headers[HEADER] = correlation_id
        context = baggage.set_baggage(BAGGAGE_KEY, correlation_id, context)
    PROPAGATOR.inject(headers, context=context)


class CorrelationProcessor(SpanProcessor):
    """Sets `correlation.id` on every recorded span.

    The value is the request's id, else the parent span's, else that of the baggage, else the trace id, so that the
    spans of a background job share one too.
    """

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Set the attribute."""
        span.set_attribute(CORRELATION_ID, self._of(span, parent_context))

    def _of(self, span: Span, context: Context | None) -> str:
        known = _current.get() or _of_span(trace.get_current_span(context))
        if known is not None:
            return known
        received = baggage.get_baggage(BAGGAGE_KEY, context)
        return str(received) if is_acceptable(received) else trace.format_trace_id(span.get_span_context().trace_id)


def _of_span(span: trace.Span) -> str | None:
    attributes = span.attributes if isinstance(span, ReadableSpan) else None
    found = (attributes or {}).get(CORRELATION_ID)
    return found if isinstance(found, str) else None
