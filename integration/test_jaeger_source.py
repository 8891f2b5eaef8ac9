"""The Jaeger source against a real Jaeger: its answers, its quirks, two vantage points, waiting, outages."""

from __future__ import annotations

import json
import secrets
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExportResult

from containers.servers.jaeger_server import JaegerBackend
from integration.support.jaeger_readings import WAIT_SETTINGS, is_newer, seen_all
from spanpact.cli import main
from spanpact.contract.loader import load_text
from spanpact.errors import SourceError, SourceUnavailable
from spanpact.findings import Report
from spanpact.sources import HttpLimits, JaegerSource, MemorySource, TraceQuery, encode_traces_json
from spanpact.trace.model import Reading
from spanpact.trace.trace_selection import TraceSelection
from spanpact.verification.comparison.source_comparison import compare
from spanpact.verification.verifying import verify
from spanpact.verification.waiting import Poll, WaitSettings, content_of, wait, wait_for_verdict
from tests.sources.jaeger.jaeger_traces import ANSWERS, everything

CONTRACT = """\
spanpact: 1
contract: session
version: 1.0.0
span: GET /session
kind: server
parent: remote
attributes: {session.valid: true, tries: {type: int}, ratio: {type: double}, raw: {type: bytes}, tags: {type: array}}
resource: {service.name: studio-api}
links: {batch: {span: '*', attributes: {why: batch}}}
children:
  lookup:
    {span: redis.get, kind: client, status: error, status_message: timed out,
     events: {failed: {event: exception, attributes: {exception.type: TimeoutError}}}}
  load: {span: db.query, status: ok, scope: other}
  queue: {span: queue, count: 2}
closed: [children]
order: [lookup, load, queue]
levels: {span-orphan: improvement}
"""
PLAN = load_text(CONTRACT, file="session.contract.yaml")


def fresh_trace(**options: bool) -> Sequence[ReadableSpan]:
    """Return a trace with an id that is not yet in this Jaeger."""
    return everything(secrets.randbits(31), **options)


def id_of(spans: Sequence[ReadableSpan]) -> str:
    return format(spans[0].context.trace_id, "032x")


def export(jaeger: JaegerBackend, spans: Sequence[ReadableSpan]) -> None:
    with closing(_Exporter(jaeger)) as exporter:
        assert exporter.export(spans) is SpanExportResult.SUCCESS


class _Exporter(OTLPSpanExporter):
    def __init__(self, jaeger: JaegerBackend) -> None:
        super().__init__(endpoint=f"{jaeger.otlp_http}/v1/traces")

    def close(self) -> None:
        self.shutdown()  # type: ignore[no-untyped-call]


def judge(reading: Reading) -> Report:
    return verify([PLAN], reading)


def waited(source: JaegerSource, settings: WaitSettings = WAIT_SETTINGS) -> Report:
    return wait_for_verdict(source.read, judge, settings, wanted=TraceSelection.of(source.trace_ids))


def compared(first: Reading, source: JaegerSource, settings: WaitSettings = WAIT_SETTINGS) -> Report:
    """Compare a reading with the source, once no span is missing or the time is up."""
    poll = Poll(
        source.read,
        lambda reading: compare(first, reading, complete=False),
        lambda reading: compare(first, reading),
        content_of,
    )
    return wait(poll, settings)


def memory(spans: Sequence[ReadableSpan]) -> Reading:
    return MemorySource(spans).read()


def keywords(report: Report) -> set[str]:
    return {finding.keyword for finding in report.findings}


