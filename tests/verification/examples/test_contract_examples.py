"""A contract's examples must give exactly the findings that they list."""

from __future__ import annotations

from spanpact.contract.loader import load_text
from spanpact.findings import Report
from spanpact.reporting import render_text
from spanpact.verification.examples.contract_examples import verify_examples
from tests.cli.commands import EXAMPLES
from tests.reporting.sample_reports import CONTRACT

QUIET = "levels: {expectation-unproven: off}\n"  # what is unproven has tests of its own


def verified(examples: str, **options: bool) -> Report:
    return verify_examples([load_text(CONTRACT + examples + QUIET, file="c.contract.yaml")], **options)


def test_examples_as_listed_keep_the_contract_and_cover_it_together() -> None:
    report = verified(EXAMPLES)
    assert (report.verdict, report.results[0].flows) == ("kept", 2)
    covered = {f"{each.entry}.{each.keyword}": (each.state, each.exercised) for each in report.results[0].coverage}
    assert covered["lookup.kind"] == ("exercised", 2)
    assert covered["store.span"] == ("vacuous", 0)


def test_finding_that_is_listed_but_not_found_is_reported() -> None:
    report = verified(EXAMPLES.replace("[lookup/attribute-value]", "[lookup/attribute-value, load/kind]"))
    (finding,) = report.findings
    assert (report.exit_code, finding.key) == (1, "raw/example-wrong")
    assert (finding.expected, finding.observed) == ("load/kind, lookup/attribute-value", "lookup/attribute-value")
    assert finding.hint == "listed but not found: load/kind"
    assert str(finding.place) == "c.contract.yaml:24:3"


def test_finding_that_is_found_but_not_listed_is_drawn_at_its_span() -> None:
    report = verified(EXAMPLES.replace("like: hit, but: {lookup: {", "like: hit, but: {lookup: {kind: server, "))
    wrong, unlisted = report.findings
    assert wrong.hint == "found but not listed: lookup/kind"
    assert (unlisted.key, unlisted.level) == ("lookup/kind", "information")
    text = render_text(report)
    assert "session-validate broken in trace session-validate/raw" in text
    assert "i lookup/kind" in text


def test_equal_findings_are_counted() -> None:
    twice = EXAMPLES.replace("[lookup/attribute-value]", "[lookup/attribute-value, lookup/attribute-value]")
    assert verified(twice).findings[0].hint == "listed but not found: lookup/attribute-value"


def test_trace_of_several_is_named_by_its_number() -> None:
    several = EXAMPLES.replace(
        "  hit: {trace: [{span: session.validate, children: [redis.get]}]}",
        "  hit: {trace: [{span: session.validate, children: [redis.get]}]}\n"
        "  two: {traces: [{trace: [{span: session.validate, children: [redis.get]}]},"
        " {trace: [{span: session.validate, children: [{span: redis.get, kind: server}]}]}]}",
    )
    wrong, unlisted = verified(several).findings
    assert (wrong.trace_id, unlisted.trace_id) == ("session-validate/two#1", "session-validate/two#2")


def test_contract_without_examples_is_not_checked() -> None:
    report = verified("")
    assert (report.exit_code, report.results[0].not_checked[0].detail) == (3, "it has no examples")
    assert verified("", allow_unseen=True).exit_code == 3
