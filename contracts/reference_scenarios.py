"""What the reference implementation does in each scenario of `spanpact.conformance.SCENARIOS`."""

from __future__ import annotations

from contracts.database_scenarios import DATABASE_ACTIONS
from contracts.propagation_scenarios import PROPAGATION_ACTIONS
from contracts.redis_scenarios import REDIS_ACTIONS
from contracts.session_scenarios import SESSION_ACTIONS
from contracts.stage import Action

ACTIONS: dict[str, Action] = {**REDIS_ACTIONS, **SESSION_ACTIONS, **PROPAGATION_ACTIONS, **DATABASE_ACTIONS}
"""By scenario."""
