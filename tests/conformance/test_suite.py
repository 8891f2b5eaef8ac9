"""The contract tests that others derive from: what is not claimed is skipped, what is not kept fails."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from spanpact.conformance import SCENARIOS, TraceContracts
from spanpact.contract.loader import load_contracts
from spanpact.contract.shipped import shipped_contracts
from spanpact.trace.model import Reading, SourceInfo, Span, Trace

GET_HIT = SCENARIOS[0]
UNTRACED = Reading(SourceInfo("own"), [Trace("1" * 32, [Span("1" * 32, "2" * 16, "work", start_ns=1, end_ns=2)])])


class Untraced:
    """An implementation whose traces hold nothing that a contract selects."""

    name = "untraced"

    def __init__(self, *scenarios: str) -> None:
        self.scenarios: Collection[str] = scenarios

    def perform(self, scenario: str) -> Reading:
        return UNTRACED


def test_scenario_that_is_not_claimed_is_skipped() -> None:
    with pytest.raises(pytest.skip.Exception, match=f"untraced: scenario {GET_HIT.name} is not claimed"):
        TraceContracts().test_scenario_keeps_its_contracts(Untraced(), GET_HIT)


def test_scenario_that_exercises_none_of_its_contracts_fails_with_the_report() -> None:
    with pytest.raises(AssertionError, match="not checked"):
        TraceContracts().test_scenario_keeps_its_contracts(Untraced(GET_HIT.name), GET_HIT)


def test_scenarios_have_names_of_their_own_and_name_shipped_contracts() -> None:
    names = [scenario.name for scenario in SCENARIOS]
    assert len(names) == len(set(names))
    shipped = {plan.name for plan in load_contracts([shipped_contracts()])}
    assert {name for scenario in SCENARIOS for name in scenario.contracts} <= shipped
