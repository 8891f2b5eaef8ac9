"""An expectation is proven if some example gives other findings without it (section 11 of the contract format)."""

from __future__ import annotations

from pathlib import Path

import pytest

from spanpact.conformance import verify_examples
from spanpact.contract.loader import load_contract, load_text
from spanpact.findings import Coverage, Report
from spanpact.reporting import TextOptions, parse_json, render_json, render_text
from spanpact.verification.examples import proving

HEAD = "spanpact: 1\ncontract: cache\nversion: 1.0.0\nspan: work\n"
KEPT = "examples:\n  kept: {trace: [{span: work, children: [{span: get, attributes: {key: a}}]}]}\n"


def verified(body: str, examples: str) -> Report:
    return verify_examples([load_text(HEAD + body + KEPT + examples, file="c.contract.yaml")])


def proofs(report: Report) -> dict[str, bool | None]:
    return {f"{each.entry}.{each.keyword}": each.proven for each in report.results[0].coverage}


def proven(expectation: str, body: str, examples: str) -> bool | None:
    report = verified(body, examples)
    assert [f.key for f in report.findings if f.id == "example-wrong"] == []
    return proofs(report)[expectation]


GET = "children: {get: {span: get}}\n"
NONE = "  none: {like: kept, but: {get: absent}, findings: [get/span-missing]}\n"
TWO = "  two: {like: kept, but: {get: {repeat: 2}}, findings: [get/span-surplus]}\n"
ERROR = "  failed: {like: kept, but: {top: {status: error}}, findings: [top/status]}\n"


@pytest.mark.parametrize("breaking", [NONE, TWO])
def test_count_is_proven_by_a_missing_and_by_a_surplus_span(breaking: str) -> None:
    assert proven("get.span", GET, breaking) is True


def test_count_that_no_example_breaks_is_unproven() -> None:
    assert proven("get.span", f"status: unset\n{GET}", ERROR) is False


def test_any_count_and_the_span_of_the_body_demand_nothing() -> None:
    report = verified("status: unset\nchildren: {get: {span: get, count: 0..}}\n", ERROR)
    assert proofs(report) == {"top.span": None, "top.status": True, "get.span": None}


def test_scenario_is_proven_by_a_labelled_trace_without_a_flow() -> None:
    missing = "  missing: {trace: [other], findings: [top/span-missing]}\n"
    assert proven("top.span", "scenario: cached\n", missing) is True
    assert proven("top.span", f"scenario: cached\n{GET}", NONE) is False


PAIRS = [
    ("kind: internal\n", "top.kind", "{kind: server}", "top/kind"),
    ("status: unset\n", "top.status", "{status: error}", "top/status"),
    ("status_message: ''\n", "top.status_message", "{status: error, status_message: x}", "top/status-message"),
    ("attributes: {a: absent}\n", "top.attributes.a", "{attributes: {a: 1}}", "top/attribute-unexpected"),
    ("resource: {a: absent}\n", "top.resource.a", "{resource: {a: 1}}", "top/attribute-unexpected"),
    ("scope: {matches: '[^x]*'}\n", "top.scope", "{scope: x}", "top/scope"),
    ("parent: none\n", "top.parent", "{parent: remote}", "top/parent"),
    ("duration: 1s\n", "top.duration", "{takes: 2s}", "top/duration"),
    ("limits: {attributes: 1}\n", "top.limits", "{attributes: {a: 1, b: 2}}", "top/attribute-limit"),
    ("forbid: [email]\n", "top.forbid", "{attributes: {a: a@example.com}}", "top/privacy-leak"),
    ("closed: [attributes]\n", "top.closed.attributes", "{attributes: {a: 1}}", "top/attribute-extra"),
    ("closed: [events]\n", "top.closed.events", "{events: [{event: e}]}", "top/event-extra"),
    ("events: {e: {event: e, count: 0}}\n", "e.event", "{events: [{event: e}]}", "e/event-surplus"),
    ("links: {l: {count: 0}}\n", "l.link", "{links: [{to: {trace_id: '1', span_id: '2'}}]}", "l/link-surplus"),
    ("every: {r: {span: work, status: unset}}\n", "r.status", "{status: error}", "r/status"),
    ("every: {r: {span: put, count: 0}}\n", "r.count", "{children: [get, put]}", "r/span-surplus"),
    (
        "events: {e: {event: e, count: 0.., attributes: {a: absent}}}\n",
        "e.attributes.a",
        "{events: [{event: e, attributes: {a: 1}}]}",
        "e/attribute-unexpected",
    ),
    (
        "conditions: {c: {when: {top: {status: error}}, then: {top: {attributes: {e: present}}}}}\n",
        "c.then",
        "{status: error}",
        "top/attribute-missing",
    ),
    ("across: {n: {distinct_names: 2}}\n", "n.distinct_names", "{children: [get, put]}", "n/distinct-names"),
    ("across: {a: {error_rate: 0.5, samples: 1}}\n", "a.error_rate", "{status: error}", "a/error-rate"),
]


