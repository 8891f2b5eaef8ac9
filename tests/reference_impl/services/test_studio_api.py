"""The HTTP service in this process: every route, its server span, and responses to bad requests (S3, S5.2)."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ParentBased
from opentelemetry.trace import SpanKind, StatusCode
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from reference_impl.propagation.correlation import HEADER
from reference_impl.redis_tracing.client import make_client
from reference_impl.services.http_spans import TracingMiddleware, describe_request
from reference_impl.services.plain_spans import PlainTracingMiddleware
from reference_impl.services.request_bodies import MAX_BODY
from reference_impl.services.studio_api import create_app
from reference_impl.sessions.cache import SessionCache
from reference_impl.sessions.store import SqlSessionStore
from reference_impl.settings import Settings
from reference_impl.telemetry.setup import configure_tracing
from tests.reference_impl.redis_tracing.redis_support import RedisServer, free_port, run
from tests.reference_impl.sessions.session_support import attributes, shown, span_id

EMAIL = "bob@example.com"
PARENT = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"
Steps = Callable[[httpx2.AsyncClient], Awaitable[None]]
Serve = Callable[[Steps], None]


def settings_for(redis_port: int, folder: Path, **more: Any) -> Settings:
    return Settings.load(
        {},
        redis_url=f"redis://127.0.0.1:{redis_port}/0",
        database_url=f"sqlite+aiosqlite:///{folder / 'studio.db'}",
        session_secret="a secret for tests only",
        **more,
    )


@asynccontextmanager
async def serving(settings: Settings, exporter: InMemorySpanExporter) -> AsyncIterator[httpx2.AsyncClient]:
    telemetry = configure_tracing(settings, span_processors=[SimpleSpanProcessor(exporter)])
    app = create_app(settings, telemetry, make_correlation_id=lambda: "made")
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://studio") as client,
    ):
        yield client
    telemetry.shutdown(5)


def _server(settings: Settings, exporter: InMemorySpanExporter) -> Serve:
    def go(steps: Steps) -> None:
        async def main() -> None:
            async with serving(settings, exporter) as client:
                await steps(client)

        run(main)

    return go


@pytest.fixture
def serve(empty_redis: RedisServer, tmp_path: Path, exporter: InMemorySpanExporter) -> Serve:
    return _server(settings_for(empty_redis.port, tmp_path), exporter)


@pytest.fixture
def serve_without_redis(tmp_path: Path, exporter: InMemorySpanExporter) -> Serve:
    return _server(settings_for(free_port(), tmp_path), exporter)


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


async def log_in(client: httpx2.AsyncClient, **more: str) -> dict[str, Any]:
    answer = await client.post("/sessions", json={"email": EMAIL, **more})
    assert answer.status_code == 201
    return dict(answer.json())


def server_span(exporter: InMemorySpanExporter) -> Any:
    (found,) = [span for span in exporter.get_finished_spans() if span.kind is SpanKind.SERVER]
    return found


def test_a_session_s_whole_life_over_http(serve: Serve, exporter: InMemorySpanExporter) -> None:
    async def steps(client: httpx2.AsyncClient) -> None:
        made = await log_in(client, device="phone")
        found = await client.get("/session", headers=bearer(made["token"]))
        assert found.status_code == 200
        assert found.json() == {
            "valid": True, "user_id": made["user_id"], "device": "phone", "expires_at": made["expires_at"],
        }  # fmt: skip
        warmed = await client.post("/cache/warm")
        assert (warmed.status_code, warmed.json()) == (200, {"warmed": 1})
        assert (await client.delete("/session", headers=bearer(made["token"]))).status_code == 204
        gone = await client.get("/session", headers=bearer(made["token"]))
        assert (gone.status_code, gone.json()) == (401, {"valid": False, "reason": "unknown"})
        await log_in(client)
        ended = await client.delete(f"/users/{made['user_id']}/sessions")
        assert (ended.status_code, ended.json()) == (200, {"invalidated": 1})
        roots = [span.name for span in exporter.get_finished_spans() if span.parent is None]
        assert roots == [
            "POST /sessions",
            "GET /session",
            "POST /cache/warm",
            "DELETE /session",
            "GET /session",
            "POST /sessions",
            "DELETE /users/{id}/sessions",
        ]
        text = shown(exporter.get_finished_spans())
        for secret in (EMAIL, made["token"], made["token"].split(".")[0]):
            assert secret not in text

    serve(steps)


def test_the_server_span_follows_the_stable_conventions(serve: Serve, exporter: InMemorySpanExporter) -> None:
    async def steps(client: httpx2.AsyncClient) -> None:
        await client.delete("/users/7/sessions?name=bob")
        span = server_span(exporter)
        assert (span.name, span.status.status_code) == ("DELETE /users/{id}/sessions", StatusCode.UNSET)
        assert dict(attributes(span)) == {
            "correlation.id": "made",
            "http.request.method": "DELETE",
            "http.response.status_code": 200,
            "http.route": "/users/{id}/sessions",
            "network.protocol.version": "1.1",
            "server.address": "studio",
            "url.path": "/users/{id}/sessions",
            "url.scheme": "http",
        }
        (below,) = [s for s in exporter.get_finished_spans() if s.name == "session.invalidate_all"]
        assert below.parent is not None
        assert below.parent.span_id == span_id(span)

    serve(steps)


def test_a_remote_parent_is_taken_and_the_correlation_id_goes_in_and_out(
    serve: Serve, exporter: InMemorySpanExporter
) -> None:
    async def steps(client: httpx2.AsyncClient) -> None:
        answer = await client.get("/session", headers={"traceparent": PARENT, HEADER: "c-7", **bearer("x.y")})
        assert answer.headers[HEADER] == "c-7"
        assert answer.headers["traceresponse"].split("-")[1] == PARENT.split("-")[1]
        span = server_span(exporter)
        assert span.parent.is_remote
        assert span.parent.span_id == int("b" * 16, 16)
        assert {attributes(one)["correlation.id"] for one in exporter.get_finished_spans()} == {"c-7"}
        hostile = await client.get("/session", headers={HEADER: "bob@example.com", "traceparent": "00-zz-1-1"})
        assert hostile.headers[HEADER] == "made"

    serve(steps)


@pytest.mark.parametrize(
    ("token", "status", "answer"),
    [
        ("x.y", 401, {"valid": False, "reason": "tampered"}),
        ("", 401, {"error": "no token; accepted: Authorization: Bearer TOKEN"}),
    ],
)
def test_a_bad_token_is_an_answer(serve: Serve, token: str, status: int, answer: dict[str, Any]) -> None:
    async def steps(client: httpx2.AsyncClient) -> None:
        found = await client.get("/session", headers=bearer(token))
        assert (found.status_code, found.json()) == (status, answer)
        assert (await client.delete("/session", headers=bearer(token))).status_code == status

    serve(steps)


BAD_BODIES: list[tuple[Any, int]] = [
    (b"{", 400),
    (b"\xff\xfe", 400),
    (b"[" * 10_000, 400),
    (b"[]", 400),
    (b"null", 400),
    (b'{"email": ' + b"9" * 5000 + b"}", 400),
    (b"", 422),
    (b'{"email": 5}', 422),
    (b'{"email": "nobody"}', 422),
    (b'{"email": "a@b\\u0000"}', 422),
    (b'{"email": "\\ud800@b"}', 422),
    (json.dumps({"email": "a" * 400 + "@b"}).encode(), 422),
    (b'{"email": "a@b", "device": "a b"}', 422),
    (b'{"email": "a@b", "device": {}}', 422),
    (b" " * (MAX_BODY + 1), 413),
]


@pytest.mark.parametrize(("body", "status"), BAD_BODIES)
def test_a_bad_body_is_one_line_of_json(serve: Serve, body: bytes, status: int) -> None:
    async def steps(client: httpx2.AsyncClient) -> None:
        found = await client.post("/sessions", content=body)
        assert found.status_code == status
        assert list(found.json()) == ["error"]
        assert "\n" not in found.json()["error"]

    serve(steps)


@pytest.mark.parametrize("limit", [0, -1, 10_001, 1.5, "5", True, None, [], 10**400])
def test_a_bad_limit_is_refused(serve: Serve, limit: object) -> None:
    async def steps(client: httpx2.AsyncClient) -> None:
        assert (await client.post("/cache/warm", json={"limit": limit})).status_code == 422

    serve(steps)


@pytest.mark.parametrize("user", ["bob@example.com", "-1", "1" * 19, "٣", "%20", "1%0a"])
def test_a_user_id_that_is_none_is_refused_and_never_shown(
    serve: Serve, exporter: InMemorySpanExporter, user: str
) -> None:
    async def steps(client: httpx2.AsyncClient) -> None:
        found = await client.delete(f"/users/{user}/sessions")
        assert found.status_code == 422
        assert "bob" not in found.text + shown(exporter.get_finished_spans())

    serve(steps)


def test_unknown_paths_and_methods_are_answers_with_bounded_names(serve: Serve, exporter: InMemorySpanExporter) -> None:
    async def steps(client: httpx2.AsyncClient) -> None:
        assert (await client.get("/bob@example.com")).json() == {"error": "not found"}
        assert (await client.put("/session")).status_code == 405
        assert (await client.request("BREW", "/session")).status_code == 405
        spans = exporter.get_finished_spans()
        assert [span.name for span in spans] == ["GET", "PUT /session", "HTTP /session"]
        assert attributes(spans[0])["url.path"] == "[unmatched]"
        assert attributes(spans[2])["http.request.method"] == "_OTHER"
        assert "BREW" not in shown(spans)

    serve(steps)


def test_health_is_not_traced(serve: Serve, exporter: InMemorySpanExporter) -> None:
    async def steps(client: httpx2.AsyncClient) -> None:
        assert (await client.get("/healthz")).json() == {"status": "ok"}
        assert exporter.get_finished_spans() == ()

    serve(steps)


def test_with_redis_down_validation_succeeds_and_removal_says_try_again(
    serve_without_redis: Serve, exporter: InMemorySpanExporter
) -> None:
    async def steps(client: httpx2.AsyncClient) -> None:
        made = await log_in(client)
        exporter.clear()
        assert (await client.get("/session", headers=bearer(made["token"]))).status_code == 200
        assert server_span(exporter).status.status_code is StatusCode.UNSET
        lookups = [span for span in exporter.get_finished_spans() if span.name == "redis.get"]
        assert [span.status.status_code for span in lookups] == [StatusCode.ERROR]
        exporter.clear()
        refused = await client.delete("/session", headers=bearer(made["token"]))
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
        assert refused.json() == {"error": "the cache cannot be reached; try again"}
        assert server_span(exporter).status.status_code is StatusCode.ERROR
        assert attributes(server_span(exporter))["error.type"] == "503"

    serve_without_redis(steps)


def test_with_the_database_down_the_answer_is_503(tmp_path: Path, exporter: InMemorySpanExporter) -> None:
    settings = settings_for(free_port(), tmp_path / "no" / "such" / "folder")

    async def steps(client: httpx2.AsyncClient) -> None:
        answer = await client.post("/sessions", json={"email": EMAIL})
        assert (answer.status_code, answer.json()) == (503, {"error": "the database cannot be reached; try again"})

    _server(settings, exporter)(steps)


def test_a_redis_and_a_store_that_are_given_stay_their_giver_s(
    empty_redis: RedisServer, tmp_path: Path, exporter: InMemorySpanExporter
) -> None:
    settings = settings_for(empty_redis.port, tmp_path)
    telemetry = configure_tracing(settings, span_processors=[SimpleSpanProcessor(exporter)])

    async def main() -> None:
        redis = make_client(settings.redis_url, deadline_s=5)
        store = SqlSessionStore(settings.database_url)
        app = create_app(settings, telemetry, redis=redis, store=store)
        async with app.router.lifespan_context(app):
            token, session = await app.state.cache.create(EMAIL, "web")
        assert (await app.state.cache.validate(token)).session == session
        assert await redis.ping()
        await redis.aclose()
        await store.close()

    run(main)
    telemetry.shutdown(5)


def test_an_unforeseen_failure_is_500_without_its_message(
    serve: Serve, exporter: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: object) -> None:
        raise LookupError("bob@example.com")

    monkeypatch.setattr(SessionCache, "validate", broken)

    async def steps(client: httpx2.AsyncClient) -> None:
        answer = await client.get("/session", headers=bearer("x.y"))
        assert (answer.status_code, answer.json()) == (500, {"error": "internal error"})
        assert answer.headers[HEADER] == "made"
        span = server_span(exporter)
        assert (span.status.status_code, attributes(span)["error.type"]) == (StatusCode.ERROR, "LookupError")
        assert attributes(span)["http.response.status_code"] == 500

    with caplog.at_level(logging.ERROR, "reference_impl.http"):
        serve(steps)
    assert "unhandled LookupError at broken:" in caplog.text
    assert "bob" not in caplog.text + shown(exporter.get_finished_spans())


@pytest.fixture(params=[TracingMiddleware, PlainTracingMiddleware])
def middleware(request: pytest.FixtureRequest) -> type[TracingMiddleware]:
    """Both set-ups: ours, and OpenTelemetry's ASGI instrumentation."""
    made: type[TracingMiddleware] = request.param
    return made


