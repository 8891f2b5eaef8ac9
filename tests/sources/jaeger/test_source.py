"""The Jaeger source against recorded answers of Jaeger 2.13 and 2.21, sent by a real HTTP server."""

from __future__ import annotations

import datetime as dt
import json
import math
import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from spanpact.errors import SourceError, SourceUnavailable, UsageError
from spanpact.sources import HttpLimits, JaegerSource, MemorySource, TraceQuery
from spanpact.trace.model import Reading, Span
from spanpact.verification.comparison.source_comparison import compare
from tests.sources.jaeger.jaeger_traces import ANSWERS, everything, recorded
from tests.sources.scripted_http import ScriptedServer, answer

TRACE = "00000000000000000000000000000abc"
OTHER = "00000000000000000000000100000abc"
SECRET = "s3cr3t"
SERVICE = TraceQuery("studio-api")
PAGE = recorded("200-page.html")
NOT_HERE = b'{"error":{"httpCode":404,"message":"No traces found"}}'


def replying(v3: str = "200-page.html", legacy: str = "200-page.html") -> Callable[[str], bytes]:
    """A Jaeger that answers everything below either API by one recorded answer; by a page where it has none."""
    return lambda head: recorded(v3 if head.startswith("GET /api/v3/") else legacy)


def read(script: Callable[[str], bytes], **options: Any) -> Reading:
    with ScriptedServer(script) as server:
        return JaegerSource(server.url, **({"trace_ids": [TRACE]} | options)).read()


def questions(server: ScriptedServer) -> list[str]:
    """Return the targets of the requests to an API: without the page that states the version."""
    return [target for target in server.targets if target != "/"]


def spans(reading: Reading) -> Mapping[str, Span]:
    return {span.span_id[-1:]: span for trace in reading.traces for span in trace.spans}


def fails(script: Callable[[str], bytes], kind: type[SourceError] = SourceError, **options: Any) -> str:
    with pytest.raises(SourceError) as raised:
        read(script, **options)
    assert type(raised.value) is kind
    assert "\n" not in str(raised.value)
    return str(raised.value)


def made_by_sdk() -> Reading:
    """What the SDK recorded then: the same spans, with the times that were recorded."""
    return MemorySource(everything()).read()


class TestStableApi:
    def test_a_recorded_trace_is_read(self) -> None:
        reading = read(replying("200-v3-trace.json"))
        (trace,) = reading.traces
        top = spans(reading)["1"]
        assert (trace.trace_id, len(trace.spans)) == (TRACE, 6)
        assert (top.name, top.kind, top.parent_id, top.parent_remote) == (
            "GET /session",
            "server",
            "0" * 13 + "def",
            True,
        )
        assert top.attributes == {
            "session.valid": True, "tries": 2, "ratio": 1.0, "tags": ["a", "b"], "raw": b"\x00\xff",
            "nested": {"a": [1, {"b": "c"}]}, "error": "a text",
        }  # fmt: skip
        assert isinstance(top.attributes["ratio"], float)
        assert [(link.span_id, link.attributes) for link in top.links] == [("0" * 15 + "2", {"why": "batch"})]
        assert (top.scope.name, top.scope.version, top.trace_state) == ("tests", "1.0", "vendor=a")
        assert top.resource.attributes["service.name"] == "studio-api"
        get = spans(reading)["2"]
        assert (get.status, get.status_message) == ("error", "timed out")
        assert [event.name for event in get.events] == ["retry", "exception"]

    def test_a_trace_equals_what_the_sdk_made_except_for_times(self) -> None:
        report = compare(made_by_sdk(), read(replying("200-v3-trace.json")))
        differing = {finding.keyword for finding in report.findings}
        assert differing == {"start", "end", "events.retry", "events.exception"}

    def test_traces_are_requested_as_they_were_stored(self) -> None:
        with ScriptedServer(replying("200-v3-trace.json")) as server:
            JaegerSource(server.url, trace_ids=["ABC", TRACE]).read()
            JaegerSource(
                server.url,
                query=TraceQuery("a b", "GET /x", since=60, limit=7),
                now_ns=lambda: 1_000_000_000_000_000_001,
            ).read()
            assert questions(server)[0] == f"/api/v3/traces/{TRACE}?raw_traces=true"
            query = {name: value[0] for name, value in parse_qs(urlsplit(questions(server)[1]).query).items()}
        assert query == {
            "query.service_name": "a b", "query.operation_name": "GET /x", "query.num_traces": "7",
            "query.raw_traces": "true", "query.start_time_min": "2001-09-09T01:45:39.999000001Z",
            "query.start_time_max": "2001-09-09T01:47:40.000000001Z",
        }  # fmt: skip

    def test_a_search_gives_every_trace_it_found(self) -> None:
        reading = read(replying("200-v3-search.json"), trace_ids=(), query=SERVICE)
        assert {trace.trace_id: len(trace.spans) for trace in reading.traces} == {TRACE: 6, OTHER: 6}

    def test_jaegers_warnings_are_not_attributes(self) -> None:
        assert "@jaeger@" in (ANSWERS / "200-v3-adjusted.json").read_text()
        reading = read(replying("200-v3-adjusted.json"))
        assert [name for span in spans(reading).values() for name in span.attributes if "jaeger" in name] == []
        assert compare(read(replying("200-v3-trace.json")), reading).verdict == "kept"

    def test_nan_is_read(self) -> None:
        reading = read(replying("200-v3-nan.json"))
        value = spans(reading)["3"].attributes["ratio"]
        assert isinstance(value, float)
        assert math.isnan(value)

    def test_a_storage_with_the_model_of_jaeger_1_has_fewer_capabilities(self) -> None:
        reading = read(replying("200-v3-badger.json"))
        (span,) = spans(reading).values()
        assert (span.attributes["tags"], span.attributes["none"]) == ('["a","b"]', "")
        assert {"links", "value_types", "remote"}.isdisjoint(reading.source.capabilities)
        assert {"links", "value_types", "remote"} <= read(replying("200-v3-trace.json")).source.capabilities

    @pytest.mark.parametrize("how", [{"trace_ids": [TRACE]}, {"trace_ids": (), "query": SERVICE}])
    def test_an_unknown_trace_id_gives_no_trace(self, how: dict[str, Any]) -> None:
        assert read(replying("404-v3-missing.json"), **how).traces == ()