class TestTwoVantagePoints:
    def test_what_was_recorded_in_memory_is_what_jaeger_holds(self, jaeger: JaegerBackend) -> None:
        spans = fresh_trace()
        export(jaeger, spans)
        report = compared(memory(spans), JaegerSource(jaeger.url, trace_ids=[id_of(spans)]))
        assert report.findings == ()
        assert {each.keyword for each in report.results[0].not_checked} <= {"dropped_counts"}

    def test_one_contract_gives_one_verdict_from_both(self, jaeger: JaegerBackend) -> None:
        spans = fresh_trace()
        export(jaeger, spans)
        here, there = judge(memory(spans)), waited(JaegerSource(jaeger.url, trace_ids=[id_of(spans)]))
        assert (here.verdict, there.verdict) == ("kept", "kept")
        assert [f.key for f in here.findings] == [f.key for f in there.findings] == ["integrity/span-orphan"]
        assert {c.keyword: c.state for c in here.results[0].coverage} == {
            c.keyword: c.state for c in there.results[0].coverage
        }

    def test_a_lost_span_is_found_and_so_is_its_orphan(self, jaeger: JaegerBackend) -> None:
        spans = fresh_trace()
        export(jaeger, [span for span in spans if span.name != "GET /session"])
        report = compared(memory(spans), JaegerSource(jaeger.url, trace_ids=[id_of(spans)]), WaitSettings(1))
        ids = [finding.id for finding in report.findings]
        assert (ids.count("span-lost"), ids.count("span-orphan"), len(ids)) == (1, 4, 5)

    def test_a_span_that_was_sent_twice_is_a_duplicate_or_one_span(self, jaeger: JaegerBackend) -> None:
        spans = fresh_trace()
        export(jaeger, spans)
        export(jaeger, spans[:1])
        report = compared(memory(spans), JaegerSource(jaeger.url, trace_ids=[id_of(spans)]), WaitSettings(1))
        assert {finding.id for finding in report.findings} <= {"span-duplicate"}  # as its storage has it

    def test_the_old_api_alters_only_what_it_cannot_carry(self, jaeger: JaegerBackend) -> None:
        spans = fresh_trace()
        export(jaeger, spans)
        source = JaegerSource(jaeger.url, trace_ids=[id_of(spans)], api="legacy")
        report = compared(memory(spans), source, WaitSettings(1))
        assert report.findings == ()
        assert "value_types" in {each.keyword for each in report.results[0].not_checked}

    def test_on_the_command_line(
        self, jaeger: JaegerBackend, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        spans = fresh_trace()
        export(jaeger, spans)
        file = tmp_path / "traces.json"
        file.write_bytes(encode_traces_json(memory(spans)))
        contract = tmp_path / "session.contract.yaml"
        contract.write_text(
            f"{CONTRACT}examples: {{a: {{trace: []}}, b: {{trace: [], findings: [top/span-missing]}}}}\n"
        )
        named = ("--trace", id_of(spans), "--wait", "30")
        assert main(["compare", "--from", str(file), "--from", f"jaeger:{jaeger.url}", *named]) == 0
        assert main(["verify", str(contract), "--from", f"jaeger:{jaeger.url}", *named]) == 0
        assert f"Jaeger {jaeger.url}" in capsys.readouterr().out


class TestSearch:
    def test_by_service_operation_and_attributes(self, jaeger: JaegerBackend) -> None:
        made = [fresh_trace(), fresh_trace()]
        for spans in made:
            export(jaeger, spans)
        wanted = {id_of(spans) for spans in made}
        for attributes, number in (({"tries": "2", "session.valid": "true"}, 2), ({"tries": "3"}, 0)):
            query = TraceQuery("studio-api", "GET /session", attributes, since=300)
            source = JaegerSource(jaeger.url, query=query)
            if number:
                seen_all(source, wanted)
            assert len(wanted & {trace.trace_id for trace in source.read().traces}) == number

    def test_a_service_that_nobody_knows(self, jaeger: JaegerBackend) -> None:
        assert JaegerSource(jaeger.url, query=TraceQuery("nobody"), api="v3").read().traces == ()
        old = JaegerSource(jaeger.url, query=TraceQuery("nobody"), api="legacy")
        if is_newer(jaeger):
            with pytest.raises(SourceError, match="does not have a search in /api/traces"):
                old.read()
        else:
            assert old.read().traces == ()

    def test_a_limit_is_enough(self, jaeger: JaegerBackend) -> None:
        spans = fresh_trace()
        export(jaeger, spans)
        seen_all(JaegerSource(jaeger.url, trace_ids=[id_of(spans)]), {id_of(spans)})
        assert len(JaegerSource(jaeger.url, query=TraceQuery("studio-api", limit=1)).read().traces) == 1


class TestQuirks:
    @pytest.mark.parametrize(
        ("name", "path"),
        [
            ("404-v3-missing.json", f"/api/v3/traces/{'a' * 32}"),
            ("400-v3-malformed.json", "/api/v3/traces/zz"),
            ("400-v3-no-time.json", "/api/v3/traces?query.service_name=x"),
            ("404-legacy-missing.json", f"/api/traces/{'a' * 32}"),
            ("200-legacy-none.json", "/api/traces?service=nobody"),
        ],
    )
    def test_it_answers_as_it_did_when_it_was_recorded(self, jaeger: JaegerBackend, name: str, path: str) -> None:
        if is_newer(jaeger):
            assert get(f"{jaeger.url}{path}")[0] == (404 if "nobody" in path else int(name.partition("-")[0]))
            return
        status, body = get(f"{jaeger.url}{path}")
        assert (f"{status}", json.loads(body)) == (name.partition("-")[0], json.loads((ANSWERS / name).read_bytes()))

    def test_an_unknown_path_is_a_page_and_no_error(self, jaeger: JaegerBackend) -> None:
        status, body = get(f"{jaeger.url}/api/v3/nothing")
        assert (status, body.lstrip()[:1]) == (404, b"4") if is_newer(jaeger) else (200, b"<")
        with pytest.raises(SourceError, match="the server does not have /api/v3 or /api/traces"):
            JaegerSource(f"{jaeger.url}/nothing", trace_ids=["a"]).read()

    def test_nan_is_read_by_the_stable_api_and_fails_the_old_one(self, jaeger: JaegerBackend) -> None:
        spans = fresh_trace(not_a_number=True)
        export(jaeger, spans)
        source = JaegerSource(jaeger.url, trace_ids=[id_of(spans)])
        assert compared(memory(spans), source).verdict == "kept"
        with pytest.raises(SourceUnavailable, match="responded 500"):
            JaegerSource(jaeger.url, trace_ids=[id_of(spans)], api="legacy").read()

    def test_the_port_for_spans_is_no_port_for_questions(self, jaeger: JaegerBackend) -> None:
        with pytest.raises(SourceError, match="Jaeger at http"):
            JaegerSource(jaeger.otlp_http, trace_ids=["a"]).read()
        with pytest.raises(SourceError, match="Jaeger at http"):
            JaegerSource(jaeger.otlp_grpc, trace_ids=["a"], limits=HttpLimits(seconds=2)).read()


def get(url: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(url) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


class TestWaiting:
    def test_spans_that_come_after_their_children_are_waited_for(self, jaeger: JaegerBackend) -> None:
        spans = fresh_trace()
        top = [span for span in spans if span.name == "GET /session"]
        source = JaegerSource(jaeger.url, trace_ids=[id_of(spans)])
        export(jaeger, [span for span in spans if span not in top])
        reads: list[Reading] = []

        def read() -> Reading:
            reads.append(source.read())
            if len(reads) == 10:
                export(jaeger, top)
            return reads[-1]

        report = wait_for_verdict(read, judge, WAIT_SETTINGS, wanted=TraceSelection.of(source.trace_ids))
        assert report.verdict == "kept"
        assert len(reads) > 10

    def test_a_trace_that_was_never_sent_could_not_be_verified(self, jaeger: JaegerBackend) -> None:
        with pytest.raises(SourceError, match=r"was never seen within 0\.3 s"):
            waited(JaegerSource(jaeger.url, trace_ids=[secrets.token_hex(16)]), WaitSettings(0.3))


class TestOutages:
    @pytest.fixture
    def server(self, jaeger: JaegerBackend) -> Iterator[JaegerBackend]:
        """Return the Jaeger if tests may pause and kill it; it answers again afterwards."""
        if jaeger.process is None:
            pytest.skip("this Jaeger was named by its address: it is not ours to stop")
        yield jaeger
        if asked_nothing(jaeger):
            jaeger.restart()

    def test_a_paused_jaeger_is_away_and_back(self, server: JaegerBackend) -> None:
        spans = fresh_trace()
        export(server, spans)
        source = JaegerSource(server.url, trace_ids=[id_of(spans)], limits=HttpLimits(seconds=0.5))
        seen_all(source, {id_of(spans)})
        server.pause()
        try:
            with pytest.raises(SourceUnavailable, match=r"no response within 0\.5 s"):
                source.read()
        finally:
            server.resume()
        assert waited(source).verdict == "kept"

    def test_a_killed_jaeger_has_forgotten(self, server: JaegerBackend) -> None:
        spans = fresh_trace()
        export(server, spans)
        source = JaegerSource(server.url, trace_ids=[id_of(spans)])
        seen_all(source, {id_of(spans)})
        server.kill()
        with pytest.raises(SourceUnavailable, match=r"cannot be reached|closed the connection"):
            source.read()
        server.restart()
        assert source.read().traces == ()


def asked_nothing(jaeger: JaegerBackend) -> bool:
    try:
        get(f"{jaeger.url}/api/v3/services")
    except OSError:
        return True
    return False
