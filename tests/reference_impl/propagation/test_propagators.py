"""Headers of correlation and propagation with any content from a client (S5.2, fault C6)."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from opentelemetry import baggage
from opentelemetry.context import Context
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from reference_impl.propagation.correlation import HEADER, PROPAGATOR, extract, inject
from reference_impl.propagation.propagators import MAX_BAGGAGE, MAX_ENTRIES, MAX_VALUE, is_valid_state
from reference_impl.services.http_spans import TracingMiddleware
from reference_impl.services.plain_spans import PlainTracingMiddleware
from reference_impl.settings import Settings
from reference_impl.telemetry.setup import configure_tracing
from tests.reference_impl.propagation.propagation_support import assert_clean
from tests.reference_impl.redis_tracing.redis_support import run

PARENT = b"00-" + b"a" * 32 + b"-" + b"b" * 16 + b"-01"
SECRET = "bob@example.com"
Headers = list[tuple[bytes, bytes]]

HOSTILE: dict[str, Headers] = {
    "an oversized correlation id": [(b"x-correlation-id", b"x" * 60_000)],
    "a correlation id with a line break": [(b"x-correlation-id", b"c-1\r\nINFO forged: line")],
    "a correlation id with an address": [(b"x-correlation-id", SECRET.encode())],
    "two correlation ids": [(b"x-correlation-id", b"one-id"), (b"x-correlation-id", b"other-id")],
    "a correlation id that is no text": [(b"x-correlation-id", b"\xff\xfe\x00\x1b[31m")],
    "oversized baggage": [(b"baggage", b"correlation.id=" + SECRET.encode() * 4_000)],
    "ten thousand entries of baggage": [(b"baggage", b",".join(b"k%d=v" % number for number in range(10_000)))],
    "baggage with an encoded line break": [(b"baggage", b"correlation.id=c%0d%0aINFO forged: line")],
    "baggage that cannot be decoded": [(b"baggage", b"correlation.id=%ff%fe%, =,;;,a=b=%zz,\xff=\xff")],
    "baggage with an oversized key": [(b"baggage", b"k" * 5_000 + b"=v")],
    "many lines of baggage": [(b"baggage", b"correlation.id=" + SECRET.encode())] * 500,
    "a malformed trace parent": [(b"traceparent", b"00-" + b"z" * 32 + b"-" + b"b" * 16 + b"-01")],
    "an oversized trace parent": [(b"traceparent", PARENT + b"-" + b"f" * 60_000)],
    "two trace parents": [(b"traceparent", PARENT), (b"traceparent", PARENT.replace(b"b", b"c"))],
    "an oversized trace state": [(b"traceparent", PARENT), (b"tracestate", b"a=" + SECRET.encode() * 4_000)],
    "a malformed trace state": [
        (b"traceparent", PARENT),
        (b"tracestate", b"A B=" + SECRET.encode() + b",a=1,a=1,\xff=\r\n"),
    ],
}
LOGGED_BYTES = 256


class Lines(logging.Handler):
    """Collect every log line, in the service's own format."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines += self.format(record).split("\n")


@pytest.fixture
def lines() -> Iterator[Lines]:
    handler, root = Lines(), logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler
    root.removeHandler(handler)
    root.setLevel(before)


async def _answer(_: Request) -> Response:
    headers: dict[str, str] = {}
    inject(headers)
    return JSONResponse(headers)


async def _get(
    memory: InMemorySpanExporter, headers: Headers, middleware: type[TracingMiddleware] = TracingMiddleware
) -> httpx2.Response:
    """Send one request to a traced application, which responds with the headers that it would send on."""
    telemetry = configure_tracing(Settings.load({}), span_processors=[SimpleSpanProcessor(memory)])
    app = Starlette(routes=[Route("/", _answer)])
    traced = middleware(app, tracer=telemetry.tracer("t"), routes=app.routes, make_correlation_id=lambda: "made")

    async def with_raw_headers(scope: Any, receive: Any, send: Any) -> None:
        await traced({**scope, "headers": headers}, receive, send)  # a client library would refuse to send them

    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(with_raw_headers), base_url="http://studio") as client:
        answer = await client.get("/")
    telemetry.shutdown(5)
    assert_clean()
    return answer


@pytest.mark.fault("C6")
def test_there_are_sixteen_hostile_headers() -> None:
    assert len(HOSTILE) == 16


