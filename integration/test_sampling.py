"""Sampling in production on real servers: the rate is right, and a trace is complete in Jaeger or absent (S1.4, S6.3).

Ids come from a seed, so that the same traces are sampled on every run.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.client import HTTPConnection
from math import sqrt
from typing import TypeAlias

import pytest

from containers.servers.jaeger_server import JaegerBackend
from containers.servers.postgres_server import PostgresBackend
from containers.servers.redis_server import RedisBackend
from demo.services import Services
from integration.support.evidence import Answer, kept_traces, parse_answer, settled_ledger, spans_of, stored_traces
from integration.support.studio import running_studio
from reference_impl.telemetry.provider import SeededIds
from spanpact.trace.model import Trace

pytestmark = pytest.mark.timeout(180)  # the machine may be busy
RATE = 0.1  # the default in production
SEED = 7
SESSIONS, READS = 120, 880  # requests that are reported to audit-api, and requests that the cache answers
ROOTS = SESSIONS + READS
PARENTS = 20  # requests of traced and sampled clients, and the same number of unsampled ones
AT_ONCE = 16
Z_OF_999 = 3.2905  # 99.9 % of a normal distribution lie within so many deviations


@dataclass(frozen=True, slots=True)
class Run:
    """Concurrent requests to services in production, and Jaeger's traces of them after the services have ended."""

    roots: Sequence[Answer]
    under_sampled: Sequence[Answer]
    under_unsampled: Sequence[Answer]
    services: Services
    stored: int
    traces: dict[str, Trace]


@pytest.fixture(scope="module")
def run(redis_server: RedisBackend, postgres: PostgresBackend, jaeger: JaegerBackend) -> Iterator[Run]:
    environ = {"OTEL_ENVIRONMENT": "production", "STUDIO_ID_SEED": str(SEED)}
    with running_studio(redis_server, postgres, jaeger, **environ) as services:
        roots, sampled, unsampled = drive(services.studio.url)
        ledger = settled_ledger(services.studio.url)
        assert ledger.ended == ledger.stored
        services.studio.stop()
        services.audit.stop()
        # The services have ended, so when these traces are complete, every span has arrived.
        kept_traces(jaeger, [answer.trace_id for answer in (*roots, *sampled, *unsampled) if answer.sampled])
        traces = stored_traces(jaeger, [answer.trace_id for answer in (*roots, *sampled, *unsampled)])
        yield Run(roots, sampled, unsampled, services, ledger.stored, traces)


def drive(url: str) -> tuple[list[Answer], list[Answer], list[Answer]]:
    """Send requests without a parent, and with parents whose flag differs from the choice by the rate."""
    with request_sender(url) as (ask_all, ask):
        first = ask(NEW)
        # By the rate alone, a trace id with high lower bits is never sampled, and one with low ones always.
        sampled = [child(f"00-{SEED:08x}{number:08x}{'f' * 16}-{number:016x}-01") for number in range(1, PARENTS + 1)]
        unsampled = [child(f"00-{SEED:08x}{number:08x}{1:016x}-{number:016x}-00") for number in range(1, PARENTS + 1)]
        read = Request("GET", "/session", {"authorization": f"Bearer {first.token}"})
        roots = [*[NEW] * (SESSIONS - 1), *[read] * READS]
        random.Random(SEED).shuffle(roots)
        answers = ask_all([*sampled, *roots, *unsampled])
    return [first, *answers[PARENTS:-PARENTS]], answers[:PARENTS], answers[-PARENTS:]


@dataclass(frozen=True, slots=True)
class Request:
    """One request to studio-api."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""


NEW = Request("POST", "/sessions", body='{"email": "mary@example.com", "device": "web"}')


def child(traceparent: str) -> Request:
    """Return a request of a traced client for a session."""
    return replace(NEW, headers={"traceparent": traceparent})


SendAll: TypeAlias = Callable[[Sequence[Request]], list[Answer]]


@contextmanager
def request_sender(
    url: str,
) -> Iterator[tuple[Callable[[Sequence[Request]], list[Answer]], Callable[[Request], Answer]]]:
    """Yield functions that send many requests at once, or one, over kept-alive connections. All must succeed.

    They use the standard library's client, as others take more time than the service.
    """
    connections: list[HTTPConnection] = []
    of_thread = threading.local()

    def ask(request: Request) -> Answer:
        if not hasattr(of_thread, "connection"):
            of_thread.connection = HTTPConnection(url.removeprefix("http://"), timeout=60)
            connections.append(of_thread.connection)
        of_thread.connection.request(request.method, request.path, request.body or None, dict(request.headers))
        response = of_thread.connection.getresponse()
        text = response.read().decode()
        assert response.status in (200, 201), text
        return parse_answer(response.status, response.headers, text)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        try:
            yield lambda requests: list(pool.map(ask, requests)), ask
        finally:
            for connection in connections:
                connection.close()


def test_the_measured_rate_lies_within_its_interval(run: Run) -> None:
    measured = sum(answer.trace_id in run.traces for answer in run.roots) / ROOTS
    assert abs(measured - RATE) <= Z_OF_999 * sqrt(RATE * (1 - RATE) / ROOTS)


def test_the_traces_are_those_that_the_trace_id_says(run: Run) -> None:
    ids = SeededIds(SEED)
    every = [ids.generate_trace_id() for _ in range(ROOTS)]
    assert {answer.trace_id for answer in run.roots} == {f"{each:032x}" for each in every}
    wanted = {f"{each:032x}" for each in every if each % 2**64 < RATE * 2**64}
    assert {answer.trace_id for answer in run.roots if answer.trace_id in run.traces} == wanted
    assert {answer.trace_id for answer in run.roots if answer.sampled} == wanted


def test_a_parent_s_decision_is_kept(run: Run) -> None:
    assert all(answer.sampled and answer.trace_id in run.traces for answer in run.under_sampled)
    assert not any(answer.sampled or answer.trace_id in run.traces for answer in run.under_unsampled)


def test_every_trace_is_whole_in_both_services(run: Run) -> None:
    for trace in run.traces.values():
        names = {(str(span.resource.attributes["service.name"]), span.name) for span in trace.spans}
        if ("studio-api", "POST /sessions") in names:
            assert names >= {
                ("audit-api", "POST /audit/records"),
                ("audit-api", "db.query"),
                ("studio-api", "redis.set"),
            }
        else:
            assert names == {("studio-api", name) for name in ("GET /session", "session.validate", "redis.get")}
        assert {span.resource.attributes["deployment.environment"] for span in trace.spans} == {"production"}


def test_as_many_spans_are_there_as_the_service_says(run: Run) -> None:
    found = spans_of(run.traces.values())
    assert len(found) == run.stored
    assert set(found.values()) == {1}


def test_what_is_not_sampled_is_still_in_the_log(run: Run) -> None:
    log = "\n".join(run.services.studio.log_lines())
    assert all(answer.trace_id in log for answer in run.roots)
