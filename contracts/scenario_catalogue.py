"""Every scenario of the reference implementation by name: those of the contracts, and further ones."""

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
from contracts.scenarios.harness import Action
from contracts.scenarios.propagation import PROPAGATION_ACTIONS
from contracts.scenarios.redis import REDIS_ACTIONS
from contracts.scenarios.sessions import SESSION_ACTIONS

__all__ = ["ACTIONS", "ALL_ACTIONS", "CLOCKED", "SLOW"]

ACTIONS: dict[str, Action] = {**REDIS_ACTIONS, **SESSION_ACTIONS, **PROPAGATION_ACTIONS, **DATABASE_ACTIONS}
"""The scenarios of `spanpact.conformance.SCENARIOS`, which the contracts cover."""

_FURTHER = (clients, keys, sampling, operations, correlation, jobs, requests, cache, breakers, managers)

ALL_ACTIONS: dict[str, Action] = ACTIONS | {name: each for module in _FURTHER for name, each in module.ACTIONS.items()}
"""These and further scenarios that no contract covers, where another implementation may behave differently."""

CLOCKED: frozenset[str] = frozenset({*breakers.ACTIONS, *managers.ACTIONS})
"""Scenarios whose breakers have a clock that is set by hand, so that every number in their traces is exact."""

SLOW: frozenset[str] = frozenset({
    "breaker-left-behind", "breaker-lifecycle", "database-call-fails", "session-database-down", "purge",
    "background-jobs",
})  # fmt: skip
"""Scenarios that wait for something. Tests run them last, because a faster one usually fails first."""