def middleware_around(app: Any, exporter: InMemorySpanExporter, middleware: type[TracingMiddleware]) -> Any:
    telemetry = configure_tracing(Settings.load({}), span_processors=[SimpleSpanProcessor(exporter)])
    return middleware(app, tracer=telemetry.tracer("tests"), routes=getattr(app, "routes", []))


def test_a_streamed_reply_is_within_the_span_and_a_late_failure_reaches_the_server(
    exporter: InMemorySpanExporter, middleware: type[TracingMiddleware]
) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"one"
        assert exporter.get_finished_spans() == ()
        raise LookupError("late")

    async def stream(_: Request) -> Response:
        return StreamingResponse(chunks())

    app = middleware_around(Starlette(routes=[Route("/stream", stream)]), exporter, middleware)

    async def main() -> None:
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://studio") as client:
            with pytest.raises(LookupError):
                await client.get("/stream")
        span = server_span(exporter)
        assert "late" not in shown(exporter.get_finished_spans())
        assert (span.name, attributes(span)["error.type"]) == ("GET /stream", "LookupError")

    run(main)


def test_what_is_not_http_passes_through(exporter: InMemorySpanExporter, middleware: type[TracingMiddleware]) -> None:
    seen: list[str] = []

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["type"])

    async def main() -> None:
        scope = {"type": "websocket", "path": "/"}
        await middleware_around(inner, exporter, middleware)(scope, None, None)

    run(main)
    assert seen == ["websocket"]
    assert exporter.get_finished_spans() == ()


