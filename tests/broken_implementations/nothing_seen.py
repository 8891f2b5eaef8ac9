"""Broken so that nothing can be judged: spans renamed, dropped or never created, and failures that vanish."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from opentelemetry.sdk.trace import Span, SpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, Sampler
from opentelemetry.trace import SpanKind

from tests.broken_implementations.faults import ErrorsBecomeNone
from tests.broken_implementations.registry import unseen
from tests.broken_implementations.service import Service


@unseen("session-hit", "session-validate")
class Renamed(Service):
    """A refactoring renames the validation's span, and every dashboard that looks for it is empty."""

    @contextmanager
    def span(self, name: str, **options: Any) -> Iterator[Span]:
        with super().span({"session.validate": "session.check"}.get(name, name), **options) as span:
            yield span


@unseen("session-hit", "redis-command", "session-validate")
class SampledOut(Service):
    """The sampler's rate is a text that the environment did not set: nothing is sampled."""

    def sampler(self) -> Sampler:
        return ALWAYS_OFF


@unseen("cache-warm", "cache-warm", "redis-command")
class NoProcessor(Service):
    """A provider without a processor: spans are made, and go nowhere."""

    def processors(self) -> Sequence[SpanProcessor]:
        return []


@unseen("session-invalidate", "request-log", "session-invalidate")
class NoServerSpan(Service):
    """The framework's instrumentation was not installed: requests have no span, what they do is on its own."""

    @contextmanager
    def span(self, name: str, *, kind: SpanKind = SpanKind.INTERNAL, **options: Any) -> Iterator[Span]:
        if kind is not SpanKind.SERVER:
            with super().span(name, kind=kind, **options) as span:
                yield span
        else:
            yield self.providers["studio-api"].get_tracer("never").start_span("never ended")  # type: ignore[misc]


@unseen("redis-failing-command", "redis-failure")
class FailureLooksLikeAMiss(ErrorsBecomeNone):
    """The client turns every error into None within the command's span: a failure looks like a miss."""


@unseen("session-database-down", "call-rejected")
class NeverRefuses(Service):
    """The breaker counts and opens, but lets every call through."""

    def admit(self, span: Span) -> None:
        self.state = "closed"
