"""Another implementation under the contracts of the Redis commands: `opentelemetry-instrumentation-redis`.

    python -m contracts.known_departures.instrumented_redis REDIS_URL

prints, as JSON, the departures in the mode that OTEL_SEMCONV_STABILITY_OPT_IN selects, which the instrumentation reads
once in each process. The resource and the correlation id, which an application provides, are set here, so that every
finding is about the instrumentation. The contracts select no span by its names, so `renamed` replaces them.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Collection, Sequence
from importlib.metadata import version
from typing import Literal, TypeAlias

import msgspec
from opentelemetry.context import Context
from opentelemetry.instrumentation.redis import RedisInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Span, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from containers.servers.urls import without_credentials
from contracts.scenarios.harness import DEADLINE_S, RedisHarness
from contracts.scenarios.redis import REDIS_ACTIONS
from demo.breakages import changed
from spanpact.conformance import SCENARIOS, Scenario, judge_scenario
from spanpact.findings import Report
from spanpact.sources import MemorySource
from spanpact.trace.model import Reading

_ABOUT = "Print as JSON how opentelemetry-instrumentation-redis departs from the contracts of the Redis commands."
PACKAGE = "opentelemetry-instrumentation-redis"
RESOURCE = {"service.name": "studio-api", "service.version": "1.0.0", "deployment.environment": "development"}

Client: TypeAlias = Literal["asyncio", "sync"]
CLIENTS: Sequence[Client] = ("asyncio", "sync")


class Observation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The result of one process: the package's version, the verdict on unrenamed spans, span names by scenario.

    `departures` is by client and scenario; each is `entry/finding keyword`.
    """

    version: str
    as_it_is: str
    span_names: dict[str, list[str]]
    departures: dict[Client, dict[str, list[str]]]


class InstrumentedRedis:
    """One of redis-py's clients, instrumented, on a real Redis."""

    name = PACKAGE

    def __init__(self, redis_url: str, client: Client, *, renamed: bool) -> None:
        self._redis_url = redis_url
        self._client = client
        self._renamed = renamed

    @property
    def scenarios(self) -> Collection[str]:
        """Return the names of the scenarios of the Redis commands."""
        return REDIS_ACTIONS.keys()

    def perform(self, scenario: str) -> Reading:
        """Perform a scenario with both clients, and return the spans of the instrumented one."""
        exporter = InMemorySpanExporter()
        provider = TracerProvider(resource=Resource(RESOURCE), shutdown_on_exit=False)
        provider.add_span_processor(_Correlated())
        provider.add_span_processor(SimpleSpanProcessor(exporter))
        asyncio.run(_Harness(self._redis_url, self._client, provider).run(REDIS_ACTIONS[scenario]))
        provider.shutdown()
        spans = exporter.get_finished_spans()
        return MemorySource(
            [changed(span, name=contract_name(span.name)) for span in spans] if self._renamed else spans
        ).read()


def contract_name(name: str) -> str:
    """Return the contracts' name of a span: `redis.get` for `GET`, and `redis.pipeline` for several words."""
    if " " in name:
        return "redis.pipeline"
    return {"DEL": "redis.delete"}.get(name, f"redis.{name.lower()}")


class _Correlated(SpanProcessor):
    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        span.set_attribute("correlation.id", "c-1")


class _Harness(RedisHarness):
    """Both clients as redis-py makes them, one of them instrumented."""

    def __init__(self, redis_url: str, client: Client, provider: TracerProvider) -> None:
        self._client = client
        self._provider = provider
        super().__init__(redis_url)

    def connect(self, url: str) -> None:
        once = NoBackoff()  # retries would try a server that is down for a minute
        self.redis = AsyncRedis.from_url(url, retry=AsyncRetry(once, 0), socket_timeout=DEADLINE_S)
        self.sync_redis = Redis.from_url(url, retry=Retry(once, 0), socket_timeout=DEADLINE_S)
        instrumented = self.redis if self._client == "asyncio" else self.sync_redis
        RedisInstrumentor.instrument_client(instrumented, tracer_provider=self._provider)


def observe(redis_url: str) -> Observation:
    """Return the departures in every scenario, in this process's mode."""
    performed = [scenario for scenario in SCENARIOS if scenario.name in REDIS_ACTIONS]
    as_they_are = [InstrumentedRedis(redis_url, client, renamed=False) for client in CLIENTS]
    reports = {scenario.name: [judge_scenario(each, scenario) for each in as_they_are] for scenario in performed}
    return Observation(
        version(PACKAGE),
        " and ".join(sorted({report.verdict for each in reports.values() for report in each})),
        {name: sorted(set().union(*map(_names, each))) for name, each in reports.items()},
        {client: {each.name: _departures(redis_url, client, each) for each in performed} for client in CLIENTS},
    )


def _names(report: Report) -> set[str]:
    return {span.name for trace in (report.reading.traces if report.reading else ()) for span in trace.spans}


def _departures(redis_url: str, client: Client, scenario: Scenario) -> list[str]:
    report = judge_scenario(InstrumentedRedis(redis_url, client, renamed=True), scenario)
    return sorted({f"{finding.key} {finding.keyword}" for finding in report.findings})


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the departures as JSON. Return 2 for a wrong command line, 3 for a Redis that does not answer."""
    parser = argparse.ArgumentParser(prog="python -m contracts.known_departures.instrumented_redis", description=_ABOUT)
    parser.add_argument("redis_url", metavar="REDIS_URL", help="redis://HOST:PORT/DB; the database is emptied")
    url: str = parser.parse_args(arguments).redis_url
    try:
        with Redis.from_url(url, retry=Retry(NoBackoff(), 0), socket_timeout=DEADLINE_S) as client:
            client.ping()
    except ValueError as error:
        parser.error(f"{without_credentials(url)!r} is no Redis URL: {error}")
    except RedisError as error:
        print(f"{parser.prog}: no Redis answers at {without_credentials(url)}: {error}", file=sys.stderr)
        return 3
    print(msgspec.json.encode(observe(url)).decode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
