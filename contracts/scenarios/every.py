"""What the reference implementation does in each scenario of `spanpact.conformance.SCENARIOS`, and in further ones."""

from __future__ import annotations

from contracts.exact_scenarios import (
    breakers,
    cache,
    clients,
    correlation,
    jobs,
    keys,
    managers,
    operations,
    requests,
    sampling,
)
from contracts.scenarios.database import DATABASE_ACTIONS
from contracts.scenarios.propagation import PROPAGATION_ACTIONS
from contracts.scenarios.redis import REDIS_ACTIONS
from contracts.scenarios.sessions import SESSION_ACTIONS
from contracts.scenarios.stage import Action

ACTIONS: dict[str, Action] = {**REDIS_ACTIONS, **SESSION_ACTIONS, **PROPAGATION_ACTIONS, **DATABASE_ACTIONS}
"""By scenario."""

_FURTHER = (clients, keys, sampling, operations, correlation, jobs, requests, cache, breakers, managers)

ALL_ACTIONS: dict[str, Action] = ACTIONS | {name: each for module in _FURTHER for name, each in module.ACTIONS.items()}
"""Those, and what no contract speaks of: how the reference implementation behaves where another may do otherwise."""

CLOCKED: frozenset[str] = frozenset({*breakers.ACTIONS, *managers.ACTIONS})
"""Scenarios whose breakers have a clock that is set by hand, so that every number of theirs is exact."""

SLOW: frozenset[str] = frozenset({
    "breaker-left-behind", "breaker-lifecycle", "database-call-fails", "session-database-down", "purge",
    "background-jobs",
})  # fmt: skip
"""Scenarios that wait for something: tests come to them last, as a breach is mostly seen before."""