class TestOldApi:
    def test_the_old_api_is_used_where_the_stable_one_is_missing(self) -> None:
        with ScriptedServer(replying(legacy="200-legacy-trace.json")) as server:
            source = JaegerSource(server.url, trace_ids=[TRACE])
            source.read()
            source.read()
        targets = [target.partition("?")[0] for target in questions(server)]
        assert targets == [f"/api/v3/traces/{TRACE}", f"/api/traces/{TRACE}", f"/api/traces/{TRACE}"]

    def test_both_apis_give_the_same_trace_except_for_what_the_old_one_loses(self) -> None:
        stable, old = read(replying("200-v3-trace.json")), read(replying(legacy="200-legacy-trace.json"))
        report = compare(stable, old)
        assert report.findings == ()
        lacking = {"links", "remote", "dropped_counts", "value_types"}
        assert {each.keyword for each in report.results[0].not_checked} == lacking
        assert old.source.resolution_ns == 1000

    def test_shortened_ids_are_padded(self) -> None:
        assert '"0000000000000abc"' in (ANSWERS / "200-legacy-trace.json").read_text()
        reading = read(replying(legacy="200-legacy-trace.json"))
        assert {(t.trace_id, s.trace_id) for t in reading.traces for s in t.spans} == {(TRACE, TRACE)}

    def test_a_search_of_the_old_api_gives_every_trace_it_found(self) -> None:
        query = TraceQuery("studio-api", "x", {"tries": "2", "session.valid": "true"})
        with ScriptedServer(replying(legacy="200-legacy-search.json")) as server:
            reading = JaegerSource(server.url, query=query, now_ns=lambda: 5_000_000_000_000).read()
            asked = parse_qs(urlsplit(questions(server)[1]).query)
        assert {trace.trace_id for trace in reading.traces} == {TRACE, OTHER}
        assert "tags" not in asked  # Badger compares only those of the service's own spans, and cuts before it does
        assert (asked["start"], asked["end"], asked["operation"]) == (["1399999000"], ["5060000000"], ["x"])

    @pytest.mark.parametrize("name", ["404-legacy-missing.json", "200-legacy-none.json"])
    def test_an_unknown_trace_id_gives_no_trace(self, name: str) -> None:
        assert read(replying(legacy=name)).traces == ()

    def test_a_nan_makes_the_old_api_fail_with_jaegers_message(self) -> None:
        message = fails(replying(legacy="500-legacy-nan.json"), SourceUnavailable)
        assert "responded 500: failed writing HTTP response" in message
        assert message.endswith("unsupported value: NaN")

    @pytest.mark.parametrize(
        "body",
        [b"{}", b'{"data":[{"spans":[{"traceID":1}]}]}', b"[1]", b"{", b'{"data":"\xff"}',
         b'{"data":[{"spans":[{"traceID":"1","spanID":"1","tags":[{"key":"b","type":"binary","value":"?"}]}]}]}'],
    )  # fmt: skip
    def test_a_malformed_response_of_the_old_api_is_an_error(self, body: bytes) -> None:
        assert "not a response of /api/traces" in fails(lambda head: answer(200, body), api="legacy")

    def test_a_span_of_jaeger_1_is_converted(self) -> None:
        tags = [
            {"key": "error", "type": "bool", "value": True},
            {"key": "otel.library.name", "value": "lib"},
            {"key": "n", "type": "float64", "value": 1},
            {"key": "large", "type": "int64", "value": "9223372036854775807"},
            {"key": "inf", "type": "float64", "value": "+Inf"},
        ]
        references = [{"refType": "FOLLOWS_FROM", "traceID": "1", "spanID": "3"},
                      {"refType": "CHILD_OF", "traceID": "2", "spanID": "4"},
                      {"refType": "CHILD_OF", "traceID": "1", "spanID": "5"}]  # fmt: skip
        span = {"traceID": "1", "spanID": "2", "operationName": "old", "tags": tags, "references": references}
        body = json.dumps({"data": [{"spans": [span], "processes": None}, {"spans": None}]}).encode()
        (read_span,) = spans(read(lambda head: answer(200, body), api="legacy")).values()
        assert (read_span.status, read_span.kind, read_span.scope.name) == ("error", "unspecified", "lib")
        assert read_span.attributes == {"n": 1.0, "large": 2**63 - 1, "inf": math.inf}
        assert read_span.parent_id == "5".zfill(16)
        assert [link.span_id for link in read_span.links] == ["3", "4"]

    @pytest.mark.parametrize(("api", "named"), [("auto", "/api/v3 or /api/traces"), ("v3", "/api/v3")])
    def test_a_server_without_either_api_is_an_error(self, api: str, named: str) -> None:
        message = fails(replying(), api=api)
        assert f"the server does not have {named} (give the address of Jaeger's API and UI (port 16686" in message


