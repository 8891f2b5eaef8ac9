"""What the tracer provider is made of: resource (S1.2), sampler (S1.4), seeded ids, guarded processors (C2)."""

from __future__ import annotations

import random

from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, ParentBased, Sampler, TraceIdRatioBased

from reference_impl.instrumentation import faults
from reference_impl.instrumentation.faults import call_safely
from reference_impl.settings import Settings
from reference_impl.telemetry.remote_sampling import RemoteSampler


def make_resource(settings: Settings) -> Resource:
    """Return the resource: OTEL_RESOURCE_ATTRIBUTES, completed from the settings.

    The environment has both its old and its new attribute name, because backends and conventions differ.
    """
    given = dict(settings.resource_attributes)
    by_argument = settings.origins.get("environment") == "argument"
    environment = given.get("deployment.environment.name") or given.get("deployment.environment")
    environment = settings.environment if by_argument or not environment else environment
    own = {
        "service.name": settings.service_name,
        "service.version": settings.service_version,
        "deployment.environment": environment,
        "deployment.environment.name": environment,
    }
    return Resource.create({**given, **own})


def make_sampler(settings: Settings, remote: RemoteSampler | None = None) -> Sampler:
    """Return the sampler that the settings name; by default parent-based, so that a trace is whole or absent.

    `remote` is that of `jaeger_remote`.
    """
    if settings.sdk_disabled:
        return ALWAYS_OFF  # the SDK itself obeys only the variable, not an argument
    ratio = TraceIdRatioBased(settings.sampling_rate)
    roots: dict[str, Sampler] = {"always_on": ALWAYS_ON, "always_off": ALWAYS_OFF, "traceidratio": ratio}
    roots["jaeger_remote"] = remote or ratio
    root = roots[settings.sampler.removeprefix("parentbased_")]
    return ParentBased(root) if settings.sampler.startswith("parentbased_") else root


class SeededIds(IdGenerator):
    """Generates ids from a seed, the same on every run, for documentation that shows them; never for production."""

    def __init__(self, seed: int) -> None:
        # Two streams: the number of spans in one trace must not change the id of the next trace.
        self._traces, self._spans = random.Random(f"trace {seed}"), random.Random(f"span {seed}")

    def generate_trace_id(self) -> int:
        """Return the next trace id."""
        return self._traces.getrandbits(128) or 1

    def generate_span_id(self) -> int:
        """Return the next span id."""
        return self._spans.getrandbits(64) or 1


class GuardedProcessor(SpanProcessor):
    """Calls another processor. What that raises is counted; the application and later processors do not see it."""

    def __init__(self, inner: SpanProcessor) -> None:
        self._inner = inner

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Pass on a span that started."""
        call_safely(self._inner.on_start, span, parent_context)

    def on_end(self, span: ReadableSpan) -> None:
        """Pass on a span that ended."""
        call_safely(self._inner.on_end, span)

    def shutdown(self) -> None:
        """Shut the other processor down."""
        call_safely(self._inner.shutdown)

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        """Flush the other processor. Return its result, False if it raises."""
        try:
            return self._inner.force_flush(timeout_millis)
        except Exception as fault:
            faults.FAULTS.add(fault)
            return False
