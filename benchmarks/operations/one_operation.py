"""One GET, traced in every way that is compared; the benchmarks of time and of instructions both run it.

The caller gives the client, so that an operation runs against a real server or without one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from time import perf_counter_ns
from typing import Any, Final

import redis
import redis.asyncio
from opentelemetry.context import Context
from opentelemetry.instrumentation.redis import RedisInstrumentor
from opentelemetry.sdk.trace import TracerProvider as SdkProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, ParentBased
from opentelemetry.trace import (
    NonRecordingSpan,
    NoOpTracerProvider,
    Span,
    SpanContext,
    SpanKind,
    TraceFlags,
    Tracer,
    TracerProvider,
    set_span_in_context,
)

from reference_impl.instrumentation.measures import MeasuredTracer
from reference_impl.metrics.service_metrics import ServiceMetrics
from reference_impl.redis_tracing.commands import instrument
from reference_impl.redis_tracing.key_sanitizing import KeyTemplates
from reference_impl.settings import Settings

KEY: Final = "session:3f1c9a52"
KEYS: Final = KeyTemplates("session:{id}", "user:{id}:sessions")

UNTRACED: Final = "untraced"
API_ONLY: Final = "API only, no SDK"
BARE: Final = "bare SDK span"
BY_HAND: Final = "span by hand, 7 attributes"
CONTRIB: Final = "contrib"
"""opentelemetry-instrumentation-redis."""
SIMPLE: Final = "ours, simple"
SEMCONV: Final = "ours, semconv"
BOTH: Final = "ours, both"
MEASURED: Final = "ours, both, with metrics"
OURS: Final = (SIMPLE, SEMCONV, BOTH, MEASURED)

SAMPLED: Final = "sampled"
UNSAMPLED: Final = "unsampled parent"
DISABLED: Final = "SDK disabled"
CASES: Final = (SAMPLED, UNSAMPLED, DISABLED)


class AnsweringClient(redis.Redis):
    """A client that answers without a server, so that only the cost of tracing is left."""

    def execute_command(self, *args: Any, **options: Any) -> Any:
        """See redis.Redis."""
        return b"value"


class AnsweringAsyncClient(redis.asyncio.Redis):
    """An asyncio client that answers without a server."""

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        """See redis.asyncio.Redis."""
        return b"value"


def provider_for(case: str) -> TracerProvider:
    """Return a provider that exports nothing: spans are only started and ended."""
    if case == DISABLED:
        return NoOpTracerProvider()
    return SdkProvider(sampler=ParentBased(ALWAYS_ON), shutdown_on_exit=False)


def parent_for(case: str) -> Context:
    """Return a context with a sampled or unsampled span; without a span where the SDK is disabled."""
    if case == DISABLED:
        return Context()
    flags = TraceFlags(TraceFlags.SAMPLED if case == SAMPLED else TraceFlags.DEFAULT)
    return set_span_in_context(NonRecordingSpan(SpanContext(0x5EED << 64, 0x5EED, False, flags)), Context())


def sync_operations(client: Callable[[], redis.Redis], provider: TracerProvider) -> Mapping[str, Callable[[], object]]:
    """Return a GET for each variant, each with a client of its own."""
    operations = {name: _sync_get(made) for name, made in _traced_clients(client, provider).items()}
    operations[API_ONLY] = _sync_by_hand(client(), NoOpTracerProvider().get_tracer("api"))
    operations[BARE] = _sync_bare(client(), provider.get_tracer("bare"))
    operations[BY_HAND] = _sync_by_hand(client(), provider.get_tracer("by hand"))
    return operations


def async_operations(
    client: Callable[[], redis.asyncio.Redis], provider: TracerProvider
) -> Mapping[str, Callable[[], Awaitable[object]]]:
    """Return an asyncio GET for each variant, each with a client of its own."""
    operations = {name: _async_get(made) for name, made in _traced_clients(client, provider).items()}
    operations[API_ONLY] = _async_by_hand(client(), NoOpTracerProvider().get_tracer("api"))
    operations[BARE] = _async_bare(client(), provider.get_tracer("bare"))
    operations[BY_HAND] = _async_by_hand(client(), provider.get_tracer("by hand"))
    return operations


def _traced_clients(client: Callable[[], Any], provider: TracerProvider) -> dict[str, Any]:
    tracer = provider.get_tracer("ours")
    measured = MeasuredTracer(tracer, ServiceMetrics(Settings.load({})))
    contrib = client()
    RedisInstrumentor.instrument_client(contrib, tracer_provider=provider)
    return {
        UNTRACED: client(),
        CONTRIB: contrib,
        SIMPLE: instrument(client(), pool_name="sessions", keys=KEYS, tracer=tracer, mode="simple"),
        SEMCONV: instrument(client(), pool_name="sessions", keys=KEYS, tracer=tracer, mode="semconv"),
        BOTH: instrument(client(), pool_name="sessions", keys=KEYS, tracer=tracer, mode="both"),
        MEASURED: instrument(client(), pool_name="sessions", keys=KEYS, tracer=measured, mode="both"),
    }


def _describe(span: Span, value: object, began_ns: int) -> None:
    """Set the attributes as an application does by hand: one by one, whether the span is recorded or not."""
    span.set_attribute("operation", "GET")
    span.set_attribute("key", "session:*")
    span.set_attribute("latency_ms", (perf_counter_ns() - began_ns) / 1e6)
    span.set_attribute("cache_hit", value is not None)
    span.set_attribute("cache_miss", value is None)
    span.set_attribute("connection_pool", "sessions")
    span.set_attribute("db_type", "redis")


def _sync_get(client: Any) -> Callable[[], object]:
    return lambda: client.execute_command("GET", KEY)


def _sync_bare(client: Any, tracer: Tracer) -> Callable[[], object]:
    def operation() -> object:
        with tracer.start_as_current_span("redis.get", kind=SpanKind.CLIENT):
            return client.execute_command("GET", KEY)

    return operation


def _sync_by_hand(client: Any, tracer: Tracer) -> Callable[[], object]:
    def operation() -> object:
        with tracer.start_as_current_span("redis.get", kind=SpanKind.CLIENT) as span:
            began = perf_counter_ns()
            value = client.execute_command("GET", KEY)
            _describe(span, value, began)
            return value

    return operation


def _async_get(client: Any) -> Callable[[], Awaitable[object]]:
    return lambda: client.execute_command("GET", KEY)


def _async_bare(client: Any, tracer: Tracer) -> Callable[[], Awaitable[object]]:
    async def operation() -> object:
        with tracer.start_as_current_span("redis.get", kind=SpanKind.CLIENT):
            return await client.execute_command("GET", KEY)

    return operation


def _async_by_hand(client: Any, tracer: Tracer) -> Callable[[], Awaitable[object]]:
    async def operation() -> object:
        with tracer.start_as_current_span("redis.get", kind=SpanKind.CLIENT) as span:
            began = perf_counter_ns()
            value = await client.execute_command("GET", KEY)
            _describe(span, value, began)
            return value

    return operation
