"""The correlation id: in with the request or made, on every span, out with every call to another service (S5.2).

A client may send anything, so what comes in is accepted only when it is short and of safe characters. Characters
that e-mail addresses need are not among them, and neither is what looks like a JWT.
"""

from __future__ import annotations

import contextlib
import re
import uuid
from collections.abc import Callable, Mapping, MutableMapping
from contextvars import ContextVar, Token
from typing import Final

from opentelemetry import baggage, trace
from opentelemetry.context import Context
from opentelemetry.propagators.composite import CompositePropagator
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor

from reference_impl.telemetry.propagators import BoundedBaggage, BoundedTraceContext
from reference_impl.vocabulary import CORRELATION_ID

HEADER: Final = "x-correlation-id"
BAGGAGE_KEY: Final = CORRELATION_ID

PROPAGATOR: Final = CompositePropagator([BoundedTraceContext(), BoundedBaggage()])
"""W3C trace context and baggage, within limits."""

_ACCEPTED = re.compile(r"(?!eyJ)[A-Za-z0-9_.:-]{1,128}")
_current: ContextVar[str | None] = ContextVar("correlation_id", default=None)


def new_correlation_id() -> str:
    """A new random correlation id, of 32 hexadecimal digits."""
    return uuid.uuid4().hex


def is_acceptable(value: object) -> bool:
    """Whether this may be a correlation id: 1 to 128 letters, digits and `_ . : -`, and no JWT."""
    return isinstance(value, str) and _ACCEPTED.fullmatch(value) is not None


class correlation:
    """Within this block, and in tasks started from it, the correlation id is `value`: `with correlation("c-1"): ...`"""

    __slots__ = ("_token", "value")

    def __init__(self, value: str) -> None:
        self.value = value
        self._token: Token[str | None] | None = None

    def __enter__(self) -> str:
        self._token = _current.set(self.value)
        return self.value

    def __exit__(self, *_: object) -> None:
        if self._token is not None:
            # Left in another context than it was entered in, as an abandoned generator is: nothing to restore there.
            with contextlib.suppress(ValueError):
                _current.reset(self._token)


def current_correlation_id() -> str | None:
    """The correlation id of the request being served, else that of the current span, else None."""
    return _current.get() or _of_span(trace.get_current_span())


def incoming(
    headers: Mapping[str, str],
    context: Context | None = None,
    *,
    make: Callable[[], str] = new_correlation_id,
) -> str:
    """The correlation id that a request brings in its header or, failing that, in baggage; a new one where it is bad.

    `headers` has lower-case names; `context` is what `extract` made of them.
    """
    brought = headers.get(HEADER) or baggage.get_baggage(BAGGAGE_KEY, context)
    return str(brought) if is_acceptable(brought) else make()


def extract(headers: Mapping[str, str]) -> Context:
    """The remote parent and baggage of a request's headers (lower-case names), on an empty context."""
    return PROPAGATOR.extract(headers, context=Context())


def inject(headers: MutableMapping[str, str], context: Context | None = None) -> None:
    """Add trace context, baggage and the correlation id to the headers of a call to another service."""
    correlation_id = current_correlation_id()
    if correlation_id is not None:
        headers[HEADER] = correlation_id
        context = baggage.set_baggage(BAGGAGE_KEY, correlation_id, context)
    PROPAGATOR.inject(headers, context=context)


class CorrelationProcessor(SpanProcessor):
    """Puts `correlation.id` on every recorded span.

    It is the request's, else the parent span's, else what baggage brought, else, at a root, the trace's own id: so
    a background job's spans share one too.
    """

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Set the attribute."""
        span.set_attribute(CORRELATION_ID, self._of(span, parent_context))

    def _of(self, span: Span, context: Context | None) -> str:
        known = _current.get() or _of_span(trace.get_current_span(context))
        if known is not None:
            return known
        brought = baggage.get_baggage(BAGGAGE_KEY, context)
        return str(brought) if is_acceptable(brought) else trace.format_trace_id(span.get_span_context().trace_id)


def _of_span(span: trace.Span) -> str | None:
    attributes = span.attributes if isinstance(span, ReadableSpan) else None
    found = (attributes or {}).get(CORRELATION_ID)
    return found if isinstance(found, str) else None