@pytest.mark.parametrize(("body", "expectation", "change", "finding"), PAIRS, ids=[pair[1] for pair in PAIRS])
def test_each_keyword_is_proven_by_what_breaks_it_and_by_nothing_else(
    body: str, expectation: str, change: str, finding: str
) -> None:
    examples = f"  bad: {{like: kept, but: {{top: {change}}}, findings: [{finding}]}}\n"
    assert proven(expectation, body, examples) is True
    assert proven(expectation, body + GET, NONE) is False


def test_order_and_concurrency_are_proven_by_what_breaks_them() -> None:
    children = "{get: {span: get, count: 0.., concurrency: 0..1}, put: {span: put, count: 0..1}}"
    body = f"children: {children}\norder: [put, get]\n"
    both = "{children: [{span: get, at: 0ms, takes: 2ms}, {span: get, at: 1ms}]}"
    concurrent = f"  at_once: {{like: kept, but: {{top: {both}}}, findings: [get/concurrency]}}\n"
    disorder = "  first: {like: kept, but: {top: {children: [get, put]}}, findings: [top/order]}\n"
    both_proven = proofs(verified(body, concurrent + disorder))
    assert (both_proven["get.concurrency"], both_proven["top.order"]) == (True, True)
    assert proven("top.order", body, concurrent) is False
    assert proven("get.concurrency", body, disorder) is False


def test_expectation_that_only_steers_which_span_is_whose_is_proven() -> None:
    """Without the attribute of `a`, the earlier span would be its own, and `b` would have the wrong one."""
    body = """\
children:
  a: {span: get, count: 0..1, attributes: {key: a}}
  b: {span: get, count: 0..1, attributes: {key: b}}
"""
    swapped = """\
  swapped:
    trace: [{span: work, children: [{span: get, attributes: {key: b}}, {span: get, attributes: {key: a}}]}]
  bad:
    trace: [{span: work, kind: internal, children: [get, get, get]}]
    findings: [a/span-surplus, a/attribute-missing, b/attribute-missing]
"""
    assert proven("a.attributes.key", body, swapped) is True


def test_attribute_that_names_what_a_closed_place_may_hold_is_proven_by_an_accepted_example() -> None:
    body = (
        "closed: [attributes]\nattributes: {a: {optional: true, type: int}}\n"
        "every: {ruled: {span: work, attributes: {b: {optional: true, type: int}}}}\n"
    )
    examples = (
        "  named: {trace: [{span: work, attributes: {a: 1, b: 1}}]}\n"
        "  bad: {trace: [{span: work, attributes: {c: 1}}], findings: [top/attribute-extra]}\n"
    )
    report = verified(body, examples)
    assert (proofs(report)["top.attributes.a"], proofs(report)["ruled.attributes.b"]) == (True, True)


def test_of_two_expectations_that_say_the_same_neither_is_proven() -> None:
    body = f"{GET}conditions: {{always: {{when: {{top: present}}, then: {{get: present}}}}}}\n"
    report = verified(body, NONE)
    assert (proofs(report)["get.span"], proofs(report)["always.then"]) == (False, False)


def test_expectation_of_information_level_or_pending_is_proven_by_its_finding_too() -> None:
    other = "attributes: {a: absent}\n"
    bad = "  bad: {like: kept, but: {top: {attributes: {a: 1}}}, findings: [top/attribute-unexpected]}\n"
    wrong = "  failed: {like: kept, but: {get: {status: error}}}\n"
    body = f"{other}children: {{get: {{span: get, status: unset}}}}\n"
    assert proven("get.status", f"{body}levels: {{get/status: information}}\n", bad + wrong) is True
    pending = "pending: {get: {reason: later, owner: team, until: 2999-01-01}}\nlevels: {pending-kept: off}\n"
    assert proven("get.status", body + pending, bad + wrong) is True


