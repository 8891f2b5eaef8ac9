"""The ClickHouse source against ClickHouse itself, with rows of the collector's exporter."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings

from integration.stores.clickhouse_server import Table
from integration.stores.judging import QUIET, Situation, assert_nothing_else, has_spans
from spanpact.errors import SourceError
from spanpact.sources import ClickHouseSource, TraceQuery
from spanpact.trace.attributes import values_of
from spanpact.trace.model import Reading, Resource, Scope, SourceInfo, Span, Trace, Value
from tests.properties import examples
from tests.sources.clickhouse.recorded_traces import everything
from tests.sources.every_source import only, renumbered
from tests.sources.files.written_formats import each_span, with_values
from tests.sources.trace_strategies import situations
from tests.verification.test_same_verdict import each_id_once, utf8


def source(within: Table, **arguments: Any) -> ClickHouseSource:
    return ClickHouseSource(within.url, database=within.database, **arguments)


def spans_of(reading: Reading) -> list[Span]:
    return [span for trace in reading.traces for span in trace.spans]


@pytest.fixture(params=["map", "json"])
def table(request: pytest.FixtureRequest) -> Table:
    found: Table = request.getfixturevalue(f"{request.param}_table")
    return found


def by_span_id(span: Span) -> str:
    return span.span_id


def test_spans_come_back_as_they_were_sent(table: Table) -> None:
    sent = everything(secrets.token_hex(16))
    assert table.write(sent) == "ok"
    read = source(table, trace_ids=[sent.traces[0].trace_id]).read()
    assert sorted(spans_of(read), key=by_span_id) == sorted(spans_of(sent), key=by_span_id)
    assert read.source.version.startswith("ClickHouse 2")


def test_a_search_finds_whole_traces_of_a_service(table: Table) -> None:
    service, now = f"a 'b'\\c\t{secrets.token_hex(4)}", time.time_ns() - 600 * 10**9
    for number in range(5):
        assert table.write(everything(f"{secrets.token_hex(12)}{number:08x}", service, now + number * 10**9)) == "ok"
    assert table.write(everything(secrets.token_hex(16), "another", now)) == "ok"

    def found(**query: Any) -> list[str]:
        read = source(table, query=TraceQuery(service, **query)).read()
        assert all(len(trace.spans) == 3 and trace.complete for trace in read.traces)
        return sorted(trace.trace_id[-1] for trace in read.traces)

    assert found() == ["0", "1", "2", "3", "4"]
    assert found(limit=2) == ["3", "4"]
    assert found(operation="load") == ["0", "1", "2", "3", "4"]
    assert found(operation="nothing") == []
    assert found(attributes={"http.route": "/x"}) == ["0", "1", "2", "3", "4"]
    assert found(attributes={"http.route": "/y"}) == []
    assert found(since=30) == []


def test_a_search_is_read_in_parts(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spanpact.sources.search.paging.PAGE", 3)
    service, now = secrets.token_hex(8), time.time_ns() - 600 * 10**9
    for number in range(10):
        assert table.write(everything(secrets.token_hex(16), service, now + number * 10**8)) == "ok"
    assert len(source(table, query=TraceQuery(service)).read().traces) == 10


def test_a_table_that_is_missing_is_an_error(table: Table) -> None:
    with pytest.raises(SourceError, match=f"there is no table {table.database}.spans"):
        source(table, table="spans", query=TraceQuery("a")).read()


def test_a_table_of_something_else_is_an_error(map_table: Table) -> None:
    with pytest.raises(SourceError, match=r"the table maps\.otel_traces_trace_id_ts has no column Timestamp"):
        source(map_table, table="otel_traces_trace_id_ts", query=TraceQuery("a")).read()


def test_values_in_maps_are_texts_as_the_collector_writes_them(map_table: Table) -> None:
    values: dict[str, Value] = {
        "i": 5,
        "d": 1.0,
        "e": 1e21,
        "b": True,
        "l": [1, "x<"],
        "m": {"k": 1.5},
        "n": None,
        "y": b"\0\1",
    }
    (span,) = with_attributes(map_table, values | {"nan": float("nan"), "inf": float("-inf")})
    assert span.attributes == {
        "i": "5", "d": "1", "e": "1e+21", "b": "true", "l": '[1,"x<"]', "m": '{"k":1.5}', "n": "", "y": "AAE=",
        "nan": "NaN", "inf": "-Infinity",
    }  # fmt: skip


def test_values_in_json_columns_keep_their_types_but_for_whole_doubles_maps_and_dates(json_table: Table) -> None:
    values: dict[str, Value] = {
        "i": 2**63 - 1,
        "d": 1.0,
        "e": 1.5,
        "b": True,
        "l": [1, 2],
        "t": ["1"],
        "m": {"k": 1.5, "o": {"p": 1}},
    }
    (span,) = with_attributes(json_table, {**values, "a.b": "x", "n": None, "date": "2026-01-01T00:00:00Z"})
    assert span.attributes == {
        "i": 2**63 - 1, "d": 1, "e": 1.5, "b": True, "l": [1, 2], "t": ["1"], "m.k": 1.5, "m.o.p": 1, "a.b": "x",
        "n": None, "date": "2026-01-01 00:00:00",
    }  # fmt: skip
    assert type(span.attributes["d"]) is int


def test_a_number_that_is_not_finite_cannot_be_in_json_columns(json_table: Table) -> None:
    """Expect that the exporter refuses the whole request, so that nothing of it is there."""
    span = Span(secrets.token_hex(16), "a" * 16, "x", attributes={"n": float("nan")})
    refused = json_table.write(Reading(SourceInfo("made"), [Trace(span.trace_id, [span])]))
    assert "failed to marshal json trace span attributes" in refused
    assert source(json_table, trace_ids=[span.trace_id]).read().traces == ()


def with_attributes(table: Table, attributes: dict[str, Value]) -> list[Span]:
    trace_id = secrets.token_hex(16)
    span = Span(trace_id, "a" * 16, "x", start_ns=10**18, end_ns=10**18 + 1, attributes=attributes)
    assert table.write(Reading(SourceInfo("made"), [Trace(trace_id, [span])])) == "ok"
    return spans_of(source(table, trace_ids=[trace_id]).read())


def test_a_key_that_occurs_twice_keeps_its_values_in_maps(map_table: Table) -> None:
    trace_id = secrets.token_hex(16)
    pairs = [{"key": "k", "value": {"stringValue": value}} for value in "ab"]
    span = {"traceId": trace_id, "spanId": "a" * 16, "name": "x", "attributes": pairs}
    document = {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}
    assert map_table.write_document(json.dumps(document)) == "ok"
    (read,) = spans_of(source(map_table, trace_ids=[trace_id]).read())
    assert list(values_of(read.attributes, "k")) == ["a", "b"]


def test_tables_of_old_exporters_are_read(map_table: Table) -> None:
    """Read a table that lacks columns for scopes, which are among the attributes, and has other words for kinds."""
    sent = everything(secrets.token_hex(16))
    trace_id = sent.traces[0].trace_id
    assert map_table.write(sent) == "ok"
    map_table.query("CREATE DATABASE IF NOT EXISTS old")
    map_table.query(
        "CREATE TABLE IF NOT EXISTS old.otel_traces ENGINE = MergeTree ORDER BY Timestamp AS"
        " SELECT * EXCEPT (ScopeName, ScopeVersion) REPLACE ("
        "  concat('SPAN_KIND_', upper(SpanKind)) AS SpanKind, concat('STATUS_CODE_', upper(StatusCode)) AS StatusCode,"
        "  toInt64(Duration) AS Duration,"
        "  mapConcat(SpanAttributes, map('otel.library.name', ScopeName, 'otel.library.version', ScopeVersion))"
        f"  AS SpanAttributes) FROM maps.otel_traces WHERE TraceId = '{trace_id}'"
    )
    read = ClickHouseSource(map_table.url, database="old", trace_ids=[trace_id]).read()
    assert sorted(spans_of(read), key=by_span_id) == sorted(spans_of(sent), key=by_span_id)


@given(situations.filter(has_spans))
@settings(max_examples=examples(120), **QUIET)
def test_maps_report_nothing_else_than_memory(map_table: Table, situation: Situation) -> None:
    judge(map_table, situation, lambda value: True)


@given(situations.filter(has_spans))
@settings(max_examples=examples(120), **QUIET)
def test_json_columns_report_nothing_else_than_memory(json_table: Table, situation: Situation) -> None:
    judge(json_table, situation, is_kept_by_json)


def judge(table: Table, situation: Situation, keep: Callable[[Value], bool]) -> None:
    contracts, reading = situation
    made = with_values(renumbered(each_id_once(utf8(reading)), secrets.token_hex(8)), keep)
    memory = each_span(made, without_schemas)
    assert table.write(memory) == "ok"
    there = source(table, trace_ids=[trace.trace_id for trace in memory.traces]).read()
    assert_nothing_else(contracts, memory, only(there, memory))


def without_schemas(span: Span) -> Span:
    """Return the span without what the exporter has no column for."""
    scope = Scope(span.scope.name, span.scope.version)
    return msgspec.structs.replace(span, scope=scope, resource=Resource(span.resource.attributes))


def is_kept_by_json(value: Value) -> bool:
    """Return whether a JSON column keeps a value: no map, no list of several types, nothing empty or not finite."""
    if isinstance(value, list):
        return len({type(each) for each in value}) == 1 and not isinstance(value[0], list) and is_kept_by_json(value[0])
    return not isinstance(value, dict | bytes | None) and (not isinstance(value, float) or value - value == 0)
