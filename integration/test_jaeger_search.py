"""Searches of the Jaeger source on a real Jaeger: windows, several parts, the version, names."""

from __future__ import annotations

import datetime as dt
import secrets
import time

from containers.servers.jaeger_server import JaegerBackend
from integration.support.jaeger_readings import is_newer, seen_all
from integration.support.live_traffic import order_spans, send
from spanpact.sources import JaegerSource, TraceQuery
from spanpact.sources.search.paging import PAGE


def test_a_service_is_read_over_several_parts_of_its_window(jaeger: JaegerBackend) -> None:
    """Twice as many traces as one search returns, half of them at one time, and one that reaches over all parts."""
    service, now = f"busy-{secrets.token_hex(4)}", time.time()
    starts = [now - 600 - i for i in range(PAGE)] + [now - 500] * PAGE
    straddling, later = order_spans(now - 3000), order_spans(now - 100)
    spans = [span for at in starts for span in order_spans(at)]
    spans += [*straddling, *({**span, "traceId": straddling[0]["traceId"]} for span in later[:1])]
    for first in range(0, len(spans), 900):
        send(jaeger.otlp_http, spans[first : first + 900], service)
    wanted = {str(span["traceId"]) for span in spans}
    for api in ("v3",) if is_newer(jaeger) else ("v3", "legacy"):
        source = JaegerSource(jaeger.url, query=TraceQuery(service, since=3600), api=api)  # type: ignore[arg-type]
        seen_all(source, wanted)
        reading = source.read()
        assert len(reading.traces) == len(wanted) == 2 * PAGE + 1
        assert sum(len(trace.spans) for trace in reading.traces) == len(spans)


def test_a_window_has_two_ends(jaeger: JaegerBackend) -> None:
    service, now = f"window-{secrets.token_hex(4)}", time.time()
    made = {minutes: order_spans(now - 60 * minutes) for minutes in (5, 20, 40)}
    send(jaeger.otlp_http, [span for spans in made.values() for span in spans], service)
    found = JaegerSource(jaeger.url, query=TraceQuery(service, since=3600))
    seen_all(found, {str(spans[0]["traceId"]) for spans in made.values()})
    for since, until, minutes in (
        (1800.0, 600.0, {20}),
        (dt.datetime.fromtimestamp(now - 3000, dt.UTC), 1500.0, {40}),
        (900.0, None, {5}),
    ):
        query = TraceQuery(service, since=since, until=until)
        there = {trace.trace_id for trace in JaegerSource(jaeger.url, query=query).read().traces}
        assert there == {made[each][0]["traceId"] for each in minutes}


def test_the_version_is_that_of_the_server(jaeger: JaegerBackend) -> None:
    source = JaegerSource(jaeger.url, trace_ids=["1"])
    assert source.read().source.version == f"Jaeger {jaeger.version}"


def test_a_span_without_a_name_has_none_whatever_the_version(jaeger: JaegerBackend) -> None:
    service = f"unnamed-{secrets.token_hex(4)}"
    first, *others = order_spans(time.time() - 100)
    send(jaeger.otlp_http, [first, *({**span, "name": ""} for span in others)], service)
    source = JaegerSource(jaeger.url, trace_ids=[first["traceId"]])
    seen_all(source, {first["traceId"]})
    assert sorted(span.name for span in source.read().traces[0].spans) == ["", "", "POST /orders"]
