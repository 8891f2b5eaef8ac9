"""The ClickHouse source against recorded answers of ClickHouse 26.9, sent by a real HTTP server.

integration/stores has the tests with ClickHouse itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from spanpact.errors import SourceError, SourceUnavailable, UsageError
from spanpact.sources import ClickHouseSource, TraceQuery
from spanpact.trace.model import Reading, Span
from tests.sources.clickhouse.recorded_traces import RECORDED, everything, recorded_answer
from tests.sources.scripted_http import ScriptedServer, answer

SECRET = "s3cr3t-pass"
SERVICE = TraceQuery("shop", since=1e9)


def replying(name: str = "map", spans: bytes | None = None) -> Callable[[str], bytes]:
    """Return a ClickHouse that answers as one was recorded; `spans` is another answer to all but the first."""

    def script(head: str) -> bytes:
        if spans is not None and "system.columns" not in head:
            return answer(200, spans)
        return answer(200, recorded_answer(head, name), "application/octet-stream")

    return script


def read(script: Callable[[str], bytes], **options: Any) -> Reading:
    with ScriptedServer(script) as server:
        return ClickHouseSource(server.url, **({"trace_ids": [RECORDED]} | options)).read()


def fails(body: bytes, status: int = 200, kind: type[SourceError] = SourceError, **options: Any) -> str:
    with pytest.raises(SourceError) as raised:
        read(lambda head: answer(status, body), **options)
    assert type(raised.value) is kind
    assert "\n" not in str(raised.value)
    return str(raised.value)


def by_id(reading: Reading) -> dict[str, Span]:
    return {span.span_id: span for trace in reading.traces for span in trace.spans}


def questions(server: ScriptedServer) -> list[dict[str, str]]:
    return [{name: value for name, (value,) in parse_qs(urlsplit(each).query).items()} for each in server.targets]


@pytest.mark.parametrize("name", ["map", "json"])
@pytest.mark.parametrize("how", [{}, {"trace_ids": (), "query": SERVICE}], ids=["by id", "by a search"])
def test_a_recorded_trace_is_what_was_sent(name: str, how: dict[str, Any]) -> None:
    reading = read(replying(name), **how)
    assert by_id(reading) == by_id(everything(RECORDED))
    assert reading.traces[0].complete


def test_capabilities_are_those_of_the_columns() -> None:
    of_maps, of_json = (read(replying(name)).source for name in ("map", "json"))
    assert of_maps.capabilities == {
        "events", "links", "status_message", "status_ok", "scope", "resource", "trace_state",
    }  # fmt: skip
    assert of_json.capabilities == of_maps.capabilities | {"scalar_types"}
    assert (of_maps.resolution_ns, of_maps.version) == (1, "ClickHouse 26.9.2")
    assert of_maps.name.endswith(" default.otel_traces")
    assert "offered" in read(replying(), offered=3).source.capabilities


@pytest.mark.fault("N2")
def test_values_are_parameters_and_never_in_the_statement() -> None:
    hostile = "a'; DROP TABLE x\\\t\n--"
    query = TraceQuery(hostile, operation=f"{hostile} {{x:String}}", since=60, limit=7)
    with ScriptedServer(replying()) as server:
        ClickHouseSource(server.url, database="otel", table="spans", query=query).read()
        columns, search = questions(server)
    assert (columns["param_database"], columns["param_table"]) == ("otel", "spans")
    assert search["param_service"] == "a'; DROP TABLE x\\\\\\t\\n--"
    assert search["param_operation"] == "a'; DROP TABLE x\\\\\\t\\n-- {x:String}"
    assert "DROP" not in search["query"]
    assert "otel" not in search["query"]
    assert search["param_limit"] == "7"
    assert int(search["param_end"]) - int(search["param_start"]) == pytest.approx(120e9, abs=1e9)


def test_a_server_that_quotes_integers_of_json_columns_changes_nothing() -> None:
    """`output_format_json_quote_64bit_integers`: the types of the paths say what is an integer."""
    row = recorded_answer("GET /?query=spans x", "json").replace(b'"empty":""', b'"empty":"","i":"5","l":["1",null]')
    row = row.replace(b'"empty":"String"', b'"empty":"String","i":"Int64","l":"Array(Nullable(Int64))"')
    attributes = by_id(read(replying("json", row)))["a66133cefd8dc723"].attributes
    assert (attributes["i"], attributes["l"], attributes["empty"]) == (5, [1, None], "")


def test_a_number_that_is_not_finite_is_written_alike_by_all_collectors() -> None:
    row = recorded_answer("GET /?query=spans x", "map").replace(b'"\\/x"', b'"json: unsupported value: +Inf"')
    assert by_id(read(replying("map", row)))["a66133cefd8dc723"].attributes["http.route"] == "+Inf"


def test_a_text_that_is_not_utf8_is_read() -> None:
    row = recorded_answer("GET /?query=spans x", "map").replace(b"\\/x", b"\xff")
    assert by_id(read(replying("map", row)))["a66133cefd8dc723"].attributes["http.route"] == "\ufffd"


def test_a_trace_that_ended_just_now_is_not_complete() -> None:
    assert not read(replying(), complete_after_seconds=1e10).traces[0].complete


def test_nothing_found_is_an_empty_reading() -> None:
    assert read(replying("map", b"")).traces == ()


@pytest.mark.parametrize("name", ["", "a.b", "a b", "1a", "a`", "x" * 201, "ä"])
@pytest.mark.parametrize("what", ["database", "table"])
@pytest.mark.fault("N2")
def test_names_are_checked(what: str, name: str) -> None:
    with pytest.raises(UsageError, match=f"ClickHouse: {what} is "):
        ClickHouseSource("http://localhost:8123", trace_ids=["1"], **{what: name})  # type: ignore[arg-type]


class TestErrors:
    def test_a_missing_table(self) -> None:
        message = fails(b"", database="otel")
        assert "there is no table otel.otel_traces (give database= and table=" in message

    def test_a_table_of_something_else(self) -> None:
        message = fails(b'["26.9", "Timestamp", "DateTime64(9)"]\n')
        assert "the table default.otel_traces has no column TraceId (accepted: the table of traces" in message

    @pytest.mark.parametrize("body", [b"Ok.\n", b"<html>", b"{}", b"\xff", b'["a", 1, []]'])
    def test_an_answer_of_something_else(self, body: bytes) -> None:
        assert "not an answer of ClickHouse" in fails(body)

    def test_a_row_of_something_else(self) -> None:
        for body in (b"[1]\n", b"<html>", recorded_answer("GET /?query=spans x", "map").replace(b'"8999999"', b'"x"')):
            with pytest.raises(SourceError, match="not an answer of ClickHouse"):
                read(replying("map", body))

    @pytest.mark.parametrize("status", [401, 403])
    def test_credentials_that_are_rejected(self, status: int) -> None:
        message = fails(b"Code: 516. DB::Exception: default: Authentication failed", status)
        assert "(set SPANPACT_CLICKHOUSE_HEADERS, such as x-clickhouse-user=NAME,x-clickhouse-key=" in message

    def test_a_server_that_is_overloaded(self) -> None:
        message = fails(b"Code: 241. DB::Exception: Memory limit\nexceeded", 500, SourceUnavailable)
        assert message.endswith("responded 500: Code: 241. DB::Exception: Memory limit exceeded")

    def test_what_the_server_repeats_of_credentials_is_hidden(self) -> None:
        for status in (400, 404, 500):
            with pytest.raises(SourceError) as raised:
                read(
                    lambda head, status=status: answer(status, b"Code: 62. key " + SECRET.encode()),  # type: ignore[misc]
                    headers={"x-clickhouse-key": SECRET},
                )
            assert SECRET not in str(raised.value)
            assert "Code: 62. key ‹credentials›" in str(raised.value)

    def test_a_page_is_not_shown(self) -> None:
        assert "responded 404 (check that this is the address" in fails(b"<html>not found", 404)


def test_a_search_has_one_deadline() -> None:
    with ScriptedServer(lambda head: None) as server:  # type: ignore[arg-type, return-value]
        from spanpact.sources import HttpLimits

        begun = time.monotonic()
        with pytest.raises(SourceUnavailable, match=r"no response within 0\.3 s"):
            ClickHouseSource(server.url, query=SERVICE, limits=HttpLimits(seconds=0.3)).read()
        assert time.monotonic() - begun < 3
