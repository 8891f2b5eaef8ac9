"""An untraced client of studio-api, and the deployment that it talks to."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

import httpx2
from redis import Redis

from containers.servers.redis_server import RedisBackend
from reference_impl.sessions.cache import SESSION_KEY
from reference_impl.sessions.store import SqlSessionStore
from reference_impl.sessions.tokens import issue_token, read_token

__all__ = ["SECRET", "DemoFailed", "Deployment", "FlowResult", "ServiceClient", "trace_id_of"]

SECRET = "only for the demo: a service must be given its own"


class DemoFailed(Exception):
    """The service gave another answer than a flow expects."""


@dataclass(frozen=True, slots=True)
class FlowResult:
    """One flow that was driven: its name, its trace id, and the service's answer as text.

    `other_trace_ids` are those of further requests, where a flow sends many at once.
    """

    name: str
    trace_id: str
    outcome: str
    other_trace_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Deployment:
    """A studio-api that runs: its base URL, its Redis, and the SQLAlchemy URL of its database."""

    url: str
    redis: RedisBackend
    database: str

    def evict(self, token: str) -> None:
        """Delete a session from Redis, which may evict it at any time."""
        with Redis.from_url(self.redis.url) as redis:
            redis.delete(SESSION_KEY.format(id=read_token(token, SECRET)))

    def expired_token(self) -> str:
        """Store a session that expired a minute ago in the database alone, and return its token."""
        asyncio.run(self._store_expired("e" * 32))
        return issue_token("e" * 32, SECRET)

    async def _store_expired(self, session_id: str) -> None:
        store = SqlSessionStore(self.database)
        try:
            await store.create(session_id, "late@example.com", "web", time.time() - 60)
        finally:
            await store.close()


class ServiceClient:
    """Sends requests, and keeps the session tokens that the service issued in `tokens`."""

    def __init__(self, client: httpx2.Client) -> None:
        self._client = client
        self.tokens: list[str] = []

    def request(self, name: str, method: str, path: str, *, expect: int, token: str = "", **body: object) -> FlowResult:
        """Send one request. Raise DemoFailed for another status than `expect`."""
        headers = {"authorization": f"Bearer {token}"} if token else {}
        response = self._client.request(method, path, headers=headers, json=body or None)
        if response.status_code != expect:
            raise DemoFailed(f"{name}: {method} {path} answered {response.status_code}, not {expect}: {response.text}")
        answer = response.json() if response.content else {}
        if "token" in answer:
            self.tokens.append(answer.pop("token"))
        shown = ", ".join(f"{key} {value}" for key, value in answer.items() if key not in ("expires_at", "user_id"))
        return FlowResult(name, trace_id_of(response), f"{response.status_code} {shown}".rstrip())


def trace_id_of(response: httpx2.Response) -> str:
    """Return the trace id in the response's `traceresponse` header, `not traced` where there is none."""
    return response.headers.get("traceresponse", "--").split("-")[1] or "not traced"
