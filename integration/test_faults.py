"""Redis and the database of running services die, stall and come back: the services' answers and traces.

The tests are named by the ids of the reliability scorecard (R1, R2) and the rows of docs/specification.md. Faults of
the export path are in test_export_faults.py.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx2
import pytest
from sqlalchemy.engine import make_url

from containers.servers.jaeger_server import JaegerBackend
from containers.servers.postgres_server import PostgresBackend
from containers.servers.redis_server import RedisBackend
from demo.flows.breaker import FAILURES
from demo.services import Services, running_services
from integration.support.evidence import Answer, kept_traces, parse_response, paused, skip_unless_stoppable, span_named
from integration.support.studio import SCHEDULE_DELAY_MS, temporary_database
from spanpact.sources import encode_traces_json
from spanpact.trace.model import Reading, SourceInfo, Span, Trace

EMAIL = "grace@example.com"
PASSWORD = "canary-of-the-database"  # the servers of tests accept any password
DRIVER_MESSAGES = ("connection to server", "onnection refused", "server closed", "Error 111", "Traceback")


class Client:
    """A client of studio-api that keeps every answer."""

    def __init__(self, services: Services, http: httpx2.Client) -> None:
        self.services = services
        self._http = http
        self.answers: list[Answer] = []

    def request(self, method: str, path: str, expect: int, *, token: str = "", **body: object) -> Answer:
        """Send one request, assert the status of its answer, and return the answer."""
        headers = {"authorization": f"Bearer {token}"} if token else {}
        self.answers.append(parse_response(self._http.request(method, path, headers=headers, json=body or None)))
        assert self.answers[-1].status == expect, self.answers[-1].text
        return self.answers[-1]

    def create_session(self, expect: int = 201, email: str = EMAIL) -> Answer:
        """Create a session."""
        return self.request("POST", "/sessions", expect, email=email, device="web")


@pytest.fixture(scope="module")
def services(
    redis_server: RedisBackend,
    postgres: PostgresBackend,
    jaeger: JaegerBackend,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Services]:
    """Run both services, with a password in the address of the database."""
    environ = {"JAEGER_ENDPOINT": jaeger.otlp_http, "OTEL_BSP_SCHEDULE_DELAY": str(SCHEDULE_DELAY_MS)}
    with temporary_database(postgres) as database:
        with_password = make_url(database).set(password=PASSWORD).render_as_string(hide_password=False)
        folder = tmp_path_factory.mktemp("services")
        with running_services(redis_server, with_password, folder, environ=environ) as running:
            yield running


@pytest.fixture
def client(services: Services) -> Iterator[Client]:
    with httpx2.Client(base_url=services.studio.url, timeout=30, trust_env=False) as http:
        yield Client(services, http)


@pytest.fixture
def redis(redis_server: RedisBackend) -> Iterator[RedisBackend]:
    """Return the Redis if tests may stop it; it answers again afterwards."""
    skip_unless_stoppable(redis_server)
    yield redis_server
    redis_server.restart()


@pytest.fixture
def database(postgres: PostgresBackend) -> Iterator[PostgresBackend]:
    """Return the database server if tests may stop it; it answers again afterwards."""
    skip_unless_stoppable(postgres)
    yield postgres
    assert postgres.process is not None
    if not postgres.process.running:
        postgres.restart()


class TestRedis:
    @pytest.mark.fault("R2", "S2")
    def test_r2_one_that_is_killed_costs_the_cache_and_no_answer(
        self, client: Client, redis: RedisBackend, jaeger: JaegerBackend
    ) -> None:
        token, kept = client.create_session().token, client.create_session(email="other@example.com").token
        hit = client.request("GET", "/session", 200, token=token)
        redis.kill()
        down = client.request("GET", "/session", 200, token=token)
        created = client.create_session()
        undeleted = client.request("DELETE", "/session", 503, token=token)  # a failed removal must be reported
        unwarmed = client.request("POST", "/cache/warm", 503, limit=10)
        unended = client.request("DELETE", "/users/1/sessions", 503)
        redis.restart()
        ended = [
            client.request("GET", "/session", 401, token=each) for each in (token, created.token)
        ]  # in the database
        miss, back = (client.request("GET", "/session", 200, token=kept) for _ in range(2))

        traces = kept_traces(jaeger, [answer.trace_id for answer in client.answers])
        assert source_of(traces[hit.trace_id]) == source_of(traces[back.trace_id]) == "cache"
        assert source_of(traces[down.trace_id]) == source_of(traces[miss.trace_id]) == "database"
        for answer in (down, created, undeleted, unwarmed, unended):
            failed = [span for span in traces[answer.trace_id].spans if span.name.startswith("redis.")]
            assert failed
            assert {span.status for span in failed} == {"error"}
            assert {span.attributes["error.type"] for span in failed} == {"ConnectionError"}
        for answer in (*ended, miss):
            assert span_named(traces[answer.trace_id], "redis.get").attributes["cache_miss"] is True
        assert_nothing_leaks(client, traces)

    @pytest.mark.fault("R1")
    def test_r1_one_that_stalls_is_given_up_at_the_deadline(
        self, client: Client, redis: RedisBackend, jaeger: JaegerBackend
    ) -> None:
        token = client.create_session().token
        with paused(redis):
            stalled = client.request("GET", "/session", 200, token=token)  # answered while it still stalls
        back = client.request("GET", "/session", 200, token=token)
        traces = kept_traces(jaeger, [answer.trace_id for answer in client.answers])
        lookup, store = (span_named(traces[stalled.trace_id], name) for name in ("redis.get", "redis.set"))
        assert (lookup.status, store.status) == ("error", "error")
        assert lookup.attributes["error.type"] == store.attributes["error.type"] == "DeadlineExceeded"
        assert source_of(traces[stalled.trace_id]) == "database"
        assert source_of(traces[back.trace_id]) == "cache"


class TestDatabase:
    @pytest.mark.fault("R2", "S2")
    def test_r2_one_that_is_killed_is_reported_and_found_again(
        self, client: Client, database: PostgresBackend, jaeger: JaegerBackend
    ) -> None:  # S4.2, S4.3
        token, other = client.create_session().token, client.create_session().token
        client.request("GET", "/session", 200, token=token)
        database.kill()
        cached = client.request("GET", "/session", 200, token=token)  # the cache knows it
        client.services.deployment.evict(other)
        failing = [
            client.create_session(503),
            client.request("GET", "/session", 503, token=other),
            client.request("DELETE", "/session", 503, token=token),
        ]
        assert len(failing) == FAILURES
        refused = [
            client.create_session(503),
            client.request("GET", "/session", 503, token=other),
            client.request("DELETE", "/session", 503, token=token),
            client.request("DELETE", "/users/1/sessions", 503),
            client.request("POST", "/cache/warm", 503, limit=10),
        ]
        still = client.request("GET", "/session", 200, token=token)
        database.restart()
        time.sleep(int(refused[-1].retry_after))  # as the answer asks its callers to do
        probe = client.request("DELETE", "/session", 204, token=token)
        found = client.request("GET", "/session", 200, token=other)

        traces = kept_traces(jaeger, [answer.trace_id for answer in client.answers])
        for answer in (cached, still):
            assert not named(traces[answer.trace_id], "execute_with_circuit_breaker")
        for answer in failing:
            call = span_named(traces[answer.trace_id], "execute_with_circuit_breaker")
            assert (call.status, call.attributes["error.type"]) == ("error", "OperationalError")
            (raised,) = (event for event in call.events if event.name == "exception")
            assert "OperationalError" in str(raised.attributes["exception.type"])
            assert "exception.message" not in raised.attributes
        for answer in refused:
            call = span_named(traces[answer.trace_id], "execute_with_circuit_breaker")
            assert call.attributes["error.type"] == "CircuitOpen"
            assert not named(traces[answer.trace_id], "db.query")
        assert events(traces, failing) == ["failure", "failure", "failure", "open"]
        assert events(traces, refused) == ["rejected"] * len(refused)
        assert events(traces, [probe]) == ["half_open", "close"]
        assert source_of(traces[found.trace_id]) == "database"
        assert_nothing_leaks(client, traces)

    @pytest.mark.fault("R2", "S2")
    def test_r2_without_a_cache_too_nothing_is_made_up(
        self, client: Client, database: PostgresBackend, redis: RedisBackend, jaeger: JaegerBackend
    ) -> None:  # S3
        token = client.create_session().token
        database.kill()
        redis.kill()
        client.request("GET", "/session", 503, token=token)
        redis.restart()
        client.request("GET", "/session", 503, token=token)
        database.restart()
        back = client.request("GET", "/session", 200, token=token)
        again = client.request("GET", "/session", 200, token=token)
        traces = kept_traces(jaeger, [answer.trace_id for answer in client.answers])
        assert source_of(traces[back.trace_id]) == "database"
        assert source_of(traces[again.trace_id]) == "cache"
        assert_nothing_leaks(client, traces)


def source_of(trace: Trace) -> object:
    return span_named(trace, "session.validate").attributes["session.source"]


def named(trace: Trace, name: str) -> list[Span]:
    return [span for span in trace.spans if span.name == name]


def events(traces: dict[str, Trace], answers: list[Answer]) -> list[str]:
    """Return the breaker's events in these traces, in the order of time."""
    spans = [span for answer in answers for span in named(traces[answer.trace_id], "execute_with_circuit_breaker")]
    happened = sorted((event.time_ns, event.name) for span in spans for event in span.events)
    return [name.removeprefix("circuit_breaker.") for _, name in happened if name.startswith("circuit_breaker.")]


def assert_nothing_leaks(client: Client, traces: dict[str, Trace]) -> None:
    """Assert that no span, log line or answer has an e-mail address, database credentials or a driver's message."""
    shown = encode_traces_json(Reading(SourceInfo("Jaeger"), list(traces.values()))).decode()
    lines = [*client.services.studio.log_lines(), *client.services.audit.log_lines()]
    assert any(answer.trace_id in line for answer in client.answers for line in lines)
    shown += "".join(lines) + "".join(answer.text for answer in client.answers)
    user = make_url(client.services.deployment.database).username
    for secret in ("@example.com", PASSWORD, f"{user}:", f"{user}@", *DRIVER_MESSAGES):
        assert secret not in shown
