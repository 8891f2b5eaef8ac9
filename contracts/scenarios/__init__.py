"""What the reference implementation does in each scenario of `spanpact.conformance.SCENARIOS`.

`harness` is the environment in which a scenario runs; the other modules have the actions by subject.
"""

from __future__ import annotations

from contracts.scenarios.harness import Action, Harness, RedisHarness

__all__ = ["Action", "Harness", "RedisHarness"]
