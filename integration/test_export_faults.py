"""Jaeger stalls, dies and comes back under a service: no request waits for it, and no span is lost uncounted.

Named by the ids of the reliability scorecard: E8 (tried again), E9 (paused), E10 (killed). The ledger, that is `ended =
stored + lost{reason}`, is read from the service's metrics, and held against what Jaeger has (S1.5).
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import httpx
import pytest

from containers.servers.jaeger_server import JaegerBackend
from containers.servers.postgres_server import PostgresBackend
from containers.servers.redis_server import RedisBackend
from demo.services import Services
from integration.evidence import (
    Answer,
    answer_of,
    away,
    faulty,
    held,
    ledger_of,
    ledger_once,
    settled,
    spans_of,
    whole,
)
from integration.studio import running_studio
from integration.waiting import until

pytestmark = pytest.mark.timeout(180)  # a busy machine has more to do than this
MANY, FEW = 40, 8
AT_ONCE = 10
PATIENT = "30"  # seconds that an export may take: longer than any outage here
HASTY = "2"  # what is sent in an outage is given up, but no busy machine takes so long without one


@pytest.fixture
def server(jaeger: JaegerBackend) -> Iterator[JaegerBackend]:
    """The Jaeger, if it is ours to stop; it answers again afterwards."""
    faulty(jaeger)
    yield jaeger
    if away(jaeger):
        jaeger.restart()


@contextmanager
def studio(
    redis: RedisBackend, postgres: PostgresBackend, jaeger: JaegerBackend, export_timeout: str
) -> Iterator[Services]:
    """Both services; every span of studio-api is of a request that is answered below."""
    environ = {"OTEL_EXPORTER_OTLP_TIMEOUT": export_timeout}
    with running_studio(redis, postgres, jaeger, **environ) as services:
        yield services


def asked(services: Services, number: int) -> list[Answer]:
    """So many new sessions, all of which are made."""

    async def ask() -> list[Answer]:
        limits = httpx.Limits(max_connections=AT_ONCE)
        async with httpx.AsyncClient(
            base_url=services.studio.url, timeout=30, trust_env=False, limits=limits
        ) as client:
            body = {"email": "alan@example.com", "device": "web"}
            answers = await asyncio.gather(*(client.post("/sessions", json=body) for _ in range(number)))
        return list(map(answer_of, answers))

    answers = asyncio.run(ask())
    assert {answer.status for answer in answers} == {201}
    return answers


def ids(answers: Sequence[Answer]) -> list[str]:
    return [answer.trace_id for answer in answers]


def said_lost(services: Services) -> list[str]:
    """What studio-api logs of losses when it ends, which it does here."""
    services.studio.stop()
    said = (json.loads(line)["event"] for line in services.studio.log_lines())
    return [event for event in said if "lost" in event]


def test_e8_e9_e10_nobody_waits_in_an_outage_and_what_is_tried_again_arrives_once(
    server: JaegerBackend, redis_server: RedisBackend, postgres: PostgresBackend
) -> None:
    with studio(redis_server, postgres, server, PATIENT) as services:
        url = services.studio.url
        before = asked(services, FEW)
        stored = settled(url).stored
        server.pause()
        try:
            during = asked(services, MANY)
            paused = ledger_of(url)
            assert away(server)  # every answer came while it was
        finally:
            server.resume()
        assert (paused.stored, paused.lost, paused.pending > 0) == (stored, {}, True)
        assert_all_there_once(server, [*before, *during], settled(url).stored)

        stored = settled(url).stored
        server.kill()
        during = asked(services, FEW)
        until(lambda: any("Transient error" in line for line in services.studio.log_lines()), "a retry")
        assert away(server)
        assert ledger_of(url).stored == stored
        server.restart()
        after = asked(services, FEW)
        now = settled(url)
        assert_all_there_once(server, [*during, *after], now.stored - stored)
        assert (now.ended, now.lost) == (now.stored, {})
        assert said_lost(services) == []


def test_e9_e10_what_is_given_up_in_an_outage_is_counted_to_the_span(
    server: JaegerBackend, redis_server: RedisBackend, postgres: PostgresBackend
) -> None:
    with studio(redis_server, postgres, server, HASTY) as services:
        url = services.studio.url
        before = asked(services, FEW)
        whole(server, ids(before))
        first = settled(url)
        server.pause()
        try:
            during = asked(services, FEW)
            ledger_once(url, lambda ledger: ledger.lost_total > 0)
            assert away(server)
        finally:
            server.resume()
        paused = settled(url)
        found = until(lambda: all_of(server, [*before, *during], paused.stored), "all spans that were stored")
        assert (first.stored, first.lost) == (first.ended, {})
        assert paused.lost == {"export": paused.ended - paused.stored}
        # What was given up may lie in the paused server's socket, and be stored when it goes on.
        assert len(found) <= paused.ended
        assert set(found.values()) == {1}

        server.kill()
        during = asked(services, FEW)
        killed = settled(url)
        assert away(server)
        server.restart()
        after = asked(services, FEW)
        now = settled(url)
        assert killed.stored == paused.stored
        assert killed.lost == {"export": killed.ended - killed.stored}
        assert now.lost == killed.lost
        assert now.stored == now.ended - now.lost_total
        assert not spans_of(held(server, ids([*before, *during])).values())
        assert_all_there_once(server, after, now.stored - killed.stored)
        assert said_lost(services) == [f"spans were lost: {now.lost}"]


def all_of(jaeger: JaegerBackend, answers: Sequence[Answer], least: int) -> Counter[tuple[str, str]]:
    """The spans of studio-api that Jaeger has of these traces, none if they are fewer."""
    found = spans_of(held(jaeger, ids(answers)).values())
    return found if len(found) >= least else Counter()


def assert_all_there_once(jaeger: JaegerBackend, answers: Sequence[Answer], stored: int) -> None:
    """All traces are whole in Jaeger, and have as many spans of studio-api, each once, as that says were stored."""
    found = spans_of(whole(jaeger, ids(answers)).values())
    assert len(found) == stored
    assert set(found.values()) == {1}
