"""Implementations that are each broken in one way, as real teams break them, get exactly the findings expected.

The service in `tests/broken_implementations` keeps the shipped contracts; each broken implementation overrides one
step of it, and must give exactly the findings that it lists, or leave exactly the contracts unchecked that it lists.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from containers.servers.private_redis import private_redis
from spanpact.conformance import SCENARIOS, Scenario, judge_scenario
from spanpact.contract.loader import load_contracts
from spanpact.contract.shipped import shipped_contracts
from spanpact.findings import Report
from spanpact.findings.catalogue import CATALOGUE
from spanpact.reporting import render_text
from tests.broken_implementations.every import BLIND_SPOTS, BROKEN, Broken
from tests.broken_implementations.scenarios import ACTIONS, Subject

CLAIMED = [scenario for scenario in SCENARIOS if scenario.name in ACTIONS]
AT_LEAST = 40

NEVER_GIVEN: Mapping[str, str] = {
    "span-name": "no shipped contract expects a name besides what `span` selects",
    "scope": "no shipped contract expects a scope: they hold for any instrumentation",
    "attribute-extra": "no shipped contract closes attributes: every service has some of its own",
    "attribute-limit": "no shipped contract has `limits`: the SDK's own are settings of a service",
    "attribute-sum": "no shipped contract has a rule over the values of a flow",
    "attribute-distinct": "no shipped contract has a rule over the values of a flow",
    "attribute-repeats": "no shipped contract has a rule over the values of a flow",
    "distinct-names": "no shipped contract has `across`, which needs many requests",
    "sampling-rate": "no shipped contract has `across`, which needs many requests",
    "error-rate": "no shipped contract has `across`, which needs many requests",
    "match-ambiguous": "exchanging spans between entries of the shipped contracts changes the findings",
    "pending-kept": "no shipped contract has anything pending",
    "pending-expired": "no shipped contract has anything pending",
    "attribute-repeated": "an SDK for Python keeps attributes in a dict, where no key repeats",
    "span-lost": "found by `spanpact compare` in two sources, not in an implementation",
    "span-altered": "found by `spanpact compare` in two sources, not in an implementation",
    "example-wrong": "found in a contract's own examples",
    "expectation-unproven": "found in a contract's own examples",
}
"""Findings that no broken implementation can give under the shipped contracts, and why."""


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    """Start one real Redis, which every scenario empties."""
    with private_redis() as backend:
        yield backend.url


@pytest.mark.unmeasured
@pytest.mark.parametrize("scenario", CLAIMED, ids=lambda scenario: scenario.name)
def test_what_is_broken_below_is_whole_before(redis_url: str, scenario: Scenario) -> None:
    report = judge_scenario(Subject(redis_url), scenario)
    kept = {result.contract for result in report.results if result.verdict == "kept"}
    assert (report.verdict, report.findings) == ("kept", ()), render_text(report)
    assert kept >= set(scenario.contracts), render_text(report)


@pytest.mark.unmeasured
@pytest.mark.parametrize("name", BROKEN)
def test_it_is_caught_for_what_it_is_and_for_nothing_else(redis_url: str, name: str) -> None:
    case = BROKEN[name]
    report = judged(redis_url, case)
    assert keys(report) == case.findings, render_text(report)
    assert case.findings or not_kept(report, case) == case.not_checked != frozenset(), render_text(report)


def test_there_are_enough_of_them() -> None:
    assert len(BROKEN) >= AT_LEAST


@pytest.mark.parametrize("name", BLIND_SPOTS)
def test_a_blind_spot_is_one_still(redis_url: str, name: str) -> None:
    report = judged(redis_url, BLIND_SPOTS[name])
    assert (report.verdict, keys(report)) == ("kept", set()), "now it is caught: put it on the list of the broken ones"
    assert not_kept(report, BLIND_SPOTS[name]) == set()


def test_every_finding_that_the_shipped_contracts_can_give_is_given_by_one() -> None:
    given = {key.partition("/")[2] for case in BROKEN.values() for key in case.findings}
    assert sorted(set(CATALOGUE) - given) == sorted(NEVER_GIVEN)


def test_what_is_never_given_is_asked_for_by_no_shipped_contract() -> None:
    for plan in load_contracts([shipped_contracts()]):
        contents = [*(entry.content for entry in plan.top.walk()), *(rule.content for rule in plan.rules)]
        assert not plan.across
        assert not plan.pending
        assert all(content.scope is None for content in contents)
        assert all("attributes" not in entry.closed for entry in plan.top.walk())


def test_each_says_how_it_is_broken_in_words_of_its_own() -> None:
    every = [*BROKEN.values(), *BLIND_SPOTS.values()]
    docstrings = [str(case.service.__doc__) for case in every]
    assert len(set(docstrings)) == len(every)
    assert [text for text in docstrings if not text.endswith(".") or "\n" in text] == []


def judged(redis_url: str, case: Broken) -> Report:
    """Judge a broken implementation by the shipped contracts, in the scenario that shows the fault."""
    return judge_scenario(Subject(redis_url, case.service), scenario_of(case))


def scenario_of(case: Broken) -> Scenario:
    """Return the scenario that shows the fault."""
    (scenario,) = [each for each in SCENARIOS if each.name == case.scenario]
    return scenario


def not_kept(report: Report, case: Broken) -> set[str]:
    """Return what makes the scenario's conformance test fail: broken contracts, findings, own contracts not kept."""
    kept = {result.contract for result in report.results if result.verdict == "kept"}
    loud = {result.contract for result in report.results if result.findings} | {f.entry for f in report.integrity}
    return (set(scenario_of(case).contracts) - kept) | loud


def keys(report: Report) -> set[str]:
    """Return the keys of all findings of a report."""
    return {finding.key for finding in report.findings}
