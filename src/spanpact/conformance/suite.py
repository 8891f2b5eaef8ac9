"""The contract tests of any implementation: one class, one fixture.

class TestMyService(TraceContracts):
    @pytest.fixture
    def implementation(self) -> Implementation:
        return MyService()
"""

from __future__ import annotations

import pytest

from spanpact.conformance.implementation import Implementation
from spanpact.conformance.scenarios import SCENARIOS, Scenario
from spanpact.contract.loader import load_contracts
from spanpact.contract.shipped import shipped_contracts
from spanpact.engine.judging import CompiledContract
from spanpact.findings import Report
from spanpact.reporting import render_text
from spanpact.verification.verifying import verify


def judge_scenario(implementation: Implementation, scenario: Scenario) -> Report:
    """Perform a scenario and judge what it caused by every shipped contract; unseen ones are allowed."""
    return verify(_contracts(), implementation.perform(scenario.name), allow_unseen=True)


class TraceContracts:
    """Derive, give the fixture `implementation`, and every scenario that it claims is a test."""

    @pytest.fixture
    def implementation(self) -> Implementation:
        """The implementation under contract."""
        raise NotImplementedError("give a fixture `implementation` (docs/implementers.md)")

    @pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
    def test_scenario_keeps_its_contracts(self, implementation: Implementation, scenario: Scenario) -> None:
        """The traces of the scenario break no contract, and keep each contract that it is about."""
        if scenario.name not in implementation.scenarios:
            pytest.skip(f"{implementation.name}: scenario {scenario.name} is not claimed")
        report = judge_scenario(implementation, scenario)
        kept = {result.contract for result in report.results if result.verdict == "kept"}
        assert report.verdict == "kept", render_text(report)
        assert kept.issuperset(scenario.contracts), render_text(report)


_compiled: list[CompiledContract] = []


def _contracts() -> list[CompiledContract]:
    if not _compiled:
        _compiled.extend(map(CompiledContract.of, load_contracts([shipped_contracts()])))
    return _compiled