class TestFailures:
    def test_a_malformed_id_is_refused_before_any_request(self) -> None:
        for text in ("", "xyz", "0" * 33, "\u0661"):
            with pytest.raises(UsageError, match="not a trace id"):
                JaegerSource("http://localhost", trace_ids=[text])

    def test_jaegers_error_message_is_repeated(self) -> None:
        message = fails(replying("400-v3-no-time.json"))
        assert (
            "responded 400: query.start_time_min and query.start_time_max are required (check that this is the"
            in message
        )

    def test_a_limit_that_jaeger_rejects_is_lowered(self) -> None:
        def small(head: str) -> bytes:
            limit = int(parse_qs(urlsplit(head.split()[1]).query).get("query.num_traces", ["0"])[0])
            return recorded("500-v3-depth.json" if limit > 60 else "200-v3-search.json")

        assert len(read(small, trace_ids=(), query=SERVICE).traces) == 2

    def test_a_search_that_always_fails_is_an_error(self) -> None:
        message = fails(replying("500-v3-depth.json"), SourceUnavailable, trace_ids=(), query=SERVICE)
        assert "responded 500: search depth must be" in message

    @pytest.mark.parametrize("status", [500, 502, 503, 429])
    def test_a_temporary_failure_is_unavailable(self, status: int) -> None:
        fails(lambda head: answer(status, b"<html>", "text/html"), SourceUnavailable)

    @pytest.mark.parametrize("status", [401, 403])
    def test_missing_credentials_are_explained(self, status: int) -> None:
        message = fails(lambda head: answer(status, b"no"))
        assert f"rejects the credentials, or there are none ({status}) (set SPANPACT_JAEGER_TOKEN, or" in message

    @pytest.mark.parametrize("status", [400, 405, 418])
    def test_a_page_of_another_server_is_an_error(self, status: int) -> None:
        fails(lambda head: answer(status, b"<html>", "text/html"))

    @pytest.mark.parametrize(
        "body", [b"{}", b"[]", b"{", b'{"result":{"resourceSpans":1}}', b'{"result":"\xff"}', b"{" * 5000],
    )  # fmt: skip
    def test_a_malformed_response_of_the_stable_api_is_an_error(self, body: bytes) -> None:
        assert "Jaeger at http://127.0.0.1" in fails(lambda head: answer(200, body))

    def test_jaegers_message_is_masked_and_one_line(self) -> None:
        body = json.dumps({"error": {"message": "no bob@example.com\nhere " + "x" * 999}}).encode()
        message = fails(lambda head: answer(500, body), SourceUnavailable)
        assert "no ‹email› here" in message
        assert len(message) < 400

    @pytest.mark.parametrize("body", [b"{}", b'{"error":"x"}', b'{"errors":[]}', b"[1]", b'{"error":{"message":1}}'])
    def test_a_message_of_unknown_form_is_left_out(self, body: bytes) -> None:
        fails(lambda head: answer(503, body), SourceUnavailable)

    def test_headers_are_sent_and_never_shown(self) -> None:
        with ScriptedServer(lambda head: answer(401)) as server:
            source = JaegerSource(server.url, trace_ids=[TRACE], headers={"authorization": f"Bearer {SECRET}"})
            with pytest.raises(SourceError) as raised:
                source.read()
            assert f"Bearer {SECRET}" in server.heads[0]
        assert SECRET not in f"{raised.value} {source!r} {source.info}"

    @pytest.mark.parametrize(
        "query",
        [
            None,
            TraceQuery(""),
            TraceQuery("a", limit=0),
            TraceQuery("a", since=60, until=60),
            TraceQuery("a", since=-1),
            TraceQuery("a", since=math.inf),
            TraceQuery("a", until=dt.datetime(2026, 11, 29)),
        ],
    )
    def test_invalid_arguments_are_refused(self, query: TraceQuery | None) -> None:
        with pytest.raises(UsageError, match="Jaeger: "):
            JaegerSource("http://localhost", query=query)