def test_a_request_that_is_cut_off_ends_its_span_as_failed(
    exporter: InMemorySpanExporter, middleware: type[TracingMiddleware]
) -> None:
    async def stop(_: Request) -> Response:
        raise KeyboardInterrupt

    app = middleware_around(Starlette(routes=[Route("/stop", stop)]), exporter, middleware)

    async def main() -> None:
        scope = {"type": "http", "method": "GET", "path": "/stop", "headers": [], "query_string": b""}
        with pytest.raises(KeyboardInterrupt):
            await app(scope, None, None)
        assert attributes(server_span(exporter))["error.type"] == "KeyboardInterrupt"

    run(main)


def test_a_request_on_a_socket_without_a_port_has_no_server_port() -> None:
    name, found = describe_request({"method": "GET", "server": ("/run/studio.sock", None)}, None)
    assert name == "GET"
    assert found["server.address"] == "/run/studio.sock"
    assert "server.port" not in found
    assert "server.address" not in describe_request({"method": "GET"}, None)[1]


def test_a_plain_reply_needs_no_route(exporter: InMemorySpanExporter, middleware: type[TracingMiddleware]) -> None:
    async def inner(scope: Any, receive: Any, send: Any) -> None:
        await PlainTextResponse("ok")(scope, receive, send)

    app = middleware_around(inner, exporter, middleware)

    async def main() -> None:
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://studio") as client:
            assert (await client.get("/anything")).text == "ok"
        assert server_span(exporter).name == "GET"

    run(main)


