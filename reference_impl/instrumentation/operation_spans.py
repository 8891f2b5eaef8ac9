"""One line traces an operation: `@traced("session.validate")` above a method that stays as it was.

A function next to the method chooses which attributes its result gives the span. Failures show the same way everywhere:
status error and the exception's type, never its message, because messages carry keys, addresses and values.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextvars import ContextVar, Token
from functools import wraps
from time import perf_counter
from typing import Any, Final, ParamSpec, TypeAlias, TypeVar, overload

from opentelemetry.context import Context, attach, detach, get_current
from opentelemetry.trace import Link, NonRecordingSpan, Span, SpanKind, Tracer, get_current_span

from reference_impl.instrumentation.errors import error_type, record_exception_type
from reference_impl.instrumentation.faults import call_safely, start_span
from reference_impl.instrumentation.measures import Measures, measures_of, unwrap_tracer
from reference_impl.instrumentation.sampling_rules import SPAN_KEY, is_below_unsampled, sampling_rules
from reference_impl.instrumentation.unchecked_attributes import can_skip_checks, set_unchecked_attributes
from reference_impl.vocabulary import ERROR_TYPE

P = ParamSpec("P")
R = TypeVar("R")
Method: TypeAlias = Callable[P, Coroutine[Any, Any, R]]

ABANDONED: Final = "abandoned"
"""The event on the span of a generator whose reader stopped before its end."""

_block: ContextVar[operation_span | None] = ContextVar("operation_span", default=None)


@overload
def traced(name: str) -> Callable[[Method[P, R]], Method[P, R]]: ...
@overload
def traced(name: str, describe: Callable[[R], Mapping[str, Any]]) -> Callable[[Method[P, R]], Method[P, R]]: ...
def traced(name: str, describe: Callable[[Any], Mapping[str, Any]] | None = None) -> Any:
    """Make each call of an async method one internal span of this name, by the `tracer` of the method's object.

    `describe` returns the span's attributes from the method's result; it is called only for a span that is recorded or
    measured.
    """

    def decorate(method: Callable[..., Coroutine[Any, Any, Any]]) -> Callable[..., Coroutine[Any, Any, Any]]:
        @wraps(method)
        async def call(self: Any, *args: Any, **kwargs: Any) -> Any:
            block = operation_span(self.tracer, name)
            with block:
                result = await method(self, *args, **kwargs)
                if describe is not None and block.is_observed:
                    call_safely(block.describe, describe, result)
                return result

        return call

    return decorate


class operation_span:
    """A span as a `with` block: current inside, ended afterwards, marked as failed by what is raised inside.

    - The exception is passed on as the same object (C1); a failure of telemetry never is (C2).
    - A cancelled block failed, with `error.type` CancelledError (C3), because its work is not done.
    - A generator whose reader stopped early did not fail: its span gets the event `abandoned`, and the contexts of
      others stay as they are (C4).
    - `on_failure` replaces `record_failure`, to record more of an exception.
    - A MeasuredTracer has each block measured, whether its span is recorded or not (S4.4).
    - With `ended_ns` (nanoseconds since the epoch) set inside, the span ended then: what follows is not its work.
    """

    __slots__ = ("_attributes", "_context", "_inside", "_kind", "_measures", "_name", "_on_failure", "_outer", "_span",
                 "_started", "_token", "ended_ns")  # fmt: skip

    def __init__(
        self,
        tracer: Tracer,
        name: str,
        *,
        kind: SpanKind = SpanKind.INTERNAL,
        attributes: Mapping[str, Any] | None = None,
        context: Context | None = None,
        links: Sequence[Link] | None = None,
        on_failure: Callable[[Span, BaseException], None] | None = None,
    ) -> None:
        self._span = _start(unwrap_tracer(tracer), name, context, kind, attributes, links)
        self._measures = measures_of(tracer)
        self._name, self._kind = name, kind
        self._attributes: Mapping[str, Any] = attributes or {}
        self._started = perf_counter()
        self._on_failure = on_failure or record_failure
        self._context = context
        self.ended_ns: int | None = None
        self._outer: operation_span | None = None
        self._token: Token[Context] | None = None
        self._inside: Token[operation_span | None] | None = None

    def __enter__(self) -> Span:
        # Not the SDK's own context manager: that writes the messages and stack traces of exceptions.
        context = get_current() if self._context is None else self._context
        if self._context is None and context.get(SPAN_KEY) is self._span:
            return self._span  # nothing to make current, or to restore
        self._token = attach(Context({**context, SPAN_KEY: self._span}))
        self._outer = _block.get()
        self._inside = _block.set(self)
        return self._span

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: Any) -> None:
        if self._measures is not None:
            call_safely(self._measure, self._measures, None if isinstance(error, GeneratorExit) else error)
        if isinstance(error, GeneratorExit):
            call_safely(self._span.add_event, ABANDONED)
        elif error is not None:
            call_safely(self._on_failure, self._span, error)
        self._leave()
        call_safely(self._span.end, self.ended_ns)

    @property
    def is_observed(self) -> bool:
        """Return whether the span's attributes are used at all: the span is recorded or measured."""
        return self._measures is not None or self._span.is_recording()

    def describe(self, describe: Callable[[Any], Mapping[str, Any]], result: object) -> None:
        """Set the attributes that `describe` returns for the operation's result."""
        described = describe(result)
        _set_attributes(self._span, described)
        self._attributes = {**self._attributes, **described}

    def _measure(self, measures: Measures, error: BaseException | None) -> None:
        seconds = perf_counter() - self._started
        measures.operation(self._name, self._kind, seconds, error=error, attributes=self._attributes, span=self._span)

    def _leave(self) -> None:
        """Restore the span that was current before, if this block is still open in this context.

        A generator may be closed in another context than it was entered in, or in its own after its reader's block
        was left. Then nothing is restored: the span that was current before would be wrong now.
        """
        if self._token is None or self._inside is None or not self._is_open_here():
            return
        try:
            _block.reset(self._inside)
        except ValueError:
            return  # entered in another context, of which this one is a copy
        detach(self._token)

    def _is_open_here(self) -> bool:
        block = _block.get()
        while block is not None and block is not self:
            block = block._outer
        return block is self


