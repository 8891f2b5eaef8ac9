"""POST /admin/purge and the audit call as routes of the real service: what a client gets (S3, S5.1, S5.5)."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx2
import pytest
import redis
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from starlette.applications import Starlette

from reference_impl.services.studio_api import create_app
from reference_impl.sessions.cache import BATCH
from reference_impl.sessions.store import SqlSessionStore
from reference_impl.settings import Settings, SettingsError
from reference_impl.telemetry.setup import configure_tracing
from tests.reference_impl.redis_tracing.redis_support import RedisServer, free_port, run

LATER = 5_000_000_000.0  # in the year 2128


def settings_for(redis_port: int, folder: Path, **more: Any) -> Settings:
    database = f"sqlite+aiosqlite:///{folder / 'studio.db'}"
    return Settings.load({}, redis_url=f"redis://127.0.0.1:{redis_port}/0", database_url=database, **more)


class Started:
    """A started service: its application, a client of it, and its spans."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.memory = InMemorySpanExporter()

    async def __aenter__(self) -> Started:
        self.telemetry = configure_tracing(self.settings, span_processors=[SimpleSpanProcessor(self.memory)])
        self.app: Starlette = create_app(self.settings, self.telemetry)
        self._lifespan = self.app.router.lifespan_context(self.app)
        await self._lifespan.__aenter__()
        self.client = httpx2.AsyncClient(transport=httpx2.ASGITransport(self.app), base_url="http://studio")
        return self

    async def __aexit__(self, *error: Any) -> None:
        await self.client.aclose()
        await self._lifespan.__aexit__(*error)
        self.telemetry.shutdown(5)

    def span(self, name: str) -> Any:
        (found,) = [span for span in self.memory.get_finished_spans() if span.name == name]
        return found


def test_a_purge_is_accepted_at_once_and_done_before_the_service_ends(empty_redis: RedisServer, tmp_path: Path) -> None:
    settings = settings_for(empty_redis.port, tmp_path)
    number = 2 * BATCH + 1

    async def main() -> Started:
        store = SqlSessionStore(settings.database_url)
        for session in range(number):
            await store.create(f"{session:032x}", "bob@example.com", "web", 60.0)
        await store.create("f" * 32, "bob@example.com", "web", LATER)
        with redis.Redis(port=empty_redis.port) as plain:
            plain.hset("user_sessions:1:web", mapping={f"{session:032x}": "60.0" for session in range(number)})
            plain.hset("user_sessions:1:web", "f" * 32, str(LATER))
        async with Started(settings) as service:
            answer = await service.client.post("/admin/purge", headers={"x-correlation-id": "c-1"})
            assert (answer.status_code, answer.json()) == (202, {"accepted": True})
        assert await store.find("0" * 32) is None
        assert await store.find("f" * 32) is not None
        await store.close()
        return service

    service = run(main, deadline_s=50)
    with redis.Redis(port=empty_redis.port) as plain:
        assert plain.hkeys("user_sessions:1:web") == [b"f" * 32]
    purge = service.span("session.purge")
    assert purge.attributes["sessions.deleted"] == number
    assert purge.attributes["correlation.id"] == "c-1"
    assert purge.parent is None
    below = [span for span in service.memory.get_finished_spans() if span.context.trace_id == purge.context.trace_id]
    assert [span.name for span in below].count("redis.pipeline") == 3


def test_a_purge_that_cannot_reach_redis_fails_alone(tmp_path: Path) -> None:
    settings = settings_for(free_port(), tmp_path)

    async def main() -> Started:
        store = SqlSessionStore(settings.database_url)
        await store.create("0" * 32, "bob@example.com", "web", 60.0)
        await store.close()
        async with Started(settings) as service:
            assert (await service.client.post("/admin/purge")).status_code == 202
        return service

    service = run(main)
    assert service.span("session.purge").attributes["error.type"] == "CacheUnavailable"


def test_when_too_many_jobs_run_or_the_service_ends_a_purge_is_to_be_tried_again(tmp_path: Path) -> None:
    async def main() -> None:
        async with Started(settings_for(free_port(), tmp_path)) as service:
            gate = asyncio.Event()

            async def work() -> None:
                await gate.wait()

            for _ in range(16):
                service.app.state.jobs.start("job", work)
            answer = await service.client.post("/admin/purge")
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
            assert answer.json() == {"error": "16 jobs are running; try again"}
            gate.set()

    run(main)


def test_sessions_are_told_of_only_where_an_audit_api_is_named(empty_redis: RedisServer, tmp_path: Path) -> None:
    dead = f"http://127.0.0.1:{free_port()}"

    async def create(**settings: str) -> Started:
        async with Started(settings_for(empty_redis.port, tmp_path, **settings)) as service:
            answer = await service.client.post("/sessions", json={"email": "bob@example.com"})
            assert answer.status_code == 201
            assert (await service.client.post("/sessions", json={"email": "nobody"})).status_code == 422
        return service

    without, audited = run(create), run(lambda: create(audit_url=dead, audit_deadline_s="10"))
    assert "POST" not in [span.name for span in without.memory.get_finished_spans()]
    requested = [span.attributes.get("audit.requested") for span in _requests(without) + _requests(audited)]
    assert requested == [None, None, True, None]
    assert audited.span("POST").attributes["error.type"] == "ConnectError"
    assert audited.app.state.audit.lost == 1


def _requests(service: Started) -> list[Any]:
    return [span for span in service.memory.get_finished_spans() if span.name == "POST /sessions"]


def test_the_address_of_audit_api_is_a_setting_that_is_off_by_default() -> None:
    assert (Settings.load({}).audit_url, Settings.load({}).audit_deadline_s) == ("", 0.25)
    assert Settings.load({"AUDIT_URL": "http://bob:secret@audit:8081"}).audit_url == "http://bob:secret@audit:8081"
    assert Settings.load({"AUDIT_URL": "http://audit"}, audit_url="").audit_url == ""
    shown = {name: value for name, value, _ in Settings.load({"AUDIT_URL": "http://bob:secret@audit"}).table()}
    assert shown["audit_url"] == "http://***@audit"
    with pytest.raises(SettingsError, match=r"AUDIT_URL: 'audit:8081' is not such a URL; accepted: http\(s\)://host"):
        Settings.load({"AUDIT_URL": "audit:8081"})
