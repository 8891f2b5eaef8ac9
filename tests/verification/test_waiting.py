"""Waiting: what is settled early, after the settle window, or at the deadline. No test really waits."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from spanpact.contract.loader import load_text
from spanpact.engine import CompiledContract
from spanpact.errors import SourceError, SourceUnavailable, SourceUnfinished, UsageError
from spanpact.findings import Report
from spanpact.findings.catalogue import INTEGRITY
from spanpact.testing import ManualClock
from spanpact.trace.model import Reading, SourceInfo, Span, Trace
from spanpact.trace.trace_selection import TraceSelection
from spanpact.verification.options import VerificationOptions
from spanpact.verification.verifying import verify
from spanpact.verification.waiting import WaitSettings, completed, wait_for_verdict

TRACE, OTHER = "0" * 31 + "1", "0" * 31 + "2"
SOURCE = SourceInfo("a place")
AT_LEAST = "span: top\nchildren: {a: {span: x, count: 1..}}"
WHOLE_TRACE = f"descendants: {{a: {{span: x, count: 1..}}}}\nlevels: {dict.fromkeys(sorted(INTEGRITY), 'improvement')}"
EXACTLY = "span: top\nchildren: {a: {span: x, count: 2}}"
ABSENT = "span: top\nchildren: {a: {span: x, count: 0}}"
FINE = "span: top\nstatus: unset"


def span(name: str, number: int, parent: int = 1, *, trace_id: str = TRACE) -> Span:
    parent_id = f"{parent:016x}" if number != 1 else ""
    return Span(trace_id, f"{number:016x}", name, parent_id, start_ns=number, end_ns=99)


TOP, X, ANOTHER_X = span("top", 1), span("x", 2), span("x", 3)


def reading(*spans: Span, complete: bool = False) -> Reading:
    by_trace: dict[str, list[Span]] = {}
    for each in spans:
        by_trace.setdefault(each.trace_id, []).append(each)
    return Reading(SOURCE, [Trace(trace_id, found, complete=complete) for trace_id, found in by_trace.items()])


class Arriving:
    """A source in which each span arrives at its time; `failing` are the seconds in which it cannot be read."""

    def __init__(self, *arrivals: tuple[float, Sequence[Span]], failing: tuple[float, float] = (0, 0)) -> None:
        self.clock = ManualClock()
        self.arrivals = arrivals
        self.failing = failing
        self.reads = 0

    def read(self) -> Reading:
        self.reads += 1
        now = self.clock()
        if self.failing[0] <= now < self.failing[1]:
            raise SourceUnavailable("a place: cannot be reached")
        return reading(*(span for at, spans in self.arrivals if at <= now for span in spans))


def judge_by(body: str, *, allow_unseen: bool = False) -> Callable[[Reading], Report]:
    contract = CompiledContract.of(load_text(f"spanpact: 1\ncontract: c\nversion: 1.0.0\n{body}\n", file="c.yaml"))
    return lambda found: verify([contract], found, VerificationOptions(allow_unseen=allow_unseen))


def waited(source: Arriving, body: str, seconds: float = 10.0, *, trace_ids: Sequence[str] = (TRACE,)) -> Report:
    return wait_for_verdict(
        source.read,
        judge_by(body),
        WaitSettings(seconds),
        wanted=TraceSelection.of(trace_ids),
        clock=source.clock,
        sleep=source.clock.sleep,
    )


class TestKept:
    def test_a_minimum_that_no_span_can_break_is_kept_as_soon_as_it_is_reached(self) -> None:
        source = Arriving((0.0, [TOP]), (1.0, [X]))
        assert waited(source, WHOLE_TRACE).verdict == "kept"
        assert 1.0 <= source.clock() <= 1.25

    @pytest.mark.parametrize(
        "body",
        [
            AT_LEAST,
            WHOLE_TRACE.split("levels")[0],
            EXACTLY,
            "span: top\nevery: {e: {span: '*', kind: internal}}",
            "span: top\nchildren: {a: {span: x, count: 0.., kind: internal}}",
            "span: top\nchildren: {a: {span: x, count: 1.., closed: [attributes]}}",
        ],
    )
    def test_what_one_more_span_could_break_needs_the_settle_window(self, body: str) -> None:
        source = Arriving((0.0, [TOP]), (0.1, [X, ANOTHER_X]))
        report = waited(source, body)
        assert report.verdict == "kept"
        assert report.results[0].not_checked == ()
        assert source.clock() >= 0.35

    @pytest.mark.parametrize("count", ["0..", "1.."])
    def test_the_next_span_of_an_entry_without_maximum_may_break_its_content(self, count: str) -> None:
        source = Arriving((0.0, [TOP, X]), (0.1, [Span(TRACE, f"{9:016x}", "x", TOP.span_id, "client", 9, 10)]))
        report = waited(source, f"span: top\nchildren: {{a: {{span: x, count: {count}, kind: internal}}}}")
        assert [finding.key for finding in report.findings] == ["a/kind"]

    def test_a_wait_shorter_than_the_settle_window_settles_what_is_there_from_the_start(self) -> None:
        source = Arriving((0.0, [TOP]))
        assert waited(source, ABSENT, 0.1).verdict == "kept"

    def test_an_absence_is_believed_after_the_settle_window_and_not_before(self) -> None:
        source = Arriving((0.0, [TOP]))
        assert waited(source, ABSENT).verdict == "kept"
        assert 0.25 <= source.clock() <= 0.5

    def test_the_settle_window_starts_anew_with_every_span_that_comes(self) -> None:
        source = Arriving(*((i / 5, [span("y", 10 + i)]) for i in range(1, 10)), (0.0, [TOP]))
        assert waited(source, ABSENT).verdict == "kept"
        assert source.clock() >= 1.8 + 0.25

    def test_a_trace_that_its_source_calls_complete_is_judged_as_such(self) -> None:
        clock = ManualClock()
        report = wait_for_verdict(
            lambda: reading(TOP, complete=True), judge_by(ABSENT), WaitSettings(9),
            wanted=TraceSelection((TRACE,)), clock=clock, sleep=clock.sleep,
        )  # fmt: skip
        assert (report.verdict, clock()) == ("kept", 0.0)

    def test_without_trace_ids_other_traces_may_come_so_that_nothing_is_kept_at_once(self) -> None:
        source = Arriving((0.0, [TOP, X]))
        assert waited(source, AT_LEAST, trace_ids=()).verdict == "kept"
        assert source.clock() >= 0.25


class TestBroken:
    def test_what_is_missing_is_waited_for_until_the_deadline(self) -> None:
        source = Arriving((0.0, [TOP]), (5.0, [X, ANOTHER_X]))
        assert waited(source, EXACTLY).verdict == "kept"
        assert source.clock() >= 5.0

    def test_what_never_comes_is_missing_at_the_deadline(self) -> None:
        source = Arriving((0.0, [TOP, X]))
        report = waited(source, EXACTLY, 3.0)
        assert [finding.key for finding in report.findings] == ["a/span-missing"]
        assert source.clock() == pytest.approx(3.0)

    def test_what_no_span_can_undo_is_broken_after_the_settle_window(self) -> None:
        source = Arriving((0.0, [TOP, X]))
        assert waited(source, ABSENT).verdict == "broken"
        assert source.clock() <= 0.6

    def test_what_is_broken_early_is_reported_with_all_the_rest(self) -> None:
        body = "span: top\nkind: client\nchildren: {a: {span: x}, b: {span: y}}"
        report = waited(Arriving((0.0, [TOP, X])), body)
        assert [finding.key for finding in report.findings] == ["top/kind", "b/span-missing"]

    def test_what_is_broken_early_does_not_wait_for_a_source_that_is_never_quiet(self) -> None:
        source = Arriving((0.0, [TOP, X]), *((i / 20, [span("y", 10 + i)]) for i in range(200)))
        report = waited(source, ABSENT)
        assert report.verdict == "broken"
        assert source.clock() <= 0.5

    def test_an_orphan_is_one_when_its_parent_did_not_come_until_the_deadline(self) -> None:
        orphan = span("y", 5, parent=4)
        mended = Arriving((0.0, [TOP, orphan]), (2.0, [span("z", 4)]))
        assert waited(mended, FINE).verdict == "kept"
        assert mended.clock() >= 2.0
        report = waited(Arriving((0.0, [TOP, orphan])), FINE, 2.0)
        assert [finding.key for finding in report.findings] == ["integrity/span-orphan"]


class TestNotVerified:
    def test_a_trace_that_is_never_seen_could_not_be_verified(self) -> None:
        source = Arriving((0.0, [TOP]))
        with pytest.raises(SourceError, match=rf"trace {OTHER} was never seen within 2 s \(was it sampled") as raised:
            waited(source, FINE, 2.0, trace_ids=[TRACE, OTHER])
        assert raised.value.exit_code == 3
        assert source.clock() == pytest.approx(2.0)

    def test_many_traces_that_are_never_seen_are_counted(self) -> None:
        with pytest.raises(SourceError, match=r"and 7 more was never seen"):
            waited(Arriving(), FINE, 0.0, trace_ids=[f"{i:032x}" for i in range(10)])

    def test_what_is_broken_is_broken_even_if_another_trace_was_never_seen(self) -> None:
        report = waited(Arriving((0.0, [TOP, X])), ABSENT, 2.0, trace_ids=[TRACE, OTHER])
        assert report.verdict == "broken"
        assert report.header == (("never seen", OTHER),)

    def test_a_trace_that_comes_late_is_waited_for(self) -> None:
        assert waited(Arriving((4.0, [TOP])), FINE).verdict == "kept"

    def test_nothing_seen_is_never_a_pass(self) -> None:
        report = waited(Arriving(), ABSENT, 1.0, trace_ids=())
        assert (report.verdict, report.exit_code) == ("not checked", 3)

    def test_what_is_not_quiet_at_the_deadline_is_incomplete(self) -> None:
        source = Arriving((0.0, [TOP]), *((i / 20, [span("y", 10 + i)]) for i in range(200)))
        report = waited(source, ABSENT, 1.0)
        assert [each.reason for each in report.results[0].not_checked] == ["incomplete"]

    def test_without_a_timeout_it_is_read_once(self) -> None:
        source = Arriving((0.0, [TOP]))
        assert waited(source, ABSENT, 0.0).verdict == "not checked"
        assert source.reads == 1

    @pytest.mark.parametrize("seconds", [-1.0, float("nan"), float("inf")])
    def test_the_timeout_is_a_number_of_seconds(self, seconds: float) -> None:
        with pytest.raises(UsageError, match="accepted: 0 to 86399 seconds"):
            WaitSettings(seconds)


class TestFailingSource:
    def test_a_source_that_is_away_for_a_moment_is_read_again(self) -> None:
        source = Arriving((0.0, [TOP]), failing=(0.0, 3.0))
        assert waited(source, FINE).verdict == "kept"

    def test_a_source_that_stays_away_could_not_be_verified(self) -> None:
        with pytest.raises(SourceUnavailable, match="cannot be reached"):
            waited(Arriving(failing=(0.0, 99.0)), FINE, 2.0)

    def test_what_is_broken_is_reported_though_the_source_is_away_at_the_end(self) -> None:
        report = waited(Arriving((0.0, [TOP, X]), failing=(0.1, 99.0)), ABSENT)
        assert [finding.key for finding in report.findings] == ["a/span-surplus"]

    def test_a_file_that_stays_unfinished_is_an_error_without_a_hint_to_wait(self) -> None:
        clock = ManualClock()

        def read() -> Reading:
            raise SourceUnfinished("t.jsonl: line 2: half there", hint="see there")

        with pytest.raises(SourceUnavailable, match=r"half there, still so after 2 s \(see there\)$"):
            wait_for_verdict(read, judge_by(FINE), WaitSettings(2), clock=clock, sleep=clock.sleep)
        assert clock() == pytest.approx(2.0)

    def test_quiet_while_a_source_is_away_is_no_quiet(self) -> None:
        source = Arriving((0.0, [TOP]), (1.0, [X]), failing=(0.1, 1.1))
        assert waited(source, ABSENT).verdict == "broken"

    def test_what_reading_again_cannot_help_is_raised_at_once(self) -> None:
        def read() -> Reading:
            raise SourceError("a place: not what it should be")

        with pytest.raises(SourceError, match="not what it should be"):
            wait_for_verdict(read, judge_by(FINE), WaitSettings(5), clock=ManualClock())


def test_pauses_grow_so_that_a_long_wait_reads_seldom() -> None:
    source = Arriving((0.0, [TOP]))
    waited(source, EXACTLY, 10.0)
    assert source.reads < 60


def test_completing_what_is_complete_changes_nothing() -> None:
    whole = reading(TOP, complete=True)
    assert completed(whole) is whole
    assert all(trace.complete for trace in completed(reading(TOP)).traces)
