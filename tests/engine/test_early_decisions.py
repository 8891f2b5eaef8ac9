"""Early decisions: what is broken while spans still arrive stays broken, whatever comes (section 10)."""

from __future__ import annotations

import random
from collections.abc import Iterator

import msgspec
import pytest

from spanpact.contract.loader import load_text
from spanpact.findings import Report
from spanpact.findings.catalogue import INTEGRITY
from spanpact.trace.model import ALL_CAPABILITIES, Reading, Resource, SourceInfo, Span, Trace
from spanpact.verification.options import VerificationOptions
from spanpact.verification.verifying import verify
from tests.engine.corpus_cases import CASES, plan_of, reading_of

TRACE = "0" * 31 + "1"
_SUBSETS = 6
_MOST_SPANS = 40


def parts(number: int, place: int) -> Iterator[list[int]]:
    """Yield some of the ways in which a part of the spans may have come: children first, parents first, any."""
    chance = random.Random(place)
    yield []
    yield list(range(1, number))
    yield list(range(number - 1))
    for _ in range(_SUBSETS):
        yield sorted(chance.sample(range(number), chance.randint(0, number)))


def whole_cases() -> Iterator[int]:
    for place, case in enumerate(CASES):
        if case.case.get("complete", True) and "traces" not in case.case:
            yield place


@pytest.mark.unmeasured
@pytest.mark.parametrize("file", sorted({case.file for case in CASES}))
def test_what_is_broken_early_is_broken_in_the_end(file: str) -> None:
    looked_at = 0
    for place in whole_cases():
        case = CASES[place]
        if case.file != file:
            continue
        _, contract = plan_of(place)
        reading, today = reading_of(place), case.today
        (trace,) = reading.traces
        if len(trace.spans) > _MOST_SPANS:
            continue
        in_the_end = verify([contract], reading, VerificationOptions(today=today))
        for part in parts(len(trace.spans), place):
            come = msgspec.structs.replace(trace, spans=[trace.spans[i] for i in part], complete=False)
            early = verify(
                [contract], msgspec.structs.replace(reading, traces=[come]), VerificationOptions(today=today)
            )
            looked_at += 1
            if any(finding.breaks for finding in early.findings):
                assert in_the_end.verdict == "broken", f"{case.id}: {part}: {early.findings}"
    assert looked_at or file in ("across",)


def span(name: str, number: int, parent: int = 1, **fields: object) -> Span:
    parent_id = f"{parent:016x}" if parent else ""
    return Span(TRACE, f"{number:016x}", name, parent_id, **({"start_ns": number, "end_ns": 99} | fields))  # type: ignore[arg-type]


TOP = span("top", 1, 0)


def judged(body: str, *spans: Span, complete: bool = False, without: str = "") -> Report:
    plan = load_text(f"spanpact: 1\ncontract: c\nversion: 1.0.0\n{body}\n", file="c.yaml")
    source = SourceInfo("test", ALL_CAPABILITIES - set(without.split()))
    return verify([plan], Reading(source, [Trace(TRACE, spans, complete=complete)]))


def keys(report: Report) -> list[str]:
    return [finding.key for finding in report.findings]


def waiting(report: Report) -> set[str]:
    """Return what is not decided yet."""
    return {f"{each.entry}.{each.keyword}" for each in report.results[0].not_checked if each.reason == "incomplete"}


class TestWithoutSpan:
    """What seems to be a child of the trace may only wait for its parent."""

    BODY = "children: {a: {span: x, kind: client, count: 0.., children: {b: {span: y, count: 0..1}}}}"

    def test_a_span_with_a_parent_that_is_not_there_yet_is_not_judged(self) -> None:
        orphan = span("x", 2, 9)
        report = judged(self.BODY, orphan)
        assert (keys(report), waiting(report)) == ([], {"a.kind", "b.count", "b.span"})
        assert keys(judged(self.BODY, orphan, complete=True)) == ["a/kind", "integrity/span-orphan"]

    def test_a_root_is_where_it_belongs(self) -> None:
        assert keys(judged(self.BODY, span("x", 2, 0))) == ["a/kind"]

    def test_what_is_below_a_span_that_may_move_moves_with_it(self) -> None:
        waiting_for_parent = [span("x", 2, 9, kind="client"), span("y", 3, 2), span("y", 4, 2)]
        assert keys(judged(self.BODY, *waiting_for_parent)) == []
        rooted = [span("x", 2, 0, kind="client"), *waiting_for_parent[1:]]
        assert keys(judged(self.BODY, *rooted)) == ["b/span-surplus"]

    def test_descendants_are_anywhere_so_they_are_judged_at_once(self) -> None:
        assert keys(judged("descendants: {a: {span: x, kind: client}}", span("x", 2, 9))) == ["a/kind"]

    def test_a_span_that_may_move_exercises_nothing(self) -> None:
        """If its parent comes, the entry has no span, and nothing was checked."""
        levels = f"levels: {{{', '.join(f'{id}: information' for id in INTEGRITY)}}}"
        body = f"{levels}\nchildren: {{a: {{span: x, count: 0..}}}}"
        assert judged(body, span("x", 2)).verdict == "not checked"
        assert judged(body, span("t", 1, 0), span("x", 2), complete=True).verdict == "not checked"
        assert judged(body, span("x", 2, 0)).verdict == "kept"

    def test_a_trace_without_a_span_may_still_get_one(self) -> None:
        plan = load_text(
            "{spanpact: 1, contract: c, version: 1.0.0, descendants: {a: {span: x, count: 1..}}, levels: {"
            + ", ".join(f"{id}: improvement" for id in sorted(INTEGRITY))
            + "}}"
        )
        traces = [Trace(TRACE, [span("x", 1, 0)]), Trace("0" * 31 + "2", [], complete=False)]
        assert verify([plan], Reading(SourceInfo("test"), traces[:1])).verdict == "kept"
        assert verify([plan], Reading(SourceInfo("test"), traces)).verdict == "not checked"

    def test_its_first_span_may_still_be_another(self) -> None:
        body = "descendants: {a: {span: x, count: 0..}}\norder: [top, a]"
        spans = [span("y", 1, 0), span("x", 2)]
        assert waiting(judged(body, *spans)) == {"top.order"}
        assert "top/order" in keys(judged(body, *spans, complete=True))


