"""Contract tests that an implementation in any language can run.

`implementation` is the adapter to write, `scenarios` lists what it can perform, `suite` has the test class to derive
from (docs/implementers.md). `verify_examples` verifies the contracts' own examples.

May import everything except `cli` and `testing`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spanpact.conformance.implementation import Implementation
from spanpact.conformance.scenarios import SCENARIOS, Scenario
from spanpact.verification.examples.contract_examples import verify_examples

if TYPE_CHECKING:
    from spanpact.conformance.suite import TraceContracts, judge_scenario

__all__ = ["SCENARIOS", "Implementation", "Scenario", "TraceContracts", "judge_scenario", "verify_examples"]


def __getattr__(name: str) -> Any:
    """Import the test class when it is first used: it needs pytest, the rest of the package does not."""
    if name in ("TraceContracts", "judge_scenario"):
        from spanpact.conformance import suite

        return getattr(suite, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