def test_nothing_of_a_client_is_shown_and_a_span_is_below_the_remote_one_also_in_a_current_one(
    exporter: InMemorySpanExporter, middleware: type[TracingMiddleware]
) -> None:
    async def answer(_: Request) -> Response:
        return PlainTextResponse("ok")

    app = middleware_around(Starlette(routes=[Route("/users/{id}", answer)]), exporter, middleware)
    headers = {"traceparent": PARENT, "user-agent": "bob-agent", "referer": "http://bob"}

    async def main() -> None:
        transport = httpx2.ASGITransport(app, client=("203.0.113.9", 1))
        async with httpx2.AsyncClient(transport=transport, base_url="http://bob.example") as client:
            with app.tracer.start_as_current_span("caller in the same process"):
                reply = await client.get("/users/bob?email=bob@example.com", headers=headers)
        span, caller = exporter.get_finished_spans()
        assert (span.name, span.kind, caller.name) == ("GET /users/{id}", SpanKind.SERVER, "caller in the same process")
        assert span.parent is not None
        assert (span.parent.trace_id, span.parent.span_id) == (int("a" * 32, 16), int("b" * 16, 16))
        assert reply.headers["traceresponse"] == f"00-{'a' * 32}-{span_id(span):016x}-01"
        assert attributes(span)["url.path"] == attributes(span)["http.route"] == "/users/{id}"
        text = shown((span,)).replace("bob.example", "")
        assert [part for part in ("bob", "203.0.113.9") if part in text] == []

    run(main)


def test_a_sampler_that_raises_costs_the_span_and_not_the_request(
    exporter: InMemorySpanExporter, middleware: type[TracingMiddleware], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def answer(_: Request) -> Response:
        return PlainTextResponse("ok")

    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    app = middleware_around(Starlette(routes=[Route("/", answer)]), exporter, middleware)
    monkeypatch.setattr(ParentBased, "should_sample", fail)

    async def main() -> None:
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://studio") as client:
            assert (await client.get("/")).text == "ok"
        assert exporter.get_finished_spans() == ()

    run(main)