@pytest.mark.parametrize("middleware", [TracingMiddleware, PlainTracingMiddleware])
@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.fault("C6")
def test_a_hostile_header_neither_raises_nor_reaches_a_log_or_a_span_c6(
    name: str, middleware: type[TracingMiddleware], lines: Lines
) -> None:
    memory = InMemorySpanExporter()
    answer = run(lambda: _get(memory, HOSTILE[name], middleware))
    assert answer.status_code == 200
    assert answer.headers[HEADER] == "made"
    (span,) = memory.get_finished_spans()
    assert (span.attributes or {})["correlation.id"] == "made"
    assert all(len(line.encode()) <= LOGGED_BYTES for line in lines.lines)
    exported = " ".join([span.to_json(), *lines.lines])
    for value in (value.decode("latin-1") for _, value in HOSTILE[name]):
        assert value not in exported or value.encode() == PARENT
    assert SECRET not in exported
    assert not [line for line in lines.lines if line.startswith("INFO forged")]
    for sent in answer.json().values():
        assert len(sent) <= MAX_BAGGAGE
        assert sent.isascii()
        assert sent.isprintable()


def test_a_trace_with_a_refused_state_goes_on_without_it() -> None:
    memory = InMemorySpanExporter()
    run(lambda: _get(memory, HOSTILE["a malformed trace state"]))
    (span,) = memory.get_finished_spans()
    assert span.parent
    assert span.parent.trace_id == int("a" * 32, 16)
    assert not span.parent.trace_state


@pytest.mark.parametrize("state", ["a=1", "ot=th:8;rv:9b8233f7e3a151, dd=s:1;t.dm:-4", "fw529a3039@dt=FfSoFo"])
def test_a_sound_state_is_passed_on(state: str) -> None:
    assert is_valid_state(state)
    headers: dict[str, str] = {}
    PROPAGATOR.inject(headers, extract({"traceparent": PARENT.decode(), "tracestate": state}))
    assert headers["tracestate"].replace(" ", "") == state.replace(" ", "")


@pytest.mark.parametrize(
    "state",
    ["", "a", "a=", "=1", "a=1,a=2", "a=eyJhbGciOiJ", "a=bob@example.com", ",".join(f"k{n}=1" for n in range(33))],
)
def test_an_unsound_state_is_not(state: str) -> None:
    assert not is_valid_state(state)


def test_baggage_of_others_is_read_and_passed_on_within_the_limits() -> None:
    entries = {f"key{number}": "v" for number in range(MAX_ENTRIES + 5)}
    header = ", ".join(f"{name} = {value};property" for name, value in entries.items())
    context = extract({"baggage": header})
    assert dict(baggage.get_all(context)) == dict(list(entries.items())[:MAX_ENTRIES])
    assert dict(baggage.get_all(extract({"baggage": "plain=a%20%3d%2C%22b"}))) == {"plain": 'a =,"b'}
    assert dict(baggage.get_all(extract({"baggage": f"long={'x' * (MAX_VALUE + 1)},short=1"}))) == {"short": "1"}


def test_what_the_application_puts_into_baggage_is_bounded_on_its_way_out() -> None:
    context = Context()
    for number in range(40):
        context = baggage.set_baggage(f"key{number}", "x" * MAX_VALUE, context)
    for name, value in {"bad key": "v", "line": "a\r\nb", "umlaut": "ü", "long": "x" * (MAX_VALUE + 1)}.items():
        context = baggage.set_baggage(name, value, context)
    context = baggage.set_baggage("number", 5, context)
    headers: dict[str, str] = {}
    PROPAGATOR.inject(headers, context)
    assert MAX_BAGGAGE - 300 < len(headers["baggage"]) <= MAX_BAGGAGE
    assert {part.partition("=")[0].rstrip("0123456789") for part in headers["baggage"].split(",")} == {"key"}
    headers = {}
    PROPAGATOR.inject(headers, baggage.set_baggage("number", 5, Context()))
    assert headers == {"baggage": "number=5"}
    assert PROPAGATOR.fields == {"traceparent", "tracestate", "baggage"}


def test_what_goes_out_comes_in_again() -> None:
    context = baggage.set_baggage("who", 'a, "b" = 100 %; c', Context())
    headers: dict[str, str] = {}
    PROPAGATOR.inject(headers, context)
    assert dict(baggage.get_all(extract(headers))) == {"who": 'a, "b" = 100 %; c'}
    assert dict(baggage.get_all(PROPAGATOR.extract({}, context=Context()))) == {}
