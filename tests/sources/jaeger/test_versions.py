"""Other versions of Jaeger: which one is asked, what it alters, and answers in several messages."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from spanpact.contract.loader import load_contracts, load_text
from spanpact.errors import SourceUnavailable
from spanpact.sources import TraceQuery
from spanpact.sources.jaeger.version import names_spans
from spanpact.trace.model import Reading
from spanpact.verification import verify
from spanpact.verification.options import VerificationOptions
from tests.docs.pages import ROOT
from tests.sources.jaeger.jaeger_traces import ANSWERS, recorded
from tests.sources.jaeger.test_source import OTHER, PAGE, TRACE, fails, read
from tests.sources.scripted_http import answer

UNNAMED = "5b8efff798038103d269b633813fc6aa"
NEWER_PAGE = PAGE.replace(b"v2.13.0", b"v2.21.0")


def jaeger(v3: bytes, *, page: bytes = NEWER_PAGE) -> Callable[[str], bytes]:
    """Return a Jaeger of which nothing but its page and `/api/v3` is there, as in 2.21."""

    def respond(head: str) -> bytes:
        target = head.split()[1]
        return page if target == "/" else v3 if target.startswith("/api/v3/") else recorded("404-unknown-path-2.21.txt")

    return respond


@pytest.mark.parametrize(
    ("page", "version"),
    [
        (PAGE, "Jaeger 2.13.0"),
        (NEWER_PAGE, "Jaeger 2.21.0"),
        (answer(200, b'JAEGER_VERSION = {"gitCommit":"","gitVersion":""}'), "Jaeger of unknown version"),
        (answer(403), "Jaeger of unknown version"),
        (answer(302, location="/login"), "Jaeger of unknown version"),
        (b"", "Jaeger of unknown version"),
    ],
    ids=["2.13", "2.21", "not stated", "refused", "a redirect", "no answer"],
)
def test_the_version_is_that_of_the_page(page: bytes, version: str) -> None:
    assert read(jaeger(recorded("200-v3-trace.json"), page=page)).source.version == version


@pytest.mark.parametrize(
    ("version", "may"), [("2.15.9", False), ("1.76.0", False), ("2.16.0-rc1", True), ("3.0", True), ("", True)]
)
def test_spans_are_named_since_2_16(version: str, may: bool) -> None:
    assert names_spans(version) == may


UNNAMED_CONTRACT = load_text("""
spanpact: 1
contract: nameless
version: 0.1.0
span: GET /x
children: {work: {span: 'step *'}, other: {span: '*', count: 0..}}
every: {nameless: {span: 'empty-*', count: 0}}
""")


@pytest.mark.parametrize(("page", "name"), [(NEWER_PAGE, ""), (answer(404), ""), (PAGE, "empty-span-name")])
def test_a_span_without_a_name_has_none_again(page: bytes, name: str) -> None:
    reading = read(jaeger(recorded("200-v3-unnamed-2.21.json"), page=page), trace_ids=[UNNAMED])
    assert [span.name for span in reading.traces[0].spans] == ["GET /x", name]
    keys = {finding.key for finding in verify([UNNAMED_CONTRACT], reading).findings}
    assert keys == {"work/span-missing", *([] if not name else ["nameless/span-surplus"])}


OLDEST_PAGE = PAGE.replace(b"v2.13.0", b"v1.62.0")
UNENDED = "0af7651916cd43dd8448eb211c80319d"


@pytest.mark.parametrize("api", ["v3", "legacy"])
def test_what_jaeger_1_alters_is_undone(api: str) -> None:
    """Spans of a resource without a name, of which one never ended, and one ended before its start."""

    def respond(head: str) -> bytes:
        target = head.split()[1]
        return OLDEST_PAGE if target == "/" else recorded(f"200-{api}-unended-1.62.json")

    reading = read(respond, trace_ids=[UNENDED], api=api)
    assert reading.source.version == "Jaeger 1.62.0"
    (trace,) = reading.traces
    assert [(span.name, span.end_ns, span.attributes, span.resource.attributes) for span in trace.spans] == [
        ("never", 0, {}, {}),
        ("early", 1_795_939_000_000_000_000, {}, {}),
    ]


def test_an_attribute_that_newer_jaegers_do_not_add_is_kept() -> None:
    body = (ANSWERS / "200-v3-unended-1.62.json").read_bytes()
    (trace,) = read(jaeger(answer(200, body)), trace_ids=[UNENDED]).traces
    assert [span.attributes for span in trace.spans] == [{"internal.span.format": "otlp"}] * 2


def test_traces_of_a_newer_jaeger_keep_the_contracts_of_the_demo() -> None:
    reading = read(jaeger(recorded("200-v3-two-services-2.21.json")))
    report = verify(load_contracts([str(ROOT / "contracts" / "v1")]), reading, VerificationOptions(allow_unseen=True))
    assert (report.verdict, report.findings) == ("kept", ())
    assert sum(result.flows for result in report.results) > 3


@pytest.mark.parametrize(
    "how", [{}, {"trace_ids": (), "query": TraceQuery("studio-api")}], ids=["by id", "by a search"]
)
def test_what_a_newer_jaeger_does_not_find_gives_no_trace(how: Mapping[str, Any]) -> None:
    assert read(jaeger(recorded("404-v3-missing-2.21.json")), **how).traces == ()


def test_errors_of_a_newer_jaeger_are_repeated_whatever_their_words() -> None:
    message = fails(jaeger(recorded("400-v3-no-time-2.21.json")), trace_ids=(), query=TraceQuery("a"))
    assert "responded 400: query.startTimeMin and query.startTimeMax are required" in message
    assert "responded 400: malformed parameter trace_id" in fails(jaeger(recorded("400-v3-malformed-2.21.json")))


def test_a_newer_jaeger_has_no_search_in_the_old_api() -> None:
    message = fails(jaeger(b""), trace_ids=(), query=TraceQuery("a"), api="legacy")
    assert "does not have a search in /api/traces (newer Jaegers have it in /api/v3 only: leave out api=leg" in message


def messages() -> tuple[bytes, bytes]:
    first, second = (
        json.loads((ANSWERS / "200-v3-search.json").read_bytes()),
        json.loads((ANSWERS / "200-v3-unnamed-2.21.json").read_bytes()),
    )
    return json.dumps(first).encode(), json.dumps(second).encode()


def read_bytes(body: bytes) -> Reading:
    return read(jaeger(answer(200, body)), trace_ids=(), query=TraceQuery("studio-api"))


@pytest.mark.parametrize("join", [b"\n", b"", b" \r\n\n", b"\n\n  "], ids=["lines", "nothing", "blanks", "empty lines"])
def test_all_messages_of_an_answer_are_read(join: bytes) -> None:
    reading = read_bytes(join.join(messages()) + b"\n")
    assert {trace.trace_id for trace in reading.traces} == {TRACE, OTHER, UNNAMED}


def test_spans_of_one_trace_in_several_messages_are_one_trace() -> None:
    document = json.loads((ANSWERS / "200-v3-trace.json").read_bytes())
    parts = [{"result": {"resourceSpans": [part]}} for part in split(document["result"]["resourceSpans"])]
    assert len(parts) > 3
    (trace,) = read_bytes("\n".join(map(json.dumps, parts)).encode()).traces
    assert len(trace.spans) == 6


def split(resource_spans: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [
        {**each, "scopeSpans": [{**scope, "spans": [span]}]}
        for each in resource_spans
        for scope in each["scopeSpans"]
        for span in scope["spans"]
    ]


def test_a_stream_that_ends_with_an_error_is_no_answer() -> None:
    body = messages()[0] + b'\n{"error":{"grpcCode":14,"httpCode":503,"message":"storage is gone"}}\n'
    message = fails(jaeger(answer(200, body)), SourceUnavailable, trace_ids=(), query=TraceQuery("studio-api"))
    assert "failed within its response" in message
    assert "storage is gone" in message


@pytest.mark.parametrize("body", [b'{"result":{}}{"result"', b'{"result":{}}\n{}', b'{"result":{}}\n{"result":{}}]'])
def test_a_message_that_is_malformed_is_an_error(body: bytes) -> None:
    assert "not a response of /api/v3" in fails(jaeger(answer(200, body)))
