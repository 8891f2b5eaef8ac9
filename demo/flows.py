"""Every flow of studio-api, driven over HTTP by a client that is not traced (docs/specification.md S3)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import httpx
from redis import Redis

from containers.servers.redis_server import RedisBackend
from reference_impl.sessions.cache import SESSION_KEY
from reference_impl.sessions.store import SqlSessionStore
from reference_impl.sessions.tokens import issue_token, read_token

SECRET = "only for the demo: a service must be given its own"


@dataclass(frozen=True, slots=True)
class Driven:
    """One flow that was driven: its name, its trace, and what the service answered.

    `others` are the traces of further requests, where a flow is many at once.
    """

    name: str
    trace_id: str
    outcome: str
    others: tuple[str, ...] = ()


class DemoFailed(Exception):
    """The service answered otherwise than its flows promise, whatever its traces say."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the flows happen: the service, its Redis, its database."""

    url: str
    redis: RedisBackend
    database: str

    def evict(self, token: str) -> None:
        """Let Redis forget a session, as it may at any time."""
        with Redis.from_url(self.redis.url) as redis:
            redis.delete(SESSION_KEY.format(id=read_token(token, SECRET)))

    def expired_token(self) -> str:
        """The token of a session that ended a minute ago, of which only the database knows."""
        asyncio.run(self._store_expired("e" * 32))
        return issue_token("e" * 32, SECRET)

    async def _store_expired(self, session_id: str) -> None:
        store = SqlSessionStore(self.database)
        try:
            await store.create(session_id, "late@example.com", "web", time.time() - 60)
        finally:
            await store.close()


class Driver:
    """Sends requests and remembers the trace of each by the response's `traceresponse` header."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client
        self.tokens: list[str] = []

    def request(self, name: str, method: str, path: str, *, expect: int, token: str = "", **body: object) -> Driven:
        """Send one request; raises DemoFailed for another status than expected."""
        headers = {"authorization": f"Bearer {token}"} if token else {}
        response = self._client.request(method, path, headers=headers, json=body or None)
        if response.status_code != expect:
            raise DemoFailed(f"{name}: {method} {path} answered {response.status_code}, not {expect}: {response.text}")
        answer = response.json() if response.content else {}
        if "token" in answer:
            self.tokens.append(answer.pop("token"))
        said = ", ".join(f"{key} {value}" for key, value in answer.items() if key not in ("expires_at", "user_id"))
        trace_id = response.headers.get("traceresponse", "--").split("-")[1]
        return Driven(name, trace_id or "not traced", f"{response.status_code} {said}".rstrip())


def drive(stage: Stage) -> Iterator[Driven]:
    """Every flow, one after the other; each is yielded when it is done.

    Those without Redis are left out where it was named by its address: it is not ours to kill.
    """
    with httpx.Client(base_url=stage.url, timeout=30) as client:
        driver = Driver(client)
        for flow in (_sessions, _bad_sessions, _cache_flows, _redis_down, _endings):
            yield from flow(driver, stage)


Flow = Callable[[Driver, Stage], Iterator[Driven]]


def _sessions(driver: Driver, stage: Stage) -> Iterator[Driven]:
    for device in ("web", "phone"):
        yield driver.request(
            f"create a session ({device})", "POST", "/sessions", expect=201, email="ada@example.com", device=device
        )
    token = driver.tokens[0]
    yield driver.request("validate: hit", "GET", "/session", expect=200, token=token)
    stage.evict(token)
    yield driver.request("validate: miss", "GET", "/session", expect=200, token=token)


def _bad_sessions(driver: Driver, stage: Stage) -> Iterator[Driven]:
    yield driver.request("validate: expired", "GET", "/session", expect=401, token=stage.expired_token())
    yield driver.request("validate: unknown", "GET", "/session", expect=401, token=issue_token("f" * 32, SECRET))
    yield driver.request("validate: tampered", "GET", "/session", expect=401, token=driver.tokens[0][:-4] + "AAAA")


def _cache_flows(driver: Driver, _: Stage) -> Iterator[Driven]:
    for number in range(6):
        email = f"user{number}@example.com"
        driver.request("more sessions", "POST", "/sessions", expect=201, email=email, device="web")
    yield driver.request("warm the cache", "POST", "/cache/warm", expect=200, limit=100)


def _redis_down(driver: Driver, stage: Stage) -> Iterator[Driven]:
    if stage.redis.process is None:
        return
    stage.redis.kill()
    yield driver.request("validate: Redis down", "GET", "/session", expect=200, token=driver.tokens[0])
    stage.redis.restart()
    yield driver.request("validate: Redis is back", "GET", "/session", expect=200, token=driver.tokens[0])


def _endings(driver: Driver, _: Stage) -> Iterator[Driven]:
    yield driver.request("end one session", "DELETE", "/session", expect=204, token=driver.tokens[0])
    yield driver.request("end a tampered session", "DELETE", "/session", expect=401, token="no.token")
    driver.request("more sessions", "POST", "/sessions", expect=201, email="ada@example.com", device="web")
    yield driver.request("end all of a user", "DELETE", "/users/1/sessions", expect=200)
    yield driver.request("end all of nobody", "DELETE", "/users/999/sessions", expect=200)
