"""Contract tests for any implementation, and the contracts' own examples held to what they say."""

from spanpact.conformance.examples_check import verify_examples
from spanpact.conformance.implementation import Implementation
from spanpact.conformance.scenarios import SCENARIOS, Scenario
from spanpact.conformance.suite import TraceContracts, judge_scenario

__all__ = ["SCENARIOS", "Implementation", "Scenario", "TraceContracts", "judge_scenario", "verify_examples"]