def test_unproven_is_a_finding_of_information_that_leaves_the_contract_kept() -> None:
    report = verified(f"status: unset\n{GET}", ERROR)
    (finding,) = report.findings
    assert (report.verdict, finding.key, finding.keyword, finding.level) == (
        "kept", "get/expectation-unproven", "span", "information",
    )  # fmt: skip
    assert str(finding.place) == "c.contract.yaml:6:18"
    assert finding.hint == "add a rejected example that breaks it and nothing else"


@pytest.mark.parametrize(
    ("state", "body"),
    [
        ("no example has anything to decide", "children: {put: {span: put, count: 0.., kind: client}}\n"),
        ("no example reaches its place", "children: {put: {span: put, count: 0.., children: {sub: {span: sub}}}}\n"),
    ],
)
def test_hint_says_how_far_the_examples_get(state: str, body: str) -> None:
    findings = verified(f"status: unset\n{body}", ERROR).findings
    assert [finding.hint.partition(" there")[0].partition(":")[0] for finding in findings] == [state]


def test_level_is_what_the_contract_says() -> None:
    levels = "levels: {expectation-unproven: violation, get/expectation-unproven: LEVEL}\n"
    off = verified(f"status: unset\n{GET}{levels.replace('LEVEL', 'off')}", ERROR)
    assert (off.verdict, off.findings) == ("kept", ())
    binding = verified(f"status: unset\n{GET}{levels.replace('LEVEL', 'violation')}", ERROR)
    assert (binding.exit_code, [finding.key for finding in binding.findings]) == (1, ["get/expectation-unproven"])


def test_what_a_fragment_says_is_no_finding_of_one_contract_that_extends_it(tmp_path: Path) -> None:
    (tmp_path / "common.contract.yaml").write_text(
        "spanpact: 1\nfragment: common\nevery: {r: {span: '*', kind: internal}}\n"
    )
    contract = tmp_path / "c.contract.yaml"
    contract.write_text(f"{HEAD}extends: [common.contract.yaml]\nstatus: unset\n{KEPT}{ERROR}")
    report = verify_examples([load_contract(contract)])
    assert report.findings == ()
    assert proofs(report)["r.kind"] is False


def test_text_counts_the_unproven_and_names_them_on_request() -> None:
    report = verified(f"status: unset\n{GET}", ERROR)
    text = render_text(report)
    assert "coverage  exercised  vacuous  unseen  unproven\n  cache           3        0       0         1\n" in text
    assert "expectation-unproven" not in text
    listed = render_text(report, TextOptions(coverage=True))
    assert "exercised  get.span        ×4  c.contract.yaml:6:18  unproven\n" in listed
    assert "exercised  top.status      ×2  c.contract.yaml:5:1\n" in listed


def test_json_says_what_is_proven_and_reads_it_back() -> None:
    report = verified(f"status: unset\n{GET}", ERROR)
    (result,) = parse_json(render_json(report)).results
    assert result.coverage == report.results[0].coverage
    assert Coverage("get", "span", "exercised", 4, report.findings[0].place, False) in result.coverage


def test_proofs_of_huge_examples_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Expectations left when enough spans were judged are neither proven nor unproven."""
    monkeypatch.setattr(proving, "MOST_WORK", 26)
    competing = "children: {a: {span: get, count: 0..1, kind: internal}, b: {span: get, count: 0..1, kind: internal}}\n"
    report = verified(f"status: unset\n{competing}", ERROR)
    proven = {"top.span": None, "top.status": True, "a.span": False, "a.kind": None, "b.span": None, "b.kind": None}
    assert proofs(report) == proven
    assert [finding.entry for finding in report.findings] == ["a"]


def test_a_wide_contract_is_proven_without_judging_it_once_for_each_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no entry competes for spans, an expectation is proven by the examples that have its finding."""
    names = [f"e{i}" for i in range(80)]
    body = "children:\n" + "".join(f"  {name}: {{span: s.{name}}}\n" for name in names)
    spans = ", ".join(f"s.{name}" for name in names)
    kept = f"examples:\n  good: {{trace: [{{span: work, children: [{spans}]}}]}}\n"
    rejected = "".join(
        f"  bad_{name}: {{like: good, but: {{{name}: absent}}, findings: [{name}/span-missing]}}\n"
        for name in names[::2]
    )
    judged = []
    monkeypatch.setattr(proving, "verify", lambda *given: judged.append(given))
    report = verify_examples([load_text(HEAD + body + kept + rejected, file="c.contract.yaml")])
    found = proofs(report)
    assert [found[f"{name}.span"] for name in names] == [i % 2 == 0 for i in range(80)]
    assert judged == []
