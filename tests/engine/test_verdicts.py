"""A report as a whole: verdicts, their precedence, levels shared by contracts, places, masks."""

from __future__ import annotations

import datetime as dt

import pytest

from spanpact.contract.compiled import ContractPlan
from spanpact.contract.loader import load_text
from spanpact.engine import CompiledContract
from spanpact.engine.flow_assignments import assignments
from spanpact.findings import Report
from spanpact.trace.model import ALL_CAPABILITIES, Attributes, Reading, SourceInfo, Span, Trace
from spanpact.verification.options import VerificationOptions
from spanpact.verification.verifying import verify

TRACE = "0" * 31 + "1"


def contract(body: str, *, name: str = "c") -> ContractPlan:
    return load_text(f"spanpact: 1\ncontract: {name}\nversion: 1.0.0\n{body}\n", file="c.contract.yaml")


def span(name: str = "top", number: int = 1, parent: int = 0, *, attributes: Attributes | None = None) -> Span:
    parent_id = f"{parent:016x}" if parent else ""
    return Span(TRACE, f"{number:016x}", name, parent_id, start_ns=number, end_ns=99, attributes=attributes or {})


def judged(
    *plans: ContractPlan,
    spans: tuple[Span, ...] = (span(),),
    without: str = "",
    strict: bool = False,
    allow_unseen: bool = False,
) -> Report:
    source = SourceInfo("test", ALL_CAPABILITIES - set(without.split()))
    reading = Reading(source, [Trace(TRACE, spans)])
    return verify(plans, reading, VerificationOptions(strict=strict, allow_unseen=allow_unseen))


KEPT, BROKEN = contract("span: top\nkind: internal"), contract("span: top\nkind: client", name="d")
UNSEEN = contract("span: nowhere", name="e")


class TestVerdict:
    def test_broken_over_not_checked_over_kept(self) -> None:
        assert judged(KEPT).verdict == "kept"
        assert judged(KEPT, UNSEEN).verdict == "not checked"
        assert judged(KEPT, UNSEEN, BROKEN).verdict == "broken"

    @pytest.mark.parametrize(("plans", "code"), [([KEPT], 0), ([BROKEN], 1), ([KEPT, UNSEEN], 3), ([], 3)])
    def test_exit_codes(self, plans: list[ContractPlan], code: int) -> None:
        assert judged(*plans).exit_code == code

    def test_a_contract_that_only_forbids_counts_what_it_looked_at(self) -> None:
        plan = contract("every: {none: {span: other, count: 0}}")
        report = judged(plan, spans=(span(), span("child", 2, 1)))
        assert report.verdict == "kept"
        assert [(each.state, each.exercised) for each in report.results[0].coverage] == [("exercised", 2)]

    def test_an_integrity_finding_breaks_the_report_and_no_contract(self) -> None:
        report = judged(KEPT, spans=(span(), span("other", 2)))
        assert [finding.key for finding in report.integrity] == ["integrity/trace-roots"]
        assert (report.verdict, report.results[0].verdict) == ("broken", "kept")

    def test_strict_makes_capability_gaps_count(self) -> None:
        plan = contract("span: top\nkind: internal\nscope: {matches: '.*'}")
        assert judged(plan, without="scope").verdict == "kept"
        assert judged(plan, without="scope", strict=True).verdict == "not checked"
        assert judged(plan, strict=True).verdict == "kept"

    def test_allow_unseen_forgives_what_was_not_seen_where_something_was(self) -> None:
        assert judged(KEPT, UNSEEN, allow_unseen=True).verdict == "kept"
        assert judged(UNSEEN, allow_unseen=True).verdict == "not checked"

    def test_allow_unseen_forgives_nothing_else(self) -> None:
        children = "children: {a: {span: x, count: 0..}}"
        plan = contract(f"span: top\nattributes: {{k: {{same_as: a.k}}}}\n{children}")
        report = judged(KEPT, plan, spans=(span(attributes={"k": 1}),), allow_unseen=True)
        assert report.verdict == "not checked"

    def test_nothing_exercised_is_never_kept(self) -> None:
        assert judged(contract("children: {a: {span: x, count: 0..}}")).verdict == "not checked"

    def test_without_a_day_the_present_day_decides(self) -> None:
        plan = contract("span: top\nkind: client\npending: {top: {reason: r, owner: o, until: 2020-01-01}}")
        reading = Reading(SourceInfo("test"), [Trace(TRACE, [span()])])
        assert verify([plan], reading).verdict == "broken"
        assert verify([plan], reading, VerificationOptions(today=dt.date(2020, 1, 1))).verdict == "kept"


