"""Metrics: every call counts, sampled or not; what is scraped is what the catalogue says, within its bounds (S4.4)."""

from __future__ import annotations

import asyncio
import io
import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError as ThreadCancelled
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import uvicorn
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased, TraceIdRatioBased
from opentelemetry.trace import INVALID_SPAN, NoOpTracer, Span, SpanKind, get_current_span
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_plain
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from reference_impl import vocabulary as v
from reference_impl.circuit_breaker.breaker import BreakerSettings, CircuitBreaker, CircuitOpen
from reference_impl.export.ledger import SpanLedger
from reference_impl.instrumentation.measures import MeasuredTracer, Measures, measures_of
from reference_impl.logs.structured import configure_logging, get_logger
from reference_impl.metrics.catalogue import CATALOGUE, OTHER, REQUESTS, Metric, as_page
from reference_impl.metrics.exposition import OPENMETRICS, best_format
from reference_impl.metrics.service_metrics import (
    ServiceMetrics,
    call_outcome,
    error_reason,
    operation_outcome,
    redis_outcome,
)
from reference_impl.redis_tracing.client import DeadlineExceeded, PoolExhausted
from reference_impl.redis_tracing.key_sanitizing import KeyTemplates
from reference_impl.services.http_metrics import METRICS, MetricsMiddleware, metrics_endpoint
from reference_impl.services.http_spans import TracingMiddleware

ROOT = Path(__file__).parents[3]
NAMED = SimpleNamespace(service_name="studio-api", service_version="0.1.0", environment="development")
WANTS_OPENMETRICS = {"accept": "application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.3"}


@pytest.fixture
def metrics() -> ServiceMetrics:
    return ServiceMetrics(NAMED)


@pytest.fixture
def span(provider: TracerProvider) -> Iterator[Span]:
    """A span that is recorded, and current."""
    with provider.get_tracer("t").start_as_current_span("work") as span:
        yield span


def families(metrics: ServiceMetrics, accept: str = OPENMETRICS) -> dict[str, Any]:
    """What a scrape gives, read by Prometheus' own parser."""
    body, content_type = metrics.scrape(accept)
    parse = parse_openmetrics if content_type.startswith(OPENMETRICS) else parse_plain
    return {family.name: family for family in parse(body.decode())}


