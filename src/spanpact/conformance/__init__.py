"""Contract tests that an implementation in any language can run.

`implementation` is the adapter to write, `scenarios` lists what it can perform, `suite` has the test class to derive
from (docs/implementers.md). `verify_examples` verifies the contracts' own examples. Behind `spanpact conform` are
`scenario_service`, which lets a service perform scenarios over HTTP, `judging` and `results_text`.

May import everything except `cli` and `testing`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spanpact.conformance.implementation import Implementation
from spanpact.conformance.judging import judge_scenario
from spanpact.conformance.scenarios import SCENARIOS, Scenario
from spanpact.verification.examples.contract_examples import verify_examples

if TYPE_CHECKING:
    from spanpact.conformance.suite import TraceContracts

__all__ = ["SCENARIOS", "Implementation", "Scenario", "TraceContracts", "judge_scenario", "verify_examples"]


def __getattr__(name: str) -> Any:
    """Import the test class when it is first used: it needs pytest, the rest of the package does not."""
    if name == "TraceContracts":
        from spanpact.conformance.suite import TraceContracts

        return TraceContracts
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
