"""The Zipkin source against answers that were recorded from Zipkin 3.5, sent by a real HTTP server.

integration/stores has the tests with Zipkin itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from spanpact.errors import SourceError, SourceUnavailable, UsageError
from spanpact.sources import OtlpFileSource, TraceQuery, ZipkinSource, open_source
from spanpact.trace.model import Reading
from tests.sources.scripted_http import ScriptedServer, answer
from tests.sources.zipkin.zipkin_answers import INFO, NOT_FOUND, RECORDINGS, zipkin

SERVICE = TraceQuery("shop", since=1e9)


def read(script: Callable[[str], bytes] = zipkin, **options: Any) -> Reading:
    with ScriptedServer(script) as server:
        return ZipkinSource(server.url, **({"trace_ids": ["1"]} | options)).read()


@pytest.mark.parametrize(
    ("how", "name"), [({}, "zipkin-trace"), ({"trace_ids": (), "query": SERVICE}, "zipkin-traces")]
)
def test_answers_are_read_as_files_are(how: dict[str, Any], name: str) -> None:
    there, file = read(**how), OtlpFileSource(RECORDINGS / f"{name}.json").read()
    assert [trace.spans for trace in there.traces] == [trace.spans for trace in file.traces]
    assert there.source.capabilities == file.source.capabilities - {"complete", "offered"}
    assert (there.source.version, there.source.resolution_ns) == ("Zipkin 3.5.1", 1000)
    assert "offered" in read(offered=1).source.capabilities


def test_a_trace_that_is_unknown_gives_no_trace() -> None:
    assert read(trace_ids=["f" * 32]).traces == ()


def test_a_search_is_asked_in_milliseconds() -> None:
    query = TraceQuery("a&b", operation="GET /x", since=60, until=0.5, limit=7)
    with ScriptedServer(zipkin) as server:
        ZipkinSource(server.url, query=query, now_ns=lambda: 10**18 + 1).read()
        asked = {name: value for name, (value,) in parse_qs(urlsplit(server.targets[1]).query).items()}
    assert asked == {
        "serviceName": "a&b", "spanName": "GET /x", "endTs": "999999999501", "lookback": "59502", "limit": "7",
    }  # fmt: skip


class TestErrors:
    def test_a_server_that_is_no_zipkin(self) -> None:
        for status, body in [(404, b"<html>"), (200, b"<html>"), (200, b"{}"), (200, b"[]")]:
            with pytest.raises(SourceError, match="check that this is the address of Zipkin, port 9411"):
                read(lambda head, status=status, body=body: answer(status, body))  # type: ignore[misc]

    def test_a_search_that_is_switched_off(self) -> None:
        with pytest.raises(SourceError, match=r"responded 404: d4f.* not found"):
            read(lambda head: INFO if "/info" in head else NOT_FOUND, trace_ids=(), query=SERVICE)

    @pytest.mark.parametrize("body", [b"<html>", b'[{"id":1}]', b"[[[[", b"\xff"])
    def test_an_answer_of_something_else(self, body: bytes) -> None:
        with pytest.raises(SourceError, match="not an answer of Zipkin"):
            read(lambda head: INFO if "/info" in head else answer(200, body))

    def test_an_overloaded_server_may_answer_later(self) -> None:
        with pytest.raises(SourceUnavailable, match="responded 503"):
            read(lambda head: answer(503))

    def test_credentials_are_hidden(self) -> None:
        with pytest.raises(SourceError) as raised:
            read(lambda head: answer(400, b"bad s3cr3t-x"), headers={"authorization": "Bearer s3cr3t-x"})
        assert "s3cr3t-x" not in str(raised.value)
        with pytest.raises(SourceError, match="set SPANPACT_ZIPKIN_TOKEN, or SPANPACT_ZIPKIN_HEADERS"):
            read(lambda head: answer(401))


def test_open_source_knows_the_scheme() -> None:
    with open_source("zipkin:http://localhost:9411/base?service=a&since=15m&limit=2&trace=ab") as source:
        assert isinstance(source, ZipkinSource)
        assert (source.query, source.trace_ids) == (TraceQuery("a", since=900.0, limit=2), ("ab".zfill(32),))
        assert source.info.name == "Zipkin http://localhost:9411/base"
    with pytest.raises(UsageError, match="Zipkin: unknown parameter 'api'"):
        open_source("zipkin:http://localhost:9411?api=v2")
