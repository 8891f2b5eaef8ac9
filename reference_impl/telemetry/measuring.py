"""What is measured beside tracing: the seam between the instrumentation and whoever counts (S4.4).

A metric counts every call, a trace only those that are sampled: so nothing here is derived from spans. The
instrumentation (`operation_spans`, `redis_spans`) calls the `Measures` that its tracer brings, sampled or not, and
gives it the span for an exemplar. Components know their tracer only: who gives them a `MeasuredTracer` has them
measured. Nothing here imports a metrics library.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from opentelemetry.trace import Span, SpanKind, Tracer


class Measures(Protocol):
    """Whoever counts. Its methods are called at the end of each call, in the thread of it, and never raise."""

    def operation(
        self,
        name: str,
        kind: SpanKind,
        seconds: float,
        *,
        error: BaseException | None,
        said: Mapping[str, Any],
        span: Span,
    ) -> None:
        """An operation (`session.validate`, `db.query`) ended; `said` is what its span would say, sampled or not."""

    def redis_command(
        self, pool: str, command: str, seconds: float, *, error: BaseException | None, hit: bool | None, span: Span
    ) -> None:
        """A Redis command or pipeline ended; `hit` tells a read that found something, None for what is no read."""


class MeasuredTracer(Tracer):
    """A tracer that brings `measures` along; its spans are those of the tracer that it was made from."""

    __slots__ = ("_tracer", "measures")

    def __init__(self, tracer: Tracer, measures: Measures) -> None:
        self._tracer = tracer
        self.measures = measures

    @property
    def sampler(self) -> Any:
        """The sampler of the SDK's tracer; None where there is none."""
        return getattr(self._tracer, "sampler", None)

    def start_span(self, *args: Any, **kwargs: Any) -> Span:
        """See Tracer."""
        return self._tracer.start_span(*args, **kwargs)

    def start_as_current_span(self, *args: Any, **kwargs: Any) -> Any:
        """See Tracer."""
        return self._tracer.start_as_current_span(*args, **kwargs)


def measures_of(tracer: Tracer) -> Measures | None:
    """The measures that a tracer brings; None for any other tracer."""
    return tracer.measures if isinstance(tracer, MeasuredTracer) else None


def unmeasured(tracer: Tracer) -> Tracer:
    """The tracer that makes the spans: what a MeasuredTracer was made from, any other itself."""
    return tracer._tracer if isinstance(tracer, MeasuredTracer) else tracer
