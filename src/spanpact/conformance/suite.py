"""The contract tests of any implementation: derive from the class and define one fixture.

class TestMyService(TraceContracts):
    @pytest.fixture
    def implementation(self) -> Implementation:
        return MyService()
"""

from __future__ import annotations

import pytest

from spanpact.conformance.implementation import Implementation
from spanpact.conformance.judging import judge_scenario
from spanpact.conformance.scenarios import SCENARIOS, Scenario
from spanpact.reporting import render_text


class TraceContracts:
    """The tests to derive from: every scenario that the fixture `implementation` claims is one test."""

    @pytest.fixture
    def implementation(self) -> Implementation:
        """Return the implementation to test; override it."""
        raise NotImplementedError("define a fixture `implementation` in your class (docs/implementers.md)")

    @pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
    def test_scenario_keeps_its_contracts(self, implementation: Implementation, scenario: Scenario) -> None:
        """Assert that the traces of the scenario break no contract and keep each contract that it names."""
        if scenario.name not in implementation.scenarios:
            pytest.skip(f"{implementation.name}: scenario {scenario.name} is not claimed")
        report = judge_scenario(implementation, scenario)
        kept = {result.contract for result in report.results if result.verdict == "kept"}
        assert report.verdict == "kept", render_text(report)
        assert kept.issuperset(scenario.contracts), render_text(report)