class TestDeadlines:
    def test_requests_of_one_question_share_its_deadline(self) -> None:
        """Both APIs, and a limit that is lowered, do not make a slow failure last longer."""

        def slow(head: str) -> bytes:
            time.sleep(0.2)
            return answer(500, b"{}")

        begun = time.monotonic()
        message = fails(slow, SourceUnavailable, trace_ids=(), query=SERVICE, limits=HttpLimits(seconds=0.5))
        assert "no response within 0.5 s" in message
        assert time.monotonic() - begun < 1

    @pytest.mark.parametrize("how", [{"trace_ids": [TRACE, OTHER]}, {"trace_ids": (), "query": SERVICE}])
    def test_all_questions_have_a_deadline_too(self, how: Mapping[str, Any]) -> None:
        def slow(head: str) -> bytes:
            time.sleep(0.15)
            limit = int(parse_qs(urlsplit(head.split()[1]).query).get("query.num_traces", ["1"])[0])
            return otlp(*({"traceId": f"{i + 1:032x}"} for i in range(limit)))(head)

        message = fails(slow, SourceUnavailable, search_seconds=0.25, **how)
        assert re.search(r"not everything was read within 0\.25 s .*deadline=|no response within", message)


def otlp(*made: Mapping[str, Any]) -> Callable[[str], bytes]:
    """A Jaeger with these spans, as OTLP has them."""
    scoped = [
        {"spans": [{"traceId": TRACE, "spanId": f"{i:016x}", "name": "s", **span} for i, span in enumerate(made, 1)]}
    ]
    body = json.dumps({"result": {"resourceSpans": [{"scopeSpans": scoped}]}}).encode()
    return lambda head: answer(200, body)


def pair(key: str, **value: Any) -> dict[str, Any]:
    return {"attributes": [{"key": key, "value": value}]}


