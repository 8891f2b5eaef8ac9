"""A search among live traces: judged without holding them, with the report of the engine on what is complete."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spanpact.contract.loader import load_text
from spanpact.engine import CompiledContract
from spanpact.errors import SourceError, SourceUnavailable
from spanpact.findings import Report
from spanpact.reporting import render_json, render_text
from spanpact.sources import HttpLimits, JaegerSource, TraceQuery
from spanpact.sources.search import paging, store_source
from spanpact.testing import ManualClock
from spanpact.trace.model import Link, Reading, Resource, Span
from spanpact.verification.limits import Limits
from spanpact.verification.live_search import verify_search
from spanpact.verification.options import DEFAULT_OPTIONS, VerificationOptions
from spanpact.verification.verifying import verify
from spanpact.verification.waiting import WaitSettings, wait_for_verdict, without_growing
from tests.properties import examples
from tests.sources.jaeger.held_traces import HeldTraces
from tests.sources.scripted_http import ScriptedServer
from tests.sources.trace_strategies import situations
from tests.verification.test_same_verdict import QUIET, Situation

SECOND = 1_000_000_000
ITEMS = "span: GET /items\nchildren: {load: {span: db.load}}\nclosed: [children]"


def contract(body: str = ITEMS, name: str = "items") -> CompiledContract:
    return CompiledContract.of(load_text(f"spanpact: 1\ncontract: {name}\nversion: 1.0.0\n{body}\n", file="c.yaml"))


CONTRACT = contract()


class Live:
    """A Jaeger with a clock of its own, and a service in it whose traces arrive as a test says."""

    def __init__(self, server: ScriptedServer, held: HeldTraces, clock: ManualClock) -> None:
        self.server, self.held, self.clock = server, held, clock
        self._number = 0

    def request(self, ago: float, *, load: float | None = 0.0, root: float | None = 0.0, extra: str = "") -> str:
        """Hold the trace of a request that began `ago` seconds before the start; return its id.

        The span of each process arrives at its time, or with None never. `extra` names one more child.
        """
        self._number += 1
        trace_id, start = f"{self._number:032x}", self.clock.time_ns() - round((ago + self.clock()) * SECOND) + 1
        top = Span(trace_id, f"{1:016x}", "GET /items", start_ns=start, end_ns=start + 9_000_000)
        spans = [(load, "db.load"), (0.0 if extra else None, extra)]
        for number, (at, name) in enumerate(spans, 2):
            child = Span(trace_id, f"{number:016x}", name, top.span_id, start_ns=start + 1, end_ns=start + 2_000_000)
            if at is not None:
                self.held.hold(trace_id, [child], at=at)
        if root is not None:
            self.held.hold(trace_id, [top], at=root)
        return trace_id

    def source(self, *, limit: int | None = None, complete_after: float = 60.0) -> JaegerSource:
        query = TraceQuery("shop", since=3600, limit=limit)
        return JaegerSource(
            self.server.url, query=query, complete_after_seconds=complete_after, now_ns=self.clock.time_ns
        )

    def judged(
        self,
        wait: float = 0.0,
        *,
        contracts: Sequence[CompiledContract] = (CONTRACT,),
        options: VerificationOptions = DEFAULT_OPTIONS,
        **of: float,
    ) -> Report:
        """Return the report of a search now, after waiting for so long at most."""
        source = self.source(**of)  # type: ignore[arg-type]
        settings = WaitSettings(wait)
        report = verify_search(source, contracts, options, settings=settings, clock=self.clock, sleep=self.clock.sleep)
        assert report is not None
        return report


@pytest.fixture
def live() -> Iterator[Live]:
    clock = ManualClock(start_ns=2_000_000_000 * SECOND)
    held = HeldTraces(clock)
    with ScriptedServer(held) as server:
        yield Live(server, held, clock)


def seen(report: Report) -> tuple[str, int, int]:
    """Return the verdict, the number of traces judged and of those left out."""
    assert report.reading is not None
    return report.verdict, report.reading.trace_count, report.reading.left_out


class TestWithoutWaiting:
    def test_what_still_grows_is_left_out_and_counted(self, live: Live) -> None:
        for ago in (100, 200, 300):
            live.request(ago)
        live.request(1, load=None)
        report = live.judged()
        assert seen(report) == ("kept", 3, 1)
        assert "left out  1 trace whose last span ended less than 1min ago" in render_text(report)
        left_out = json.loads(render_json(report))["source"]["left_out"]
        assert left_out == {"traces": 1, "why": "whose last span ended less than 1min ago"}

    @pytest.mark.parametrize("wait", [0.0, 5.0])
    def test_what_is_found_after_the_time_limit_is_not_checked(self, live: Live, wait: float) -> None:
        for ago in (100, 200, 300):
            live.request(ago)
        seconds = count()
        limits = Limits(2, clock=lambda: next(seconds))
        report = live.judged(wait, options=VerificationOptions(limits=limits))
        assert report.verdict == "not checked"
        assert [each.reason for each in report.results[0].not_checked] == ["time-limit"]

    def test_what_is_complete_and_broken_is_found(self, live: Live) -> None:
        live.request(100)
        broken = live.request(200, load=None)
        live.request(1, load=None)
        report = live.judged()
        assert seen(report) == ("broken", 2, 1)
        assert [(finding.key, finding.trace_id) for finding in report.findings] == [("load/span-missing", broken)]

    def test_a_search_in_which_all_still_grows_could_not_be_verified(self, live: Live) -> None:
        live.request(1)
        report = live.judged()
        assert (seen(report), report.exit_code) == (("not checked", 0, 1), 3)
        text = render_text(report)
        assert all(words in text for words in ("until=", "complete-after=", "--wait"))

    def test_nothing_found_is_no_reason_to_look_further_back(self, live: Live) -> None:
        report = live.judged()
        assert seen(report) == ("not checked", 0, 0)
        assert "until=" not in render_text(report)

    def test_a_limit_counts_what_is_judged(self, live: Live) -> None:
        for i in range(10):
            live.request(i + 1)
            live.request(i + 100)
        report = live.judged(limit=4)
        assert seen(report)[:2] == ("kept", 4)

    def test_a_broken_trace_that_grew_is_judged_in_the_next_round(self, live: Live) -> None:
        live.request(1, load=None)
        live.request(100)
        assert seen(live.judged()) == ("kept", 1, 1)
        live.clock.advance(60)
        assert seen(live.judged()) == ("broken", 2, 0)

    def test_a_trace_that_is_found_in_two_parts_is_judged_once(
        self, live: Live, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(paging, "PAGE", 3)
        for i in range(20):
            live.request(100 + i)
        trace_id = live.request(110)
        start = live.clock.time_ns() - 3000 * SECOND
        live.held.hold(trace_id, [Span(trace_id, "f" * 16, "db.load", f"{1:016x}", start_ns=start, end_ns=start + 1)])
        report = live.judged()
        assert len(live.held.searches) > 6
        assert seen(report) == ("broken", 21, 0)
        assert {finding.trace_id for finding in report.findings} == {trace_id}

    def test_a_trace_that_grows_is_left_out_though_it_is_found_in_two_parts(
        self, live: Live, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(paging, "PAGE", 3)
        for i in range(20):
            live.request(100 + i)
        trace_id = live.request(1, load=None)
        start = live.clock.time_ns() - 110 * SECOND
        live.held.hold(trace_id, [Span(trace_id, "f" * 16, "early", f"{1:016x}", start_ns=start, end_ns=start + 1)])
        assert seen(live.judged()) == ("kept", 20, 1)

    def test_a_part_whose_answer_is_too_large_is_split(self, live: Live) -> None:
        for i in range(60):
            live.request(100 + 10 * i)
        query, limits = TraceQuery("shop", since=3600), HttpLimits(body=8000)
        source = JaegerSource(live.server.url, query=query, limits=limits, now_ns=live.clock.time_ns)
        report = verify_search(source, [CONTRACT])
        assert report is not None
        assert seen(report) == ("kept", 60, 0)
        assert len(live.held.searches) > 6

    def test_more_spans_than_a_reading_may_hold_are_an_error_unless_they_are_dropped(
        self, live: Live, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(store_source, "_MOST_SPANS", 99)
        for _ in range(50):
            live.request(100)
        with pytest.raises(SourceError, match=r"holds more than 99 matching spans \(shorten the window\)"):
            live.source().read()
        assert seen(live.judged()) == ("kept", 50, 0)

    def test_only_traces_with_findings_are_held(self, live: Live) -> None:
        for _ in range(50):
            live.request(100)
        broken = live.request(100, load=None)
        report = live.judged()
        assert report.reading is not None
        assert [trace.trace_id for trace in report.reading.traces] == [broken]
        assert (report.reading.trace_count, report.reading.span_count) == (51, 101)


@pytest.fixture(scope="module")
def holding() -> Iterator[tuple[ScriptedServer, HeldTraces]]:
    held = HeldTraces()
    with ScriptedServer(held) as server:
        yield server, held


class TestTheSameReport:
    @given(situations, st.sampled_from([2, 3, 200]))
    @settings(max_examples=examples(80), **QUIET)
    def test_as_the_engine_gives_on_the_whole_reading(
        self, holding: tuple[ScriptedServer, HeldTraces], situation: Situation, page: int
    ) -> None:
        contracts, reading = situation
        server, held = holding
        held.clear()
        for trace in reading.traces:
            held.hold(trace.trace_id, trace.spans)
        ends = [max(span.start_ns, span.end_ns) for trace in reading.traces for span in trace.spans]
        now, scenarios = max(ends, default=0) + 30 * SECOND, {t.trace_id: t.scenario for t in reading.traces}
        source = JaegerSource(
            server.url,
            query=TraceQuery("shop", since=1e9),
            now_ns=lambda: now,
            complete_after_seconds=30.000000005,
            scenarios=scenarios,
            offered=reading.offered,
        )
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(paging, "PAGE", page)
            streamed = verify_search(source, contracts)
            whole = verify(contracts, without_growing(source.read()))
        if streamed is not None:
            assert render_json(streamed) == render_json(whole)

    def test_what_a_later_part_shows_of_the_storage_holds_for_all(
        self, live: Live, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Lists show that an empty text is no empty value, and nanoseconds that times are exact."""
        monkeypatch.setattr(paging, "PAGE", 2)
        for i in range(12):
            live.request(100 + i)
        live.held.hold("ab" * 16, self.typed("ab" * 16, live.clock.time_ns() - 90 * SECOND, {"a": "[1]"}))
        live.held.hold("cd" * 16, self.typed("cd" * 16, live.clock.time_ns() - 3000 * SECOND, {"a": [1]}))
        typed = contract("span: typed\nattributes: {a: {type: array}}", "typed")
        report = live.judged(contracts=[CONTRACT, typed])
        whole = verify([CONTRACT, typed], live.source().read())
        assert render_json(report) == render_json(whole)
        assert [finding.key for finding in report.findings] == ["top/attribute-type"]

    @staticmethod
    def typed(trace_id: str, start: int, attributes: dict[str, object]) -> list[Span]:
        return [Span(trace_id, f"{1:016x}", "typed", start_ns=start, end_ns=start + 1, attributes=attributes)]  # type: ignore[arg-type]

    def test_a_resolution_that_shows_late_is_that_of_all_traces(
        self, live: Live, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(paging, "PAGE", 2)
        body = contract("span: top\nduration: 2ms", "slow")
        resource = Resource({"service.name": "shop"})
        for number in range(1, 9):
            trace_id, start = f"{number:032x}", live.clock.time_ns() - number * 100 * SECOND
            top = Span(trace_id, f"{1:016x}", "top", start_ns=start, end_ns=start + 2_300_001, resource=resource)
            live.held.hold(trace_id, [top])
        report = live.judged(contracts=[body])
        assert render_json(report) == render_json(verify([body], live.source().read()))
        assert report.clocks == (("shop", 1_000_000),)

    @pytest.mark.parametrize(("span_id", "dangling"), [(1, False), (9, True)])
    def test_a_link_into_another_trace_that_lacks_the_span(
        self, live: Live, monkeypatch: pytest.MonkeyPatch, span_id: int, dangling: bool
    ) -> None:
        monkeypatch.setattr(paging, "PAGE", 2)
        for i in range(6):
            live.request(100 + 10 * i)
        first, trace_id, start = f"{1:032x}", "ef" * 16, live.clock.time_ns() - 200 * SECOND
        top = Span(trace_id, f"{1:016x}", "a", start_ns=start, end_ns=start + 1, links=[Link(first, f"{span_id:016x}")])
        live.held.hold(trace_id, [top])
        contracts = [CONTRACT, contract("span: a", "a")]
        report = live.judged(contracts=contracts)
        assert render_json(report) == render_json(verify(contracts, without_growing(live.source().read())))
        assert {finding.id for finding in report.findings} == ({"link-dangling"} if dangling else set())

    def test_contracts_that_follow_links_are_left_to_the_engine(self, live: Live) -> None:
        live.request(100)
        trace_id, start = "ef" * 16, live.clock.time_ns() - 100 * SECOND
        top = Span(trace_id, f"{1:016x}", "a", start_ns=start, end_ns=start + 1, links=[Link(f"{1:032x}", f"{1:016x}")])
        live.held.hold(trace_id, [top])
        following = contract("span: a\nlinks: {k: {span: GET /items}}", "links")
        assert verify_search(live.source(), [following]) is None
        assert verify([following], without_growing(live.source().read())).verdict == "kept"


class TestWaiting:
    def test_a_trace_that_grows_is_waited_for(self, live: Live) -> None:
        live.request(100)
        live.request(1, load=3.0)
        report = live.judged(10)
        assert seen(report) == ("kept", 2, 0)
        assert 3.25 <= live.clock() < 4

    def test_the_verdict_on_what_is_complete_needs_no_wait(self, live: Live) -> None:
        live.request(100)
        assert seen(live.judged(10)) == ("kept", 1, 0)
        assert live.clock() < 0.6

    def test_what_arrives_only_later_is_waited_for(self, live: Live) -> None:
        live.request(1, load=2.0, root=2.0)
        assert seen(live.judged(10)) == ("kept", 1, 0)
        assert 2.25 <= live.clock() < 3

    def test_a_missing_span_is_waited_for_until_the_end(self, live: Live) -> None:
        live.request(100)
        missing = live.request(1, load=None)
        report = live.judged(10)
        assert seen(report) == ("broken", 2, 0)
        assert [finding.trace_id for finding in report.findings] == [missing]
        assert live.clock() >= 10

    def test_a_trace_is_judged_as_soon_as_it_is_old_enough(self, live: Live) -> None:
        live.request(50, load=None)
        assert seen(live.judged(100)) == ("broken", 1, 0)
        assert 10 <= live.clock() < 11

    def test_what_no_further_span_can_mend_is_reported_soon_and_alone(self, live: Live) -> None:
        live.request(1, extra="surplus")
        live.request(2, load=5.0)
        report = live.judged(10)
        assert {finding.id for finding in report.findings} == {"span-extra"}
        assert seen(report) == ("broken", 1, 1)
        assert live.clock() < 2

    def test_traffic_that_goes_on_does_not_prolong_the_wait(self, live: Live) -> None:
        live.request(1, load=2.0)
        for i in range(100):
            live.request(-i / 10, root=i / 10, load=i / 10 + 1)
        verdict, judged, left_out = seen(live.judged(10))
        assert (verdict, left_out > 0, judged + left_out >= 20) == ("kept", True, True)
        assert 2.25 <= live.clock() < 4

    def test_traffic_that_goes_on_gives_no_false_finding_at_the_end(self, live: Live) -> None:
        live.request(100)
        live.request(1, load=11.0)  # never complete within the wait, and quiet from the start
        for i in range(100):
            live.request(-i / 10, root=i / 10, load=i / 10 + 4)
        report = live.judged(10)
        assert {finding.trace_id for finding in report.findings} == {f"{2:032x}"}  # as with --trace: 10 s were given
        assert seen(report)[2] > 0

    def test_a_read_that_fails_is_repeated(self, live: Live) -> None:
        live.request(1, load=3.0)
        live.held.failing = (1.0, 2.0)
        assert seen(live.judged(10)) == ("kept", 1, 0)

    def test_a_server_that_is_away_at_the_end_is_an_error(self, live: Live) -> None:
        live.request(1, load=None)
        live.held.failing = (1.0, 99.0)
        with pytest.raises(SourceUnavailable):
            live.judged(10)

    def test_only_the_part_that_still_grows_is_read_again(self, live: Live) -> None:
        for i in range(100, 3000, 100):
            live.request(i)
        live.request(1, load=5.0)
        live.judged(10)
        starts = {search["query.start_time_min"] for search in live.held.searches[1:]}
        assert len(starts) == 1
        assert min(starts) > live.held.searches[0]["query.start_time_min"]


@pytest.mark.parametrize("wait", [0.0, 1.0])
def test_the_whole_reading_leaves_out_what_grows_too(live: Live, wait: float) -> None:
    """Where all traces are held (`--trees`, several sources), the report is the same."""
    live.request(100)
    live.request(1, load=0.95)

    def judge(reading: Reading) -> Report:
        return verify([CONTRACT], reading)

    report = wait_for_verdict(live.source().read, judge, WaitSettings(wait), clock=live.clock, sleep=live.clock.sleep)
    assert seen(report) == ("kept", 1, 1)