def _start(
    tracer: Tracer,
    name: str,
    context: Context | None,
    kind: SpanKind,
    attributes: Mapping[str, Any] | None,
    links: Sequence[Link] | None,
) -> Span:
    """Start a span; none where it would certainly be dropped, but for a server's, which has an id for its response.

    A parent that records nothing stands for the span that is not started. Attributes that no sampler reads are set at
    once after the start, which takes an eighth of the instructions.
    """
    rules = sampling_rules(tracer)
    context = get_current() if context is None else context  # else looked up at each step
    if rules.drops == "below unsampled" and kind is not SpanKind.SERVER and is_below_unsampled(context):
        parent = get_current_span(context)
        return parent if type(parent) is NonRecordingSpan else NonRecordingSpan(parent.get_span_context())
    if not attributes or rules.reads_attributes:
        return start_span(tracer, name, context, kind=kind, attributes=attributes, links=links)
    span = start_span(tracer, name, context, kind=kind, links=links)
    call_safely(_set_attributes, span, attributes)
    return span


def _set_attributes(span: Span, attributes: Mapping[str, Any]) -> None:
    if span.is_recording():
        if can_skip_checks(attributes):
            set_unchecked_attributes(span, attributes)
        else:
            span.set_attributes(attributes)


def record_failure(span: Span, error: BaseException) -> None:
    """Set the span's status to error, `error.type`, and the event `exception`: the exception's type only."""
    if span.is_recording():
        call_safely(span.set_attribute, ERROR_TYPE, error_type(error))
        call_safely(record_exception_type, span, error)
