"""A scrape is what the catalogue says, within its bounds (S4.4)."""

from __future__ import annotations

import asyncio
import io
import random
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest
import uvicorn
from opentelemetry.trace import NoOpTracer, Span, SpanKind
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from starlette.applications import Starlette

from docs.draw_metrics import as_page
from reference_impl import vocabulary as v
from reference_impl.circuit_breaker import BreakerSettings, CircuitBreaker
from reference_impl.export import ledger as ledger_module
from reference_impl.export.ledger import SpanLedger
from reference_impl.logs.json_lines import DROP_REASONS, LEVELS
from reference_impl.logs.structured import configure_logging, get_logger
from reference_impl.metrics import catalogue
from reference_impl.metrics.catalogue import CATALOGUE, OTHER, REQUESTS, Metric
from reference_impl.metrics.exposition import OPENMETRICS
from reference_impl.metrics.service_metrics import ServiceMetrics
from reference_impl.redis_tracing.command_table import HITS
from reference_impl.redis_tracing.key_sanitizing import KeyTemplates
from reference_impl.services.responses import METRICS
from tests.reference_impl.metrics.metrics_support import NAMED, ROOT, WANTS_OPENMETRICS, application, families, value


def exercise(metrics: ServiceMetrics, span: Span) -> None:
    """Give every metric a number, from real parts."""
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
    attributes = {v.CONNECTION_POOL: "sessions", v.OPERATION: "SELECT"}
    for name in (v.DB_QUERY, v.EXECUTE_WITH_CIRCUIT_BREAKER, v.SESSION_VALIDATE):
        metrics.operation(name, SpanKind.INTERNAL, 0.1, error=None, attributes=attributes, span=span)


def differences(scraped: dict[str, Any], metric: Metric) -> list[str]:
    """Return the differences between a metric of the catalogue and the scrape."""
    family = scraped[metric.name]
    added = {"le"} if metric.kind == "histogram" else set()
    labels = [set(s.labels) - added for s in family.samples if not s.name.endswith(("_sum", "_count"))]
    found = {"type": family.type, "unit": family.unit, "meaning": family.documentation, "samples": bool(family.samples)}
    wanted = {"type": metric.kind, "unit": metric.unit, "meaning": metric.meaning, "samples": True}
    wrong = [f"{what}: {found[what]!r}, not {wanted[what]!r}" for what in found if found[what] != wanted[what]]
    return wrong + [str(names) for names in labels if names != {label.name for label in metric.labels}]


class Server(uvicorn.Server):
    """A server whose `port` is set when it serves."""

    def __init__(self, app: Starlette) -> None:
        super().__init__(uvicorn.Config(app, port=0, log_config=None, lifespan="off"))
        self.port: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        self.port.set_result(self.servers[0].sockets[0].getsockname()[1])


async def scraped_over_http(metrics: ServiceMetrics) -> dict[str, Any]:
    """Return the families of a scrape from a real server under uvicorn."""
    server = Server(application(metrics, NoOpTracer()))
    serving = asyncio.create_task(server.serve())
    async with httpx2.AsyncClient(trust_env=False) as client:
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
        attributes = {v.CONNECTION_POOL: text, v.OPERATION: other, v.SESSION_VALID: False, v.SESSION_REASON: other}
        for name in (v.DB_QUERY, v.EXECUTE_WITH_CIRCUIT_BREAKER, text):
            metrics.operation(name, SpanKind.INTERNAL, 0.1, error=None, attributes=attributes, span=span)
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


def test_the_bound_of_a_metric_is_that_of_its_labels() -> None:
    assert REQUESTS.bound == 65 * 7
    assert REQUESTS.scraped == "studio_requests_total"


def test_closed_labels_have_the_values_of_the_packages_that_are_counted() -> None:
    ledger = {ledger_module.QUEUE_FULL, ledger_module.ENCODE, ledger_module.EXPORT, ledger_module.REJECTED,
              ledger_module.DEADLINE, ledger_module.AFTER_SHUTDOWN, ledger_module.WORKER,
              ledger_module.SPOOL_FULL, ledger_module.SPOOL_EXPIRED, ledger_module.SPOOL_TORN}  # fmt: skip
    assert set(catalogue.LOST_REASONS) == ledger
    assert catalogue.LOG_LEVELS == LEVELS
    assert catalogue.LOG_DROP_REASONS == DROP_REASONS
    assert tuple(sorted(HITS)) == catalogue.CACHE_READ_COMMANDS
