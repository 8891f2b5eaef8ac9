"""The hook between instrumentation and metrics: what a component reports of each call, sampled or not (S4.4).

A metric counts every call, a trace only the sampled ones, so metrics are not derived from spans. Instrumented code
(`operation_spans`, `redis_tracing`) calls the `Measures` of its tracer and passes the span for an exemplar. Components
know only their tracer: give them a `MeasuredTracer` to have them measured. Nothing here imports a metrics library.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from opentelemetry.trace import Span, SpanKind, Tracer


@dataclass(frozen=True, slots=True)
class PoolUse:
    """A pool at one moment: connections in use, calls waiting for one, and the maximum of connections."""

    in_use: int
    waiting: int
    size: int

    def __str__(self) -> str:
        return f"{self.in_use} of {self.size} in use, {self.waiting} waiting"


class Measures(Protocol):
    """A receiver of measurements. Its methods are called when a call ends, in that call's thread; they never raise."""

    def operation(
        self,
        name: str,
        kind: SpanKind,
        seconds: float,
        *,
        error: BaseException | None,
        attributes: Mapping[str, Any],
        span: Span,
    ) -> None:
        """Record that an operation (`session.validate`) ended; `attributes` are its span's, sampled or not."""

    def redis_command(
        self, pool: str, command: str, seconds: float, *, error: BaseException | None, hit: bool | None, span: Span
    ) -> None:
        """Record that a Redis command or pipeline ended; `hit`: a read found its value, None for other commands."""


class MeasuredTracer(Tracer):
    """A tracer with `measures` attached; it starts the spans of the tracer that it wraps."""

    __slots__ = ("_tracer", "measures")

    def __init__(self, tracer: Tracer, measures: Measures) -> None:
        self._tracer = tracer
        self.measures = measures

    @property
    def sampler(self) -> Any:
        """Return the sampler of the SDK's tracer; None for a tracer without one."""
        return getattr(self._tracer, "sampler", None)

    def start_span(self, *args: Any, **kwargs: Any) -> Span:
        """See Tracer."""
        return self._tracer.start_span(*args, **kwargs)

    def start_as_current_span(self, *args: Any, **kwargs: Any) -> Any:
        """See Tracer."""
        return self._tracer.start_as_current_span(*args, **kwargs)


def measures_of(tracer: Tracer) -> Measures | None:
    """Return the measures attached to a tracer; None for any other tracer."""
    return tracer.measures if isinstance(tracer, MeasuredTracer) else None


def unwrap_tracer(tracer: Tracer) -> Tracer:
    """Return the tracer that a MeasuredTracer wraps; any other tracer itself."""
    return tracer._tracer if isinstance(tracer, MeasuredTracer) else tracer