def value(metrics: ServiceMetrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


async def answer(request: Request) -> Response:
    return PlainTextResponse("fine", int(request.query_params.get("status", "200")))


async def fail(_: Request) -> Response:
    raise LookupError("no key session:4711")


async def wait(request: Request) -> Response:
    request.app.state.waiting.set()
    await asyncio.Event().wait()
    raise AssertionError


async def healthz(_: Request) -> Response:
    return PlainTextResponse("ok")


def application(metrics: ServiceMetrics, tracer: Any) -> Starlette:
    """A service with the middleware of the real one, in its order."""
    routes = [
        Route("/users/{id}", answer, methods=["GET", "DELETE"]),
        Route("/fail", fail),
        Route("/wait", wait),
        Route("/healthz", healthz),
        Route(METRICS, metrics_endpoint),
    ]
    untraced = frozenset({"/healthz", METRICS})
    app = Starlette(
        routes=routes,
        middleware=[
            Middleware(TracingMiddleware, tracer=tracer, routes=routes, untraced=untraced),
            Middleware(MetricsMiddleware, metrics=metrics, routes=routes, uncounted=untraced),
        ],
    )
    app.state.metrics = metrics
    return app


def client_of(app: Starlette) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://studio")


# --- Every call counts -----------------------------------------------------------------------------------------


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
    said = {v.CONNECTION_POOL: "sessions", v.OPERATION: "SELECT"}
    only_semconv = {v.CONNECTION_POOL: "sessions", v.DB_OPERATION_NAME: "DELETE"}
    call: Any = {"error": None, "span": INVALID_SPAN}
    metrics.operation(v.DB_QUERY, SpanKind.CLIENT, 0.1, attributes=said, **call)
    metrics.operation(v.DB_QUERY, SpanKind.CLIENT, 0.1, attributes=only_semconv, **call)
    metrics.operation(v.EXECUTE_WITH_CIRCUIT_BREAKER, SpanKind.INTERNAL, 0.1, attributes=said, **call)
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


# --- Exemplars -------------------------------------------------------------------------------------------------


def exemplars(metrics: ServiceMetrics, name: str, accept: str = OPENMETRICS) -> list[Any]:
    return [s.exemplar for s in families(metrics, accept)[name].samples if s.exemplar]


async def test_an_exemplar_leads_from_a_bucket_to_a_recorded_trace(
    metrics: ServiceMetrics, provider: TracerProvider, exporter: InMemorySpanExporter
) -> None:
    async with client_of(application(metrics, provider.get_tracer("http"))) as client:
        await client.get("/fail")
        answer = await client.get(METRICS, headers=WANTS_OPENMETRICS)
    assert answer.headers["content-type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    (server,) = exporter.get_finished_spans()
    context = server.get_span_context()
    assert context is not None
    found = {f.name: f for f in parse_openmetrics(answer.text)}
    for name in ("studio_request_duration_seconds", "studio_request_errors"):
        (exemplar,) = [s.exemplar for s in found[name].samples if s.exemplar]
        assert exemplar.labels == {
            "trace_id": format(context.trace_id, "032x"), "span_id": format(context.span_id, "016x"),
        }  # fmt: skip


def test_a_bucket_keeps_its_latest_recorded_call_with_its_value(metrics: ServiceMetrics, provider: Any) -> None:
    tracer = provider.get_tracer("t")
    latest = {}
    for seconds in (0.0004, 0.0003, 0.2, 99.0):
        with tracer.start_as_current_span("redis.get") as span:
            latest[seconds] = format(span.get_span_context().span_id, "016x")
        metrics.redis_command("p", "GET", seconds, error=None, hit=None, span=span)
    seen = exemplars(metrics, "studio_redis_command_duration_seconds")
    assert [(e.value, e.labels["span_id"]) for e in seen] == [(s, latest[s]) for s in (0.0003, 0.2, 99.0)]


def test_a_command_that_comes_again_counts_as_the_first_did(metrics: ServiceMetrics, span: Span) -> None:
    for hit in (True, False, None):
        for _ in range(3):
            metrics.redis_command("p", "GET", 0.1, error=None, hit=hit, span=span)
        metrics.redis_command("p", "GET", 0.1, error=ResponseError(), hit=hit, span=span)
    of_get = {"pool": "p", "command": "GET"}
    assert value(metrics, "studio_redis_commands_total", outcome="ok", **of_get) == 9
    assert value(metrics, "studio_redis_commands_total", outcome="error", **of_get) == 3
    assert value(metrics, "studio_redis_command_duration_seconds_count", **of_get) == 12
    assert value(metrics, "studio_redis_command_duration_seconds_sum", **of_get) == pytest.approx(1.2)
    assert value(metrics, "studio_cache_reads_total", command="GET", result="hit") == 3
    assert value(metrics, "studio_cache_reads_total", command="GET", result="miss") == 3


def test_an_unsampled_span_is_no_exemplar(metrics: ServiceMetrics) -> None:
    tracer = TracerProvider(sampler=ALWAYS_OFF, shutdown_on_exit=False).get_tracer("t")
    with tracer.start_as_current_span("work") as span:
        metrics.redis_command("p", "GET", 0.1, error=None, hit=None, span=span)
    assert exemplars(metrics, "studio_redis_command_duration_seconds") == []


def test_the_plain_format_has_no_exemplars(metrics: ServiceMetrics, span: Span) -> None:
    metrics.redis_command("p", "GET", 0.1, error=None, hit=None, span=span)
    assert exemplars(metrics, "studio_redis_command_duration_seconds", "text/plain") == []
    assert b"trace_id" not in metrics.scrape("text/plain")[0]


@pytest.mark.parametrize(
    ("accept", "openmetrics"),
    [
        ("", False), ("*/*", False), ("text/plain", False), ("application/openmetrics-text", True),
        (WANTS_OPENMETRICS["accept"], True), ("application/openmetrics-text;q=0", False),
        ("text/plain;q=0.9, application/openmetrics-text;q=0.1", False), ("Application/OpenMetrics-Text ; Q=1", True),
        ("application/openmetrics-text;q=much", False), ("," * 100_000, False),
        ("application/openmetrics-text;version=1\r\nx-evil: 1", True),
    ],
)  # fmt: skip
def test_the_format_is_the_one_that_the_scraper_likes_best(accept: str, openmetrics: bool) -> None:
    content_type = best_format(accept)[1]
    assert content_type.startswith(OPENMETRICS) == openmetrics
    assert content_type in (
        "application/openmetrics-text; version=1.0.0; charset=utf-8", "text/plain; version=0.0.4; charset=utf-8",
    )  # fmt: skip


# --- The catalogue ---------------------------------------------------------------------------------------------


def exercise(metrics: ServiceMetrics, span: Span) -> None:
    """Make every metric have a number, from real parts."""
    ledger = SpanLedger()
    ledger.admit(1)
    ledger.settle(lost=1)
    metrics.watch_spans(ledger.read)
    keys = KeyTemplates("session:{id}")
    keys.show("unknown")
    metrics.watch_keys(lambda: keys.unregistered)
    metrics.watch_pools("redis", lambda: {"sessions": SimpleNamespace(in_use=1, waiting=2, size=3)})
    breaker = CircuitBreaker("sessions", BreakerSettings(minimum_calls=1), listeners=[metrics.breaker_event])
    metrics.watch_breakers({"sessions": breaker})
    with pytest.raises(OSError, match="down"), breaker.guard():
        raise OSError("down")
    pipeline = configure_logging(NAMED, stream=io.StringIO())
    get_logger("reference_impl.tests").error("x")
    pipeline.close()
    metrics.watch_logs(pipeline.reading)
    metrics.request_began()
    metrics.request_ended("GET /session", 500, 0.1, error=None, span=span)
    metrics.redis_command("sessions", "GET", 0.1, error=None, hit=True, span=span)
    said = {v.CONNECTION_POOL: "sessions", v.OPERATION: "SELECT"}
    for name in (v.DB_QUERY, v.EXECUTE_WITH_CIRCUIT_BREAKER, v.SESSION_VALIDATE):
        metrics.operation(name, SpanKind.INTERNAL, 0.1, error=None, attributes=said, span=span)


def differences(scraped: dict[str, Any], metric: Metric) -> list[str]:
    """What differs between a metric of the catalogue and what was scraped."""
    family = scraped[metric.name]
    added = {"le"} if metric.kind == "histogram" else set()
    labels = [set(s.labels) - added for s in family.samples if not s.name.endswith(("_sum", "_count"))]
    found = {"type": family.type, "unit": family.unit, "meaning": family.documentation, "samples": bool(family.samples)}
    wanted = {"type": metric.kind, "unit": metric.unit, "meaning": metric.meaning, "samples": True}
    wrong = [f"{what}: {found[what]!r}, not {wanted[what]!r}" for what in found if found[what] != wanted[what]]
    return wrong + [str(names) for names in labels if names != {label.name for label in metric.labels}]


class Server(uvicorn.Server):
    """Says when it serves, and where."""

    def __init__(self, app: Starlette) -> None:
        super().__init__(uvicorn.Config(app, port=0, log_config=None, lifespan="off"))
        self.port: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        self.port.set_result(self.servers[0].sockets[0].getsockname()[1])


async def scraped_over_http(metrics: ServiceMetrics) -> dict[str, Any]:
    """What a real server under uvicorn answers to a scraper."""
    server = Server(application(metrics, NoOpTracer()))
    serving = asyncio.create_task(server.serve())
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(f"http://127.0.0.1:{await server.port}{METRICS}", headers=WANTS_OPENMETRICS)
    server.should_exit = True
    await serving
    assert answer.status_code == 200
    return {family.name: family for family in parse_openmetrics(answer.text)}


async def test_a_real_scrape_is_what_the_catalogue_says(metrics: ServiceMetrics, span: Span) -> None:
    exercise(metrics, span)
    scraped = await scraped_over_http(metrics)
    assert sorted(scraped) == sorted(metric.name for metric in CATALOGUE)
    assert {m.name: wrong for m in CATALOGUE if (wrong := differences(scraped, m))} == {}
    with_exemplars = {name for name, family in scraped.items() if any(s.exemplar for s in family.samples)}
    assert with_exemplars == {metric.name for metric in CATALOGUE if metric.exemplars}
    assert value(metrics, "studio_metric_faults_total") == 0


def test_every_metric_is_there_before_anything_happened(metrics: ServiceMetrics) -> None:
    for accept in (OPENMETRICS, "text/plain"):
        names = {name.removesuffix("_info") for name in families(metrics, accept)}
        assert names == {metric.name for metric in CATALOGUE}


def test_the_scrape_names_the_service(metrics: ServiceMetrics) -> None:
    (sample,) = families(metrics)["target"].samples
    assert sample.labels == {
        "service_name": "studio-api", "service_version": "0.1.0", "deployment_environment": "development",
    }  # fmt: skip


HOSTILE = ["", OTHER, "a\nb", "a\ud800b", '"', "\\", "x" * 5000, "bob@example.com", "\x00"]


def test_no_input_makes_more_series_than_the_catalogue_allows(metrics: ServiceMetrics, span: Span) -> None:
    generator = random.Random(7)
    exercise(metrics, span)
    metrics.watch_pools("nonsense", lambda: {f"p{n}": SimpleNamespace(in_use=1, waiting=2, size=3) for n in range(99)})
    metrics.watch_breakers({f"p{n}": CircuitBreaker(f"p{n}") for n in range(99)})
    for number in range(3000):
        text = generator.choice([*HOSTILE, f"text {number}"])
        other = generator.choice([*HOSTILE, f"other {number}"])
        said = {v.CONNECTION_POOL: text, v.OPERATION: other, v.SESSION_VALID: False, v.SESSION_REASON: other}
        for name in (v.DB_QUERY, v.EXECUTE_WITH_CIRCUIT_BREAKER, text):
            metrics.operation(name, SpanKind.INTERNAL, 0.1, error=None, attributes=said, span=span)
        metrics.redis_command(text, other, 0.1, error=None, hit=True, span=span)
        metrics.request_began()
        metrics.request_ended(text, number, 0.1, error=None, span=span)
    scraped = families(metrics)
    for metric in CATALOGUE:
        samples = scraped[metric.name].samples
        assert len(samples) <= metric.series, metric.name
        combinations = {tuple(sorted(set(s.labels.items()) - {("le", s.labels.get("le"))})) for s in samples}
        assert len(combinations) <= metric.bound, metric.name
    texts = {text for family in scraped.values() for sample in family.samples for text in sample.labels.values()}
    assert texts & {"a\nb", "a\ud800b", "x" * 5000, "\x00"} == set()
    assert value(metrics, "studio_metric_faults_total") == 0


def test_the_page_on_the_metrics_is_made_from_the_catalogue() -> None:
    assert (ROOT / "docs" / "metrics.md").read_text() == as_page()


def test_names_follow_the_conventions_of_prometheus() -> None:
    for metric in CATALOGUE:
        assert not metric.name.endswith(("_total", "_count", "_sum", "_bucket", "_info"))
        assert metric.name.endswith(f"_{metric.unit}" if metric.unit else "")
        assert bool(metric.buckets) == (metric.kind == "histogram")
        assert list(metric.buckets) == sorted(set(metric.buckets))
        assert len({label.name for label in metric.labels}) == len(metric.labels)
        assert all(label.values for label in metric.labels) or not metric.from_zero


# --- Nothing stops the caller ----------------------------------------------------------------------------------


def test_two_instances_of_a_service_do_not_share_numbers(metrics: ServiceMetrics) -> None:
    second = ServiceMetrics(NAMED)
    second.request_began()
    assert (value(metrics, "studio_requests_in_progress"), value(second, "studio_requests_in_progress")) == (0, 1)


@pytest.mark.parametrize("label", [None, 7, b"GET", object(), []])
def test_what_is_no_label_is_counted_and_does_not_reach_the_caller(metrics: ServiceMetrics, label: Any) -> None:
    metrics.redis_command(label, label, 0.1, error=None, hit=None, span=INVALID_SPAN)
    assert value(metrics, "studio_metric_faults_total") == 1


def test_a_source_that_cannot_tell_hides_no_other(metrics: ServiceMetrics) -> None:
    metrics.watch_pools("redis", lambda: {"p": None})  # type: ignore[dict-item]
    metrics.watch_keys(lambda: 7)
    scraped = families(metrics)
    assert [sample.value for sample in scraped["studio_unregistered_keys"].samples] == [7]
    assert [sample.value for sample in scraped["studio_metric_faults"].samples] == [1]


def test_threads_lose_no_count(metrics: ServiceMetrics) -> None:
    def work() -> None:
        for number in range(2000):
            metrics.redis_command(f"p{number % 20}", "GET", 0.1, error=None, hit=True, span=INVALID_SPAN)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(s.value for s in families(metrics)["studio_redis_commands"].samples) == 8000


def test_counting_within_counting_does_not_wait_for_itself(metrics: ServiceMetrics) -> None:
    """As a finalizer or a signal handler does, that runs in the midst of it."""

    class Nosy(str):
        __slots__ = ()

        def isprintable(self) -> bool:
            metrics.redis_command("p", "SET", 0.1, error=None, hit=None, span=INVALID_SPAN)
            return True

    metrics.redis_command(Nosy("nosy"), "GET", 0.1, error=None, hit=None, span=INVALID_SPAN)
    assert value(metrics, "studio_redis_commands_total", pool="p", command="SET", outcome="ok") == 1
    assert value(metrics, "studio_redis_commands_total", pool="nosy", command="GET", outcome="ok") == 1


# --- The seam --------------------------------------------------------------------------------------------------


def test_a_measured_tracer_makes_the_spans_of_its_tracer_and_brings_the_measures(
    metrics: ServiceMetrics, provider: TracerProvider, exporter: InMemorySpanExporter
) -> None:
    inner = provider.get_tracer("t")
    tracer = MeasuredTracer(inner, metrics)
    tracer.start_span("one", kind=SpanKind.CLIENT).end()
    with tracer.start_as_current_span("two") as two:
        assert get_current_span() is two
    assert [(s.name, s.kind) for s in exporter.get_finished_spans()] == [
        ("one", SpanKind.CLIENT), ("two", SpanKind.INTERNAL),
    ]  # fmt: skip
    measures: Measures | None = measures_of(tracer)
    assert measures is metrics
    assert measures_of(inner) is None
    assert tracer.sampler is provider.sampler
    assert MeasuredTracer(NoOpTracer(), metrics).sampler is None


def test_the_bound_of_a_metric_is_that_of_its_labels() -> None:
    assert REQUESTS.bound == 65 * 7
    assert REQUESTS.scraped == "studio_requests_total"