class TestReading:
    @pytest.mark.parametrize(
        ("span", "capability"),
        [
            ({"flags": 256}, "remote"),
            ({"traceState": "a=b"}, "trace_state"),
            ({"droppedLinksCount": 1}, "dropped_counts"),
            (pair("l", arrayValue={"values": []}), "value_types"),
            ({"events": [{"name": "e", **pair("m", kvlistValue={"values": []})}]}, "value_types"),
            ({"links": [{"traceId": OTHER, "spanId": "1" * 16, **pair("n")}]}, "value_types"),
            ({"events": [{"name": "e", "droppedAttributesCount": 1}]}, "dropped_counts"),
        ],
    )
    def test_capabilities_that_depend_on_the_storage_are_declared_where_present(
        self, span: dict[str, Any], capability: str
    ) -> None:
        assert capability in read(otlp({}, span)).source.capabilities
        assert capability not in read(otlp({})).source.capabilities

    def test_jaeger_has_no_logs_and_offered_is_what_the_caller_declares(self) -> None:
        assert {"logs", "offered", "complete"}.isdisjoint(read(otlp({})).source.capabilities)
        reading = read(otlp({}), offered=7)
        assert reading.offered == 7
        assert "offered" in reading.source.capabilities

    @pytest.mark.parametrize(("start", "resolution"), [(1_000_001, 1), (1_000_000, 1000)])
    def test_whole_microseconds_are_the_storages_resolution(self, start: int, resolution: int) -> None:
        assert read(otlp({"startTimeUnixNano": start})).source.resolution_ns == resolution

    @pytest.mark.parametrize(("seconds", "complete"), [(59, False), (60, True)])
    def test_a_trace_is_complete_when_its_last_span_is_old(self, seconds: int, complete: bool) -> None:
        script = otlp({"endTimeUnixNano": 10**18}, {"startTimeUnixNano": 5})
        reading = read(script, now_ns=lambda: 10**18 + seconds * 10**9)
        assert [trace.complete for trace in reading.traces] == [complete]

    def test_traces_have_the_labels_of_the_caller(self) -> None:
        assert [trace.scenario for trace in read(otlp({}), scenarios={TRACE: "hit"}).traces] == ["hit"]

    @pytest.mark.parametrize(
        ("attributes", "number"),
        [({"a": "5"}, 1), ({"a": "6"}, 0), ({"b": "true"}, 1), ({"a": "5", "b": "true"}, 0), ({"c": "x"}, 0)],
    )
    def test_the_attributes_of_a_query_must_be_on_one_span(self, attributes: dict[str, str], number: int) -> None:
        script = otlp(pair("a", intValue="5"), pair("b", boolValue=True))
        query = TraceQuery("studio-api", attributes=attributes)
        assert len(read(script, trace_ids=(), query=query).traces) == number

    def test_an_attribute_of_a_query_may_be_that_of_the_resource(self) -> None:
        body = {"resourceSpans": [{"resource": pair("env", stringValue="staging"), "scopeSpans": [{"spans": [
            {"traceId": TRACE, "spanId": "1" * 16, "name": "s", **pair("a", intValue="5")}]}]}]}  # fmt: skip
        query = TraceQuery("studio-api", attributes={"env": "staging", "a": "5"})
        script = answer(200, json.dumps({"result": body}).encode())
        assert len(read(lambda head: script, trace_ids=(), query=query).traces) == 1

    def test_a_server_that_knows_neither_limits_nor_bounds_is_read_once(self) -> None:
        script = otlp(*({"traceId": f"{i:032x}"} for i in range(1, 1501)))
        assert len(read(script, trace_ids=(), query=SERVICE).traces) == 1500
        assert len(read(script, trace_ids=(), query=TraceQuery("studio-api", limit=3)).traces) == 3

    def test_the_repr_names_address_and_query(self) -> None:
        assert repr(JaegerSource("http://a:1", trace_ids=["1", "2"])) == "<JaegerSource http://a:1, 2 traces>"
        assert repr(JaegerSource("http://a:1/x/", query=SERVICE)) == "<JaegerSource http://a:1/x, service studio-api>"
        info = JaegerSource("http://a:1", query=SERVICE).info
        assert (info.name, "links" in info.capabilities, "events" in info.capabilities) == (
            "Jaeger http://a:1",
            False,
            True,
        )


def _sequence(replies: Sequence[bytes]) -> Callable[[str], bytes]:
    left = list(replies)
    return lambda head: PAGE if head.startswith("GET / ") else left.pop(0)


def test_a_starting_jaeger_is_read_again_by_the_same_api() -> None:
    with ScriptedServer(_sequence([answer(503, b"starting"), recorded("200-v3-trace.json")])) as server:
        source = JaegerSource(server.url, trace_ids=[TRACE])
        with pytest.raises(SourceUnavailable):
            source.read()
        assert len(source.read().traces) == 1
        assert all(target.startswith("/api/v3/") for target in questions(server))
