"""The metrics of the real service: every command, query and operation counts, sampled or not (S4.4).

On a real Redis and a SQLite file, with the sampler at 10 % or off.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics

from reference_impl.logs.structured import configure_logging
from reference_impl.metrics.catalogue import CATALOGUE
from reference_impl.metrics.service_metrics import ServiceMetrics
from reference_impl.redis_tracing.client import make_client, make_sync_client
from reference_impl.redis_tracing.pools import pool_use
from reference_impl.services.responses import METRICS
from reference_impl.services.studio_api import create_app
from reference_impl.telemetry.setup import configure_tracing
from tests.reference_impl.redis_tracing.redis_support import RedisServer, free_port
from tests.reference_impl.services.test_studio_api import bearer, log_in, settings_for

WANTS_OPENMETRICS = {"accept": "application/openmetrics-text"}


@dataclass
class Measured:
    client: httpx2.AsyncClient
    metrics: ServiceMetrics
    exporter: InMemorySpanExporter

    def value(self, name: str, **labels: str) -> float | None:
        return self.metrics.registry.get_sample_value(name, labels)

    async def scrape(self) -> dict[str, Any]:
        answer = await self.client.get(METRICS, headers=WANTS_OPENMETRICS)
        return {family.name: family for family in parse_openmetrics(answer.text)}


@asynccontextmanager
async def measured(redis_port: int, folder: Path, **more: Any) -> AsyncIterator[Measured]:
    settings, exporter = settings_for(redis_port, folder, **more), InMemorySpanExporter()
    metrics = ServiceMetrics(settings)
    telemetry = configure_tracing(settings, span_processors=[SimpleSpanProcessor(exporter)], measures=metrics)
    app = create_app(settings, telemetry, metrics=metrics)
    logs = configure_logging(settings, stream=io.StringIO())
    metrics.watch_logs(logs.reading)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://studio") as client,
    ):
        yield Measured(client, metrics, exporter)
    logs.close()
    telemetry.shutdown(5)


@pytest.mark.expensive
async def test_a_thousand_validations_at_ten_percent_count_a_thousand_of_everything(
    empty_redis: RedisServer, tmp_path: Path
) -> None:
    async with measured(empty_redis.port, tmp_path, sampling_rate="0.1") as service:
        made = await log_in(service.client)
        for _ in range(100):  # few at once, so that on a busy machine too each meets the deadline of its command
            calls = (service.client.get("/session", headers=bearer(made["token"])) for _ in range(10))
            assert {answer.status_code for answer in await asyncio.gather(*calls)} == {200}
        roots = [span for span in service.exporter.get_finished_spans() if span.name == "GET /session"]
        assert 30 < len(roots) < 300  # the sampler did its work
        value = service.value
        assert value("studio_requests_total", operation="GET /session", status="2xx") == 1000
        assert value("studio_operations_total", operation="session.validate", outcome="valid") == 1000
        assert value("studio_operation_duration_seconds_count", operation="session.validate") == 1000
        assert value("studio_redis_commands_total", pool="sessions", command="GET", outcome="ok") == 1000
        assert value("studio_redis_command_duration_seconds_count", pool="sessions", command="GET") == 1000
        assert value("studio_cache_reads_total", command="GET", result="hit") == 1000
        assert value("studio_db_queries_total", pool="sessions", operation="INSERT", outcome="ok") == 2
        assert value("studio_db_calls_total", pool="sessions", operation="INSERT", outcome="ok") == 1
        assert value("studio_metric_faults_total") == 0


async def test_a_scrape_of_the_real_service_is_what_the_catalogue_says(
    empty_redis: RedisServer, tmp_path: Path
) -> None:
    async with measured(empty_redis.port, tmp_path, sampling_rate="1.0") as service:
        made = await log_in(service.client)
        await service.client.get("/session", headers=bearer(made["token"]))
        scraped = await service.scrape()
        service.exporter.clear()
        await service.scrape()
        assert service.exporter.get_finished_spans() == ()  # the scrape itself is not traced
    assert sorted(scraped) == sorted(metric.name for metric in CATALOGUE)
    no_samples = {name for name, family in scraped.items() if not family.samples}
    assert no_samples == {"studio_request_errors"}
    for metric in CATALOGUE:
        samples = scraped[metric.name].samples
        assert scraped[metric.name].type == metric.kind
        labels = {name for sample in samples for name in sample.labels} - {"le"}
        assert labels <= {label.name for label in metric.labels}
    assert not any(METRICS in str(sample.labels) for sample in scraped["studio_requests"].samples)


async def test_an_exemplar_names_a_span_that_is_stored(empty_redis: RedisServer, tmp_path: Path) -> None:
    async with measured(empty_redis.port, tmp_path, sampling_rate="1.0") as service:
        made = await log_in(service.client)
        await service.client.get("/session", headers=bearer(made["token"]))
        scraped = await service.scrape()
        contexts = [span.get_span_context() for span in service.exporter.get_finished_spans()]
    stored = {(format(c.trace_id, "032x"), format(c.span_id, "016x")) for c in contexts if c}
    named = [s.exemplar.labels for family in scraped.values() for s in family.samples if s.exemplar]
    assert len(named) > 8
    assert {(labels["trace_id"], labels["span_id"]) for labels in named} <= stored


async def test_a_redis_that_is_down_and_why_validations_fail_can_be_read(tmp_path: Path) -> None:
    async with measured(free_port(), tmp_path, sampling_rate="0.0") as service:
        made = await log_in(service.client)
        assert (await service.client.get("/session", headers=bearer(made["token"]))).status_code == 200
        await service.client.get("/session", headers=bearer("nonsense"))
        value = service.value
        assert value("studio_redis_commands_total", pool="sessions", command="GET", outcome="unreachable") == 1
        assert value("studio_operations_total", operation="session.validate", outcome="tampered") == 1
        assert value("studio_operations_total", operation="session.validate", outcome="valid") == 1
        assert value("studio_db_queries_total", pool="sessions", operation="SELECT", outcome="ok") == 1
        assert value("studio_circuit_breaker_state", pool="sessions", state="closed") == 1
        assert value("studio_circuit_breaker_calls_total", pool="sessions", outcome="succeeded") == 2
        assert value("studio_pool_size", system="redis", pool="sessions") == 50
        assert value("studio_pool_in_use", system="database", pool="sessions") == 0
        assert service.exporter.get_finished_spans() == ()


@pytest.mark.parametrize("rate", ["0.0", "1.0"])
async def test_pipelines_and_their_failures_count_below_any_parent(
    empty_redis: RedisServer, tmp_path: Path, rate: str
) -> None:
    settings = settings_for(empty_redis.port, tmp_path, sampling_rate=rate)
    metrics = ServiceMetrics(settings)
    exporter = InMemorySpanExporter()
    telemetry = configure_tracing(settings, span_processors=[SimpleSpanProcessor(exporter)], measures=metrics)
    tracer = telemetry.tracer("redis")
    client = make_client(settings.redis_url, pool_name="p", tracer=tracer)
    other = make_sync_client(settings.redis_url, pool_name="q", tracer=tracer)
    with telemetry.tracer("t").start_as_current_span("parent"):
        async with client.pipeline(transaction=False) as pipeline:
            pipeline.set("a", "1")
            pipeline.hget("a", "b")
            results = await pipeline.execute(raise_on_error=False)
        assert len(results) == 2
        with other.pipeline() as below:
            below.get("a")
            below.execute()
        other.get("missing")
    await client.aclose()
    other.close()
    count = metrics.registry.get_sample_value
    assert count("studio_redis_commands_total", {"pool": "p", "command": "PIPELINE", "outcome": "error"}) == 1
    assert count("studio_redis_commands_total", {"pool": "q", "command": "PIPELINE", "outcome": "ok"}) == 1
    assert count("studio_redis_commands_total", {"pool": "q", "command": "GET", "outcome": "ok"}) == 1
    assert count("studio_cache_reads_total", {"command": "GET", "result": "miss"}) == 1
    assert len(exporter.get_finished_spans()) == (0 if rate == "0.0" else 4)
    telemetry.shutdown(5)


async def test_calls_that_wait_for_a_connection_of_redis_show(empty_redis: RedisServer) -> None:
    client = make_client(f"redis://127.0.0.1:{empty_redis.port}/0", max_connections=1, deadline_s=30, pool_wait_s=20)
    holding = asyncio.ensure_future(client.blpop(["nothing"], timeout=20))
    while pool_use(client).in_use == 0:  # noqa: ASYNC110 - redis-py has no event for it
        await asyncio.sleep(0)
    waiting = asyncio.ensure_future(client.get("a"))
    while pool_use(client).waiting == 0:  # noqa: ASYNC110
        await asyncio.sleep(0)
    use = pool_use(client)
    assert (use.in_use, use.waiting, use.size) == (1, 1, 1)
    for task in (waiting, holding):
        task.cancel()
    await asyncio.gather(waiting, holding, return_exceptions=True)
    assert pool_use(client).waiting == 0
    await client.aclose()
