"""The Zipkin source against Zipkin's server, with spans of the Zipkin exporter of OpenTelemetry Python."""

from __future__ import annotations

import json
import secrets
import time
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings

from integration.stores.judging import QUIET, Situation, assert_nothing_else, has_spans
from integration.stores.zipkin_server import VERSION, send
from spanpact.sources import TraceQuery, ZipkinSource
from spanpact.trace.model import Resource, Span
from tests.properties import examples
from tests.sources.every_source import only, renumbered
from tests.sources.files.written_formats import (
    as_zipkin,
    each_span,
    is_a_tag,
    is_json,
    whole_microseconds,
    with_service_only,
    with_values,
)
from tests.sources.trace_strategies import situations
from tests.verification.test_same_verdict import each_id_once, utf8


def request(trace_id: str, service: str, start_ns: int) -> bytes:
    """Return a trace of two services: one request that calls the other."""
    start = start_ns // 1000
    top = {"traceId": trace_id, "id": "a" * 16, "name": "GET /Cart", "kind": "SERVER", "timestamp": start}
    load = {"traceId": trace_id, "id": "b" * 16, "parentId": "a" * 16, "name": "load", "timestamp": start + 10}
    return json.dumps(
        [
            {**top, "duration": 9000, "localEndpoint": {"serviceName": service}, "tags": {"http.route": "/Cart"}},
            {**load, "duration": 5, "localEndpoint": {"serviceName": f"{service}-db"}},
        ]
    ).encode()


def test_a_trace_is_read_by_its_id(zipkin_url: str) -> None:
    trace_id, start = secrets.token_hex(16), 1_767_225_600_000_000_000
    send(zipkin_url, request(trace_id, "Shop", start))
    read = ZipkinSource(zipkin_url, trace_ids=[trace_id, "f" * 32]).read()
    (trace,) = read.traces
    top, load = sorted(trace.spans, key=lambda span: span.span_id)
    assert (top.name, top.kind, top.start_ns, top.end_ns) == ("get /cart", "server", start, start + 9_000_000)
    assert (top.attributes, top.resource.attributes) == ({"http.route": "/Cart"}, {"service.name": "shop"})
    assert (load.parent_id, trace.complete) == (top.span_id, True)
    assert read.source.version == f"Zipkin {VERSION}"


def test_a_search_finds_whole_traces_of_a_service(zipkin_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spanpact.sources.search.paging.PAGE", 3)
    service, now = f"A-{secrets.token_hex(4)}", time.time_ns() - 600 * 10**9
    for number in range(10):
        send(zipkin_url, request(f"{secrets.token_hex(12)}{number:08x}", service, now + number * 10**9))

    def found(service: str = service, **query: Any) -> str:
        read = ZipkinSource(zipkin_url, query=TraceQuery(service, **query)).read()
        assert all(len(trace.spans) == 2 for trace in read.traces)
        return "".join(sorted(trace.trace_id[-1] for trace in read.traces))

    assert found() == found(f"{service}-db") == found(operation="GET /Cart") == "0123456789"
    assert found(limit=2) == "89"
    assert found(attributes={"http.route": "/x"}) == found(since=30) == found(operation="x") == ""


@given(situations.filter(has_spans))
@settings(max_examples=examples(60), **QUIET)
def test_zipkin_reports_nothing_else_than_memory(zipkin_url: str, situation: Situation) -> None:
    contracts, reading = situation
    changed = with_values(whole_microseconds(utf8(reading)), is_a_tag, of_events=is_json)
    memory = each_span(each_id_once(with_service_only(renumbered(changed, secrets.token_hex(8)))), as_a_server_stores)
    send(zipkin_url, as_zipkin(memory))
    read = ZipkinSource(zipkin_url, trace_ids=[trace.trace_id for trace in memory.traces]).read()
    assert_nothing_else(contracts, memory, only(read, memory))


def as_a_server_stores(span: Span) -> Span:
    """Return the span with its names in lower case, and as a root if it is its own parent."""
    service = Resource({"service.name": str(span.resource.attributes["service.name"]).lower()})
    parent_id = "" if span.parent_id == span.span_id else span.parent_id
    return msgspec.structs.replace(span, name=span.name.lower(), parent_id=parent_id, resource=service)


def test_zipkin_changes_what_the_page_of_sources_says(zipkin_url: str) -> None:
    trace_id, span_id = secrets.token_hex(16), "c" * 16
    span = {"traceId": trace_id, "id": span_id, "parentId": span_id, "timestamp": 1_767_225_600_000_000, "duration": 0}
    send(zipkin_url, json.dumps([{**span, "localEndpoint": {"serviceName": "shop"}}]).encode())
    ((read,),) = (trace.spans for trace in ZipkinSource(zipkin_url, trace_ids=[trace_id]).read().traces)
    assert (read.parent_id, read.end_ns) == ("", read.start_ns)
