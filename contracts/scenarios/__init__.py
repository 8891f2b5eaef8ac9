"""The scenarios of `spanpact.conformance.SCENARIOS`, performed by the reference implementation.

`harness` is the environment in which a scenario runs; the other modules have the actions by subject.
"""

from __future__ import annotations

from contracts.scenarios.harness import Action, Harness, RedisHarness

__all__ = ["Action", "Harness", "RedisHarness"]
