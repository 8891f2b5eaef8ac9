"""Jaeger stalls, dies and comes back under a service: no request waits for it, and every lost span is counted.

The tests are named by the ids of the reliability scorecard: E8 (retry), E9 (paused), E10 (killed). The ledger, `ended =
stored + lost{reason}`, is read from the service's metrics and compared with Jaeger's spans (S1.5).
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import TypeAlias

import httpx2
import pytest

from containers.servers.jaeger_server import JaegerBackend
from containers.servers.postgres_server import PostgresBackend
from containers.servers.redis_server import RedisBackend
from demo.services import Services
from integration.support.evidence import (
    Answer,
    is_unreachable,
    kept_traces,
    ledger_of,
    parse_response,
    paused,
    settled_ledger,
    skip_unless_stoppable,
    spans_of,
    stored_traces,
    wait_for_ledger,
)
from integration.support.studio import running_studio
from integration.support.waiting import wait_until

pytestmark = pytest.mark.timeout(180)  # the machine may be busy
Studio: TypeAlias = Callable[[str], AbstractContextManager[Services]]
MANY, FEW = 40, 8
AT_ONCE = 10
LONG_EXPORT_S = "30"  # seconds that an export may take: longer than any outage here
SHORT_EXPORT_S = "2"  # shorter than an outage, but longer than an export on a busy machine


@pytest.fixture
def server(jaeger: JaegerBackend) -> Iterator[JaegerBackend]:
    """Return the Jaeger if tests may stop it; it answers again afterwards."""
    skip_unless_stoppable(jaeger)
    yield jaeger
    if is_unreachable(jaeger):
        jaeger.restart()


@pytest.fixture
def studio(redis_server: RedisBackend, postgres: PostgresBackend, server: JaegerBackend) -> Studio:
    """Return a function that runs both services with this time for an export, in seconds.

    Every span of studio-api belongs to a request of these tests.
    """

    def run(export_timeout: str) -> AbstractContextManager[Services]:
        return running_studio(redis_server, postgres, server, OTEL_EXPORTER_OTLP_TIMEOUT=export_timeout)

    return run


def create_sessions(services: Services, number: int) -> list[Answer]:
    """Create `number` sessions at the same time."""

    async def ask() -> list[Answer]:
        limits = httpx2.Limits(max_connections=AT_ONCE)
        async with httpx2.AsyncClient(
            base_url=services.studio.url, timeout=30, trust_env=False, limits=limits
        ) as client:
            body = {"email": "alan@example.com", "device": "web"}
            answers = await asyncio.gather(*(client.post("/sessions", json=body) for _ in range(number)))
        return list(map(parse_response, answers))

    answers = asyncio.run(ask())
    assert {answer.status for answer in answers} == {201}
    return answers


def ids(answers: Sequence[Answer]) -> list[str]:
    return [answer.trace_id for answer in answers]


def logged_losses(services: Services) -> list[str]:
    """Stop studio-api and return what it logged about lost spans."""
    services.studio.stop()
    events = (json.loads(line)["event"] for line in services.studio.log_lines())
    return [event for event in events if "lost" in event]


@pytest.mark.fault("E8", "E9", "E10")
def test_e8_e9_e10_no_request_waits_in_an_outage_and_a_retried_export_arrives_once(
    server: JaegerBackend, studio: Studio
) -> None:
    with studio(LONG_EXPORT_S) as services:
        url = services.studio.url
        before = create_sessions(services, FEW)
        stored = settled_ledger(url).stored
        with paused(server):
            during = create_sessions(services, MANY)
            during_pause = ledger_of(url)
            assert is_unreachable(server)  # every answer came during the outage
        assert (during_pause.stored, during_pause.lost, during_pause.pending > 0) == (stored, {}, True)
        assert_all_there_once(server, [*before, *during], settled_ledger(url).stored)

        stored = settled_ledger(url).stored
        server.kill()
        during = create_sessions(services, FEW)
        wait_until(lambda: any("Transient error" in line for line in services.studio.log_lines()), "a retry")
        assert is_unreachable(server)
        assert ledger_of(url).stored == stored
        server.restart()
        after = create_sessions(services, FEW)
        now = settled_ledger(url)
        assert_all_there_once(server, [*during, *after], now.stored - stored)
        assert (now.ended, now.lost) == (now.stored, {})
        assert logged_losses(services) == []


@pytest.mark.fault("E9", "E10")
def test_e9_e10_what_is_given_up_in_an_outage_is_counted_to_the_span(server: JaegerBackend, studio: Studio) -> None:
    with studio(SHORT_EXPORT_S) as services:
        url = services.studio.url
        before = create_sessions(services, FEW)
        kept_traces(server, ids(before))
        first = settled_ledger(url)
        with paused(server):
            during = create_sessions(services, FEW)
            wait_for_ledger(url, lambda ledger: ledger.lost_total > 0)
            assert is_unreachable(server)
        after_pause = settled_ledger(url)
        found = wait_until(lambda: all_of(server, [*before, *during], after_pause.stored), "all spans that were stored")
        assert (first.stored, first.lost) == (first.ended, {})
        assert after_pause.lost == {"export": after_pause.ended - after_pause.stored}
        # A given-up export may be in the paused server's socket, and be stored when the server resumes.
        assert len(found) <= after_pause.ended
        assert set(found.values()) == {1}

        server.kill()
        during = create_sessions(services, FEW)
        killed = settled_ledger(url)
        assert is_unreachable(server)
        server.restart()
        after = create_sessions(services, FEW)
        now = settled_ledger(url)
        assert killed.stored == after_pause.stored
        assert killed.lost == {"export": killed.ended - killed.stored}
        assert now.lost == killed.lost
        assert now.stored == now.ended - now.lost_total
        assert not spans_of(stored_traces(server, ids([*before, *during])).values())
        assert_all_there_once(server, after, now.stored - killed.stored)
        assert logged_losses(services) == [f"spans were lost: {now.lost}"]


def all_of(jaeger: JaegerBackend, answers: Sequence[Answer], least: int) -> Counter[tuple[str, str]]:
    """Count the spans of studio-api that Jaeger has of these traces, none if there are fewer than `least`."""
    found = spans_of(stored_traces(jaeger, ids(answers)).values())
    return found if len(found) >= least else Counter()


def assert_all_there_once(jaeger: JaegerBackend, answers: Sequence[Answer], stored: int) -> None:
    """Assert that all traces are complete in Jaeger, with `stored` spans of studio-api, each of them once."""
    found = spans_of(kept_traces(jaeger, ids(answers)).values())
    assert len(found) == stored
    assert set(found.values()) == {1}