class TestContested:
    """A span that two entries select may have to give way."""

    TWO = (
        "span: top\nchildren: "
        "{a: {span: x, count: 0..}, b: {span: x, where: {status: error}, count: 0..}, c: {span: z}}"
    )
    OURS, THEIRS = span("x", 2, status="error"), span("z", 3)

    def test_its_order_is_not_final(self) -> None:
        body = f"{self.TWO}\norder: [c, a, b]"
        assert waiting(judged(body, TOP, self.OURS, self.THEIRS)) >= {"top.order"}
        assert "top/order" not in keys(judged(body, TOP, self.OURS, self.THEIRS))
        assert "top/order" in keys(judged(body, TOP, self.OURS, self.THEIRS, complete=True))

    def test_a_condition_that_names_it_is_not_final(self) -> None:
        body = f"{self.TWO}\nconditions: {{d: {{when: {{c: present}}, then: {{a: absent, b: absent}}}}}}"
        assert keys(judged(body, TOP, self.OURS, self.THEIRS)) == []
        complete = judged(body, TOP, self.OURS, self.THEIRS, complete=True)
        assert keys(complete) == ["a/span-surplus", "a/match-ambiguous"]

    def test_nor_is_one_that_orders_it(self) -> None:
        body = f"{self.TWO}\nconditions: {{d: {{when: {{top: {{status: unset}}}}, order: [c, a, b]}}}}"
        assert keys(judged(body, TOP, self.OURS, self.THEIRS)) == []
        assert "d/order" in keys(judged(body, TOP, self.OURS, self.THEIRS, complete=True))

    def test_nor_how_many_are_open_at_once(self) -> None:
        body = (
            "span: top\nchildren: {a: {span: x, count: 0.., concurrency: 0..1}, "
            "b: {span: x, where: {status: error}, count: 0.., concurrency: 0..1}}"
        )
        spans = [TOP, *(span("x", number, status="error") for number in (2, 3, 4))]
        assert keys(judged(body, *spans)) == []
        assert "concurrency" in {f.id for f in judged(body, *spans, complete=True).findings}


def test_a_span_of_another_process_may_widen_the_allowance_of_a_concurrency() -> None:
    body = "span: top\nclock: {skew: 10ms}\nchildren: {a: {span: x, count: 0.., concurrency: 0..1}}"
    ms = 1_000_000
    there, elsewhere = Resource({"service.name": "a"}), Resource({"service.name": "b"})
    top = span("top", 1, 0, start_ns=1, end_ns=90 * ms, resource=there)
    two = [span("x", number, start_ns=number * ms + 1, end_ns=(number + 6) * ms, resource=there) for number in (2, 3)]
    third = span("x", 4, start_ns=70 * ms, end_ns=71 * ms, resource=elsewhere, parent_remote=True)
    assert keys(judged(body, top, *two, third, complete=True)) == []
    assert keys(judged(body, top, *two)) == []
    assert keys(judged(body, top, *two, complete=True)) == ["a/concurrency"]


class TestContent:
    def test_a_span_that_has_not_ended_may_still_change(self) -> None:
        body = "span: top\nstatus: ok\nlevels: {span-times: 'off'}"
        assert waiting(judged(body, span("top", 1, 0, end_ns=0))) == {"top.status"}
        assert keys(judged(body, TOP)) == ["top/status"]

    def test_a_span_that_has_not_ended_may_come_again_with_its_end(self) -> None:
        started = span("top", 1, 0, end_ns=0)
        assert keys(judged("span: top", started)) == []
        assert keys(judged("span: top", started, complete=True)) == ["integrity/span-times"]

    def test_the_value_of_an_attribute_of_a_span_that_ended_is_final(self) -> None:
        assert keys(judged("span: top\nattributes: {k: 1}", span("top", 1, 0, attributes={"k": 2}))) == [
            "top/attribute-value"
        ]

    def test_whether_a_parent_is_remote_may_depend_on_a_span_to_come(self) -> None:
        body, child = "span: x\nparent: local", span("x", 2, resource=Resource({"service.name": "a"}))
        parent = span("top", 1, 0, resource=Resource({"service.name": "b"}))
        assert waiting(judged(body, child, without="remote")) == {"top.parent"}
        assert keys(judged(body, child, parent, without="remote")) == ["top/parent"]
        alone = judged(body, child, without="remote", complete=True).results[0]
        assert [each.reason for each in alone.not_checked] == ["capability"]
