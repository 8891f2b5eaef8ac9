"""Import all broken implementations, which lists them by name."""

from __future__ import annotations

from tests.broken_implementations import (
    attributes_wrong,
    blind_spots,
    breaker_wrong,
    context_lost,
    flows_wrong,
    ids_and_times_wrong,
    nothing_seen,
    secrets_leaked,
    spans_misshaped,
)
from tests.broken_implementations.registry import BLIND_SPOTS, BROKEN, Broken

__all__ = [
    "BLIND_SPOTS",
    "BROKEN",
    "Broken",
    "attributes_wrong",
    "blind_spots",
    "breaker_wrong",
    "context_lost",
    "flows_wrong",
    "ids_and_times_wrong",
    "nothing_seen",
    "secrets_leaked",
    "spans_misshaped",
]