class TestFindings:
    def test_integrity_is_judged_once_at_the_strictest_level(self) -> None:
        mild = contract("span: top\nlevels: {trace-roots: 'off'}")
        strict = contract("span: top\nlevels: {integrity/trace-roots: improvement}", name="d")
        silent = contract("span: elsewhere", name="e")  # does not apply to the trace, so its level does not count
        roots = (span(), span("other", 2))
        assert [f.level for f in judged(mild, strict, spans=roots).integrity] == ["improvement"]
        assert [f.level for f in judged(mild, strict, KEPT, spans=roots).integrity] == ["violation"]
        assert judged(mild, silent, spans=roots).integrity == ()

    def test_a_finding_knows_its_place_in_the_contract(self) -> None:
        plan = contract("span: top\nkind: client\nchildren:\n  a: {span: x}\n  b:\n    span: y\n    count: 0\n"
                        "attributes: {k: 1}\nevery:\n  e: {span: top, status: ok}")  # fmt: skip
        report = judged(plan, spans=(span(), span("y", 2, 1)))
        lines = {finding.key: finding.place.line for finding in report.findings if finding.place}
        assert lines == {
            "top/kind": 5, "a/span-missing": 7, "b/span-surplus": 10, "top/attribute-missing": 11, "e/status": 13,
        }  # fmt: skip

    def test_whatever_is_reported_is_masked(self) -> None:
        leaking = Span(
            TRACE, "bob@example.com", "bob@example.com", start_ns=5, end_ns=1, attributes={"k": ["bob@example.com"]}
        )
        report = judged(contract("span: '*'\nattributes: {k: 1}\nforbid: [email]"), spans=(leaking,))
        assert {f.key for f in report.findings} == {
            "top/attribute-type", "top/privacy-leak", "integrity/id-invalid", "integrity/span-times",
        }  # fmt: skip
        assert "bob@example.com" not in "".join(map(str, report.findings))

    def test_an_own_class_masks_the_integrity_findings_too(self) -> None:
        plan = contract("span: '*'\nclasses: {badge: 'EMP-[0-9]+'}")
        report = judged(plan, spans=(span("EMP-1"), span("EMP-2", 2)))
        assert report.integrity[0].observed == "2: ‹badge›, ‹badge›"

    def test_half_an_address_is_never_left_by_cutting(self) -> None:
        for before in range(280, 320):
            text = "x" * before + " bob@example.com"
            report = judged(contract("span: top\nattributes: {k: 1}"), spans=(span(attributes={"k": text}),))
            assert "bob" not in report.findings[0].observed

    def test_a_list_is_masked_as_its_texts_are(self) -> None:
        secret: Attributes = {"k": ["Bearer\tabcdefghijk7", True, None, 1.5, b"x", {"a": {"b": []}}]}
        report = judged(contract("span: top\nattributes: {k: 1}"), spans=(span(attributes=secret),))
        assert report.findings[0].observed == '["‹bearer›", true, null, 1.5, 1 bytes, {a: {b: []}}] (array)'

    def test_nested_flows_report_equal_findings_once(self) -> None:
        plan = contract("span: top\nevery: {e: {span: x, kind: client}}")
        report = judged(plan, spans=(span(), span("top", 2, 1), span("x", 3, 2)))
        assert [f.key for f in report.findings] == ["e/kind"]
        assert report.results[0].flows == 2

    def test_more_span_names_than_a_rule_remembers(self) -> None:
        plan = contract("span: top\nevery: {e: {span: 'x9*', kind: client}}")
        names = [span(f"x{i}", i + 2, 1) for i in range(5000)]
        report = judged(plan, spans=(span(), *names))
        assert sum(f.id == "kind" for f in report.findings) == sum(str(i).startswith("9") for i in range(5000))


class TestAssignments:
    def test_counted_spans_come_before_surplus_ones(self) -> None:
        plan = contract("span: top\nchildren: {a: {span: x, attributes: {n: 1}}}")
        spans = [span(), span("x", 2, 1), span("x", 3, 1, attributes={"n": 1})]
        (flow,) = assignments(plan, Reading(SourceInfo("test"), [Trace(TRACE, spans)]))
        assert [each.span_id[-1] for each in flow.spans["a"]] == ["3", "2"]

    def test_a_compiled_contract_can_be_used_again(self) -> None:
        compiled = CompiledContract.of(BROKEN)
        reading = Reading(SourceInfo("test"), [Trace(TRACE, [span()])])
        assert verify([compiled], reading) == verify([compiled], reading) == verify([BROKEN], reading)
