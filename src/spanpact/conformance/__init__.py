"""Contract tests for any implementation, and the contracts' own examples held to what they say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spanpact.conformance.implementation import Implementation
from spanpact.conformance.scenarios import SCENARIOS, Scenario
from spanpact.verification.contract_examples import verify_examples

if TYPE_CHECKING:
    from spanpact.conformance.suite import TraceContracts, judge_scenario

__all__ = ["SCENARIOS", "Implementation", "Scenario", "TraceContracts", "judge_scenario", "verify_examples"]


def __getattr__(name: str) -> Any:
    """The test class only where it is asked for: it needs pytest, the command line does not."""
    if name in ("TraceContracts", "judge_scenario"):
        from spanpact.conformance import suite

        return getattr(suite, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
