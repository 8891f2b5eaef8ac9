"""Every call counts, sampled or not, by its route, command or operation and its outcome (S4.4)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import CancelledError as ThreadCancelled
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import INVALID_SPAN, NoOpTracer, SpanKind
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from reference_impl import vocabulary as v
from reference_impl.circuit_breaker import BreakerSettings, CircuitBreaker, CircuitOpen
from reference_impl.metrics.catalogue import OTHER
from reference_impl.metrics.outcomes import call_outcome, error_reason, operation_outcome, redis_outcome
from reference_impl.metrics.service_metrics import ServiceMetrics
from reference_impl.redis_tracing.client import DeadlineExceeded
from reference_impl.redis_tracing.pools import PoolExhausted
from reference_impl.services.responses import METRICS
from tests.reference_impl.metrics.metrics_support import application, client_of, families, value


@pytest.mark.expensive
async def test_a_thousand_requests_at_ten_percent_sampling_count_a_thousand(metrics: ServiceMetrics) -> None:
    exporter = InMemorySpanExporter()
    provider = TracerProvider(sampler=ParentBased(TraceIdRatioBased(0.1)), shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    async with client_of(application(metrics, provider.get_tracer("http"))) as client:
        answers = await asyncio.gather(*(client.get(f"/users/{number}") for number in range(1000)))
    assert {answer.status_code for answer in answers} == {200}
    assert 30 < len(exporter.get_finished_spans()) < 300  # 100 by 9.5 standard deviations: the sampler did its work
    assert value(metrics, "studio_requests_total", operation="GET /users/{id}", status="2xx") == 1000
    assert value(metrics, "studio_request_duration_seconds_count", operation="GET /users/{id}") == 1000
    assert value(metrics, "studio_requests_in_progress") == 0


async def test_requests_count_with_tracing_off_altogether(metrics: ServiceMetrics) -> None:
    async with client_of(application(metrics, NoOpTracer())) as client:
        await client.get("/users/1")
    assert value(metrics, "studio_requests_total", operation="GET /users/{id}", status="2xx") == 1


async def test_errors_count_by_what_they_were(metrics: ServiceMetrics, provider: TracerProvider) -> None:
    app = application(metrics, provider.get_tracer("http"))
    app.state.waiting = asyncio.Event()
    async with client_of(app) as client:
        for path in ("/users/1?status=404", "/users/1?status=500", "/users/1?status=503", "/fail", "/fail"):
            await client.get(path)
        waiting = asyncio.create_task(client.get("/wait"))
        await app.state.waiting.wait()
        assert value(metrics, "studio_requests_in_progress") == 1
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    of_users = {"operation": "GET /users/{id}"}
    assert value(metrics, "studio_request_errors_total", reason="status", **of_users) == 1
    assert value(metrics, "studio_request_errors_total", reason="unavailable", **of_users) == 1
    assert value(metrics, "studio_request_errors_total", operation="GET /fail", reason="exception") == 2
    assert value(metrics, "studio_request_errors_total", operation="GET /wait", reason="cancelled") == 1
    assert value(metrics, "studio_requests_total", operation="GET /fail", status="5xx") == 2
    assert value(metrics, "studio_requests_total", operation="GET /wait", status="none") == 1
    assert value(metrics, "studio_requests_total", status="4xx", **of_users) == 1
    assert value(metrics, "studio_requests_in_progress") == 0


async def test_what_fits_no_route_or_no_method_of_it_counts_as_other(metrics: ServiceMetrics) -> None:
    async with client_of(application(metrics, NoOpTracer())) as client:
        for method, path in (("GET", "/bob@example.com"), ("BREW", "/fail"), ("POST", "/fail"), ("HEAD", "/fail")):
            await client.request(method, path)
    seen = {s.labels["operation"] for s in families(metrics)["studio_requests"].samples}
    assert seen == {"HEAD /fail", OTHER}


async def test_neither_the_scrape_nor_health_checks_nor_other_protocols_count(metrics: ServiceMetrics) -> None:
    app = application(metrics, NoOpTracer())
    async with client_of(app) as client:
        await client.get("/healthz")
        await client.get(METRICS)
    async with app.router.lifespan_context(app):
        pass
    assert families(metrics)["studio_requests"].samples == []


def test_an_operation_of_each_kind_goes_to_its_own_metric(metrics: ServiceMetrics) -> None:
    attributes = {v.CONNECTION_POOL: "sessions", v.OPERATION: "SELECT"}
    only_semconv = {v.CONNECTION_POOL: "sessions", v.DB_OPERATION_NAME: "DELETE"}
    call: Any = {"error": None, "span": INVALID_SPAN}
    metrics.operation(v.DB_QUERY, SpanKind.CLIENT, 0.1, attributes=attributes, **call)
    metrics.operation(v.DB_QUERY, SpanKind.CLIENT, 0.1, attributes=only_semconv, **call)
    metrics.operation(v.EXECUTE_WITH_CIRCUIT_BREAKER, SpanKind.INTERNAL, 0.1, attributes=attributes, **call)
    metrics.operation(v.SESSION_VALIDATE, SpanKind.INTERNAL, 0.1, attributes={v.SESSION_VALID: True}, **call)
    metrics.operation("GET /session", SpanKind.SERVER, 0.1, attributes={}, **call)
    metrics.operation("POST", SpanKind.CLIENT, 0.1, attributes={}, **call)
    of_pool = {"pool": "sessions", "outcome": "ok"}
    assert value(metrics, "studio_db_queries_total", operation="SELECT", **of_pool) == 1
    assert value(metrics, "studio_db_queries_total", operation="DELETE", **of_pool) == 1
    assert value(metrics, "studio_db_calls_total", operation="SELECT", **of_pool) == 1
    seen = families(metrics)["studio_operations"].samples
    assert [sample.labels for sample in seen] == [{"operation": "session.validate", "outcome": "valid"}]


def test_reads_of_the_cache_count_as_hits_and_misses_when_they_were_answered(metrics: ServiceMetrics) -> None:
    for error, hit in ((None, True), (None, False), (None, None), (ResponseError(), False)):
        metrics.redis_command("sessions", "GET", 0.001, error=error, hit=hit, span=INVALID_SPAN)
    assert value(metrics, "studio_cache_reads_total", command="GET", result="hit") == 1
    assert value(metrics, "studio_cache_reads_total", command="GET", result="miss") == 1
    of_get = {"pool": "sessions", "command": "GET"}
    assert value(metrics, "studio_redis_commands_total", outcome="ok", **of_get) == 3
    assert value(metrics, "studio_redis_commands_total", outcome="error", **of_get) == 1
    assert value(metrics, "studio_redis_command_duration_seconds_count", **of_get) == 4


@pytest.mark.parametrize(
    ("outcome_of", "error", "outcome"),
    [
        (redis_outcome, None, "ok"),
        (redis_outcome, ResponseError(), "error"),
        (redis_outcome, DeadlineExceeded(), "timeout"),
        (redis_outcome, RedisTimeoutError(), "timeout"),
        (redis_outcome, RedisConnectionError(), "unreachable"),
        (redis_outcome, ConnectionResetError(), "unreachable"),
        (redis_outcome, PoolExhausted(), "exhausted"),
        (redis_outcome, asyncio.CancelledError(), "cancelled"),
        (call_outcome, None, "ok"),
        (call_outcome, ValueError(), "error"),
        (call_outcome, CircuitOpen("p", "open", 1.0, "why"), "rejected"),
        (call_outcome, PoolExhausted(), "exhausted"),
        (call_outcome, TimeoutError(), "timeout"),
        (call_outcome, ThreadCancelled(), "error"),
        (call_outcome, GeneratorExit(), "cancelled"),
    ],
)  # fmt: skip
def test_what_became_of_a_call_has_a_name(
    outcome_of: Callable[[BaseException | None], str], error: BaseException | None, outcome: str
) -> None:
    assert outcome_of(error) == outcome


def test_a_validation_says_what_it_found_unless_it_failed() -> None:
    expired = {v.SESSION_VALID: False, v.SESSION_REASON: "expired"}
    assert operation_outcome(None, expired) == "expired"
    assert operation_outcome(ValueError(), expired) == "error"
    assert error_reason(503, None) == "unavailable"
    assert error_reason(499, None) is None


def test_a_breaker_s_states_calls_and_transitions(metrics: ServiceMetrics) -> None:
    now = [0.0]
    settings = BreakerSettings(minimum_calls=2, reset_after_s=5.0, half_open_permits=1)
    breaker = CircuitBreaker("sessions", settings, clock=lambda: now[0], listeners=[metrics.breaker_event])
    metrics.watch_breakers({"sessions": breaker})
    from_zero = families(metrics)["studio_circuit_breaker_transitions"].samples
    assert [sample.value for sample in from_zero] == [0, 0, 0, 0]

    def state() -> list[str]:
        samples = families(metrics)["studio_circuit_breaker_state"].samples
        return [sample.labels["state"] for sample in samples if sample.value]

    assert state() == ["closed"]
    for _ in range(2):
        with pytest.raises(OSError, match="down"), breaker.guard():
            raise OSError("down")
    assert state() == ["open"]
    with pytest.raises(CircuitOpen):
        breaker.acquire()
    now[0] = 6.0
    with breaker.guard():
        assert state() == ["half_open"]
    assert state() == ["closed"]
    moves = {"pool": "sessions", "from_state": "half_open", "to_state": "closed"}
    assert value(metrics, "studio_circuit_breaker_transitions_total", **moves) == 1
    assert value(metrics, "studio_circuit_breaker_calls_total", pool="sessions", outcome="rejected") == 1
    assert value(metrics, "studio_circuit_breaker_calls_total", pool="sessions", outcome="failed") == 2
