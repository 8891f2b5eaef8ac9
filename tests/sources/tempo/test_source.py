"""The Tempo source against answers in the forms of Tempo's API, sent by a real HTTP server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from spanpact.errors import SourceError, SourceUnavailable, UsageError
from spanpact.sources import TempoSource, TraceQuery, open_source
from spanpact.trace.model import Reading
from tests.sources.scripted_http import ScriptedServer, answer
from tests.sources.tempo.tempo_answers import START, TRACE, search_answer, trace_answer

OTHER = f"{0xABC:032x}"
SERVICE = TraceQuery("shop", since=1e9)
NOT_FOUND = answer(404, b"404 page not found", "text/plain")


def tempo(*found: str, trace: Callable[[str], bytes] = trace_answer) -> Callable[[str], bytes]:
    """Return a Tempo that finds these traces."""

    def script(head: str) -> bytes:
        path = urlsplit(head.split()[1]).path
        if path == "/api/search":
            return answer(200, search_answer(*found))
        if path.startswith("/api/v2/traces/") and path.endswith(found):
            return answer(200, trace(path[-32:]))
        return NOT_FOUND

    return script


def read(script: Callable[[str], bytes], **options: Any) -> Reading:
    with ScriptedServer(script) as server:
        return TempoSource(server.url, **({"trace_ids": [TRACE]} | options)).read()


def test_a_trace_is_read_by_its_id() -> None:
    reading = read(tempo(TRACE), trace_ids=[TRACE, OTHER])
    (trace,) = reading.traces
    top, load = trace.spans
    assert (trace.trace_id, top.span_id, load.parent_id) == (TRACE, "a66133cefd8dc723", top.span_id)
    assert (top.kind, top.start_ns, top.end_ns - top.start_ns) == ("server", START, 9_000_000)
    assert (top.resource.attributes, top.scope.name, trace.complete) == ({"service.name": "shop"}, "demo", True)


def test_tempos_without_the_second_version_of_the_api_are_read() -> None:
    def old(head: str) -> bytes:
        return answer(200, trace_answer()) if head.startswith("GET /api/traces/") else NOT_FOUND

    with ScriptedServer(old) as server:
        source = TempoSource(server.url, trace_ids=[TRACE])
        assert len(source.read().traces) == len(source.read().traces) == 1
        assert server.targets == [f"/api/v2/traces/{TRACE}", *[f"/api/traces/{TRACE}"] * 2]


def test_a_search_finds_traces_of_a_service() -> None:
    query = TraceQuery('a "b"\\', operation="GET\n/x", since=60, limit=7)
    with ScriptedServer(tempo(TRACE, OTHER)) as server:
        reading = TempoSource(server.url, query=query).read()
        asked = parse_qs(urlsplit(server.targets[0]).query)
    assert sorted(trace.trace_id for trace in reading.traces) == [OTHER, TRACE]
    assert asked["q"] == ['{ resource.service.name = "a \\"b\\"\\\\" && name = "GET\\n/x" }']
    assert int(asked["end"][0]) - int(asked["start"][0]) in (120, 121, 122)
    assert asked["limit"] == ["7"]
    assert reading.growing == "whose last span ended less than 1min ago"


def test_nothing_found_is_an_empty_reading() -> None:
    assert read(tempo(), trace_ids=(), query=SERVICE).traces == ()
    assert read(lambda head: answer(200, b'{"trace":{}}')).traces == ()


def test_capabilities_are_those_that_the_spans_show() -> None:
    shown = read(tempo(TRACE)).source.capabilities
    assert {"scalar_types", "number_types", "links", "bytes", "scope"} <= shown
    assert not {"trace_state", "value_types", "dropped_counts", "offered"} & shown
    state = lambda trace_id: trace_answer(trace_id).replace(b'"name": "load"', b'"name": "load", "traceState": "a=b"')  # noqa: E731
    assert "trace_state" in read(tempo(TRACE, trace=state), offered=3).source.capabilities


class TestErrors:
    def test_a_part_of_a_trace_is_refused(self) -> None:
        partial = lambda trace_id: trace_answer(trace_id, status="PARTIAL", message="too large")  # noqa: E731
        with pytest.raises(SourceError, match="a part of the trace only"):
            read(tempo(TRACE, trace=partial))

    def test_a_window_that_is_too_long_is_told_in_the_words_of_tempo(self) -> None:
        words = b"range specified by start and end exceeds 168h0m0s"
        with pytest.raises(SourceError, match="responded 400: range specified by start and end exceeds"):
            read(lambda head: answer(400, words, "text/plain"), trace_ids=(), query=SERVICE)

    def test_an_overloaded_server_may_answer_later(self) -> None:
        with pytest.raises(SourceUnavailable, match="responded 429: too many"):
            read(lambda head: answer(429, b"too many\nrequests", "text/plain"))

    @pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"traces":[{}]}'])
    def test_an_answer_of_something_else(self, body: bytes) -> None:
        with pytest.raises(SourceError, match=r"not an answer of Tempo.*port 3200"):
            read(lambda head: answer(200, body), trace_ids=(), query=SERVICE)

    def test_a_trace_that_is_no_json(self) -> None:
        with pytest.raises(SourceError, match="Tempo at http"):
            read(lambda head: answer(200, b"<html>"))

    def test_credentials_are_hidden(self) -> None:
        with pytest.raises(SourceError) as raised:
            read(lambda head: answer(500, b"token s3cr3t-x"), headers={"authorization": "Bearer s3cr3t-x"})
        assert "s3cr3t-x" not in str(raised.value)
        with pytest.raises(SourceError, match="SPANPACT_TEMPO_HEADERS such as x-scope-orgid=TENANT"):
            read(lambda head: answer(401, b"no org id"))


def test_open_source_knows_the_scheme() -> None:
    with open_source("tempo:http://localhost:3200/tempo?service=a&since=15m&limit=2&trace=ab") as source:
        assert isinstance(source, TempoSource)
        assert (source.query, source.trace_ids) == (TraceQuery("a", since=900.0, limit=2), ("ab".zfill(32),))
        assert source.info.name == "Tempo http://localhost:3200/tempo"
    with pytest.raises(UsageError, match="Tempo: unknown parameter 'api'"):
        open_source("tempo:http://localhost:3200?api=v2")
