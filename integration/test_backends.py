"""Real servers in containers: confined, with every fault, and removed afterwards, whatever ends them."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any
from urllib.parse import urlencode

import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from containers.engine import api as engine_api
from containers.ladder import BackendUnavailable
from containers.servers.docker_containers import JaegerContainer, PostgresContainer, RedisContainer, ServerContainer
from containers.servers.docker_rung import jaeger_container, postgres_container, redis_container
from containers.servers.jaeger_server import JaegerBackend, find_program, jaeger_backend
from integration.support.waiting import DEADLINE, wait_until

KINDS: dict[str, Callable[[], AbstractContextManager[ServerContainer]]] = {
    "redis": redis_container,
    "jaeger": jaeger_container,
    "postgres": postgres_container,
}
HOLDER = """
import signal, sys
from containers.servers.docker_rung import {kind}_container
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background inherits that it is ignored
with {kind}_container() as server:
    print(server.name, flush=True)
    sys.stdin.read()
"""

pytestmark = pytest.mark.usefixtures("docker_engine")


def ours(name: str = "") -> list[dict[str, Any]]:
    """Return the containers that this project has started, or the one with this name."""
    wanted = {"label": [engine_api.OWNER_LABEL], **({"name": [name]} if name else {})}
    found: list[dict[str, Any]] = engine_api.request(
        "GET", f"/containers/json?{urlencode({'all': 1, 'filters': json.dumps(wanted)})}"
    )
    return found


def volumes() -> set[str]:
    return {volume["Name"] for volume in engine_api.request("GET", "/volumes")["Volumes"] or ()}


def inspected(server: ServerContainer) -> dict[str, Any]:
    found: dict[str, Any] = engine_api.request("GET", f"/containers/{server.name}/json")
    return found


def redis_client(url: str, timeout: float = 5.0) -> redis.Redis:
    return redis.Redis.from_url(url, socket_timeout=timeout, retry=Retry(NoBackoff(), 0))


class TestConfinement:
    @pytest.mark.parametrize("kind", KINDS)
    def test_a_container_has_no_more_rights_than_it_needs(self, kind: str) -> None:
        with KINDS[kind]() as server:
            settings = inspected(server)
            limits = settings["HostConfig"]
            assert limits["ReadonlyRootfs"]
            assert limits["CapDrop"] == ["ALL"]
            assert limits["SecurityOpt"] == ["no-new-privileges"]
            assert {binding["HostIp"] for ports in limits["PortBindings"].values() for binding in ports} == {
                "127.0.0.1"
            }
            assert settings["Config"]["Labels"][engine_api.OWNER_LABEL] == engine_api.owner()

    @pytest.mark.parametrize("kind", KINDS)
    def test_no_server_runs_as_root(self, kind: str) -> None:
        with KINDS[kind]() as server:
            listed = engine_api.request("GET", f"/containers/{server.name}/top?ps_args=-eo%20uid,pid,comm")
            assert "0" not in {line[0] for line in listed["Processes"]}


class TestFaults:
    def test_a_redis_is_paused_resumed_killed_and_restarted_on_its_port(self) -> None:
        with redis_container() as server, redis_client(server.url, 0.3) as client:
            client.set("kept", "in memory only")
            server.pause()
            with pytest.raises(redis.TimeoutError):
                client.ping()
            server.resume()
            assert client.get("kept")
            port = server.port
            server.kill()
            assert not server.running
            with pytest.raises(redis.ConnectionError):
                client.ping()
            server.restart()
            assert server.port == port
            assert client.get("kept") is None

    def test_a_postgres_that_was_killed_has_its_data_when_it_is_back(self) -> None:
        with postgres_container() as server:
            with psycopg.connect(server.url) as connection:
                connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
            server.kill()
            with pytest.raises(psycopg.OperationalError):
                psycopg.connect(server.url, connect_timeout=2)
            server.restart()
            with psycopg.connect(server.url) as connection:
                assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)

    def test_a_paused_container_can_be_killed_and_removed(self) -> None:
        with redis_container() as server:
            server.pause()
            server.kill()
            server.restart()
            server.pause()
        assert not ours(server.name)

    def test_a_dead_server_cannot_be_paused(self) -> None:
        with redis_container() as server:
            server.kill()
            with pytest.raises(RuntimeError, match="is not running"):
                server.pause()


class TestJaeger:
    @pytest.mark.parametrize("rung", ["docker", "program"])
    def test_it_takes_spans_and_gives_them_by_trace_id(self, rung: str) -> None:
        with usable(rung) as jaeger:
            trace_id = sent(jaeger)
            assert b"resourceSpans" in wait_until(lambda: trace(jaeger, trace_id))
            assert jaeger.rung == rung
            assert jaeger.version != "of unknown version"

    @pytest.mark.parametrize("rung", ["docker", "program"])
    def test_it_is_paused_resumed_killed_and_restarted_on_its_ports(self, rung: str) -> None:
        with usable(rung) as jaeger:
            trace_id = sent(jaeger)
            wait_until(lambda: trace(jaeger, trace_id))
            jaeger.pause()
            with pytest.raises(OSError, match="timed out"):
                trace(jaeger, trace_id, timeout=0.3)
            jaeger.resume()
            assert trace(jaeger, trace_id)
            jaeger.kill()
            with pytest.raises(urllib.error.URLError):
                trace(jaeger, trace_id)
            jaeger.restart()
            assert trace(jaeger, trace_id) == b""
            again = sent(jaeger)
            assert wait_until(lambda: trace(jaeger, again))

    def test_one_that_runs_is_used_by_its_address_and_left(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with usable("docker") as jaeger:
            monkeypatch.setenv("JAEGER_OTLP_HTTP", jaeger.otlp_http)
            with jaeger_backend(jaeger.url) as named:
                assert (named.url, named.otlp_http, named.rung) == (jaeger.url, jaeger.otlp_http, "url")
                with pytest.raises(BackendUnavailable, match="url rung cannot be paused"):
                    named.pause()
            trace_id = sent(jaeger)
            assert wait_until(lambda: trace(jaeger, trace_id))


class TestNothingIsLeft:
    @pytest.mark.parametrize("kind", KINDS)
    def test_after_success(self, kind: str) -> None:
        before = volumes()
        with KINDS[kind]() as server:
            assert ours(server.name)
        assert not ours(server.name)
        assert volumes() <= before

    def test_after_an_exception(self) -> None:
        names: list[str] = []

        def broken() -> None:
            with postgres_container() as server:
                names.append(server.name)
                raise KeyError

        before = volumes()
        with pytest.raises(KeyError):
            broken()
        assert not ours(names[0])
        assert volumes() <= before

    @pytest.mark.parametrize("kind", [RedisContainer, JaegerContainer, PostgresContainer])
    def test_after_an_interrupt_while_it_starts(
        self, kind: type[ServerContainer], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def interrupted(self: ServerContainer) -> bool:
            raise KeyboardInterrupt

        monkeypatch.setattr(kind, "healthy", interrupted)
        server = kind()
        with pytest.raises(KeyboardInterrupt), server:
            pass
        assert not ours(server.name)

    def test_after_a_server_that_never_answers(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(RedisContainer, "healthy", lambda self: False)
        monkeypatch.setattr(RedisContainer, "START_TIMEOUT", 0)
        server = RedisContainer()
        with pytest.raises(BackendUnavailable, match="did not answer within 0 s"), server:
            pass
        assert not ours(server.name)

    def test_after_a_server_that_ends_at_once_which_is_said_with_its_last_words(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(RedisContainer, "COMMAND", ("redis-server", "--port", "many"))
        server = RedisContainer()
        with pytest.raises(BackendUnavailable, match=r"ended: .+"), server:
            pass
        assert not ours(server.name)

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=["Ctrl+C", "kill -9"])
    def test_after_a_signal_to_the_process_that_holds_it(self, number: signal.Signals) -> None:
        holder = subprocess.Popen(
            [sys.executable, "-c", HOLDER.format(kind="redis")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        with holder:
            assert holder.stdout is not None
            name = holder.stdout.readline().strip()
            assert ours(name)
            holder.send_signal(number)
            holder.wait(DEADLINE)
        if number == signal.SIGKILL:  # the next run removes it
            assert ours(name)
            engine_api.remove_leftovers()
        assert not ours(name)


def usable(rung: str) -> AbstractContextManager[JaegerBackend]:
    if rung == "program":
        try:
            find_program()
        except BackendUnavailable as error:
            pytest.skip(str(error))
    return jaeger_backend(rung)


def sent(jaeger: JaegerBackend) -> str:
    """Send a trace of one span by OTLP over HTTP. Return its id."""
    trace_id, now = secrets.token_hex(16), time.time_ns()
    times = {"startTimeUnixNano": str(now), "endTimeUnixNano": str(now + 1000)}
    span = {"traceId": trace_id, "spanId": secrets.token_hex(8), "name": "probe", "kind": 1, **times}
    body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{jaeger.otlp_http}/v1/traces", body, headers)
    with urllib.request.urlopen(request, timeout=5):
        return trace_id


def trace(jaeger: JaegerBackend, trace_id: str, timeout: float = 5.0) -> bytes:
    """Return the trace as Jaeger sends it, empty if Jaeger does not have it."""
    try:
        with urllib.request.urlopen(f"{jaeger.url}/api/v3/traces/{trace_id}", timeout=timeout) as response:
            body: bytes = response.read()
            return body
    except urllib.error.HTTPError as error:
        error.close()
        if error.code != 404:
            raise
        return b""
