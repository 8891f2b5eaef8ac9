"""All broken implementations, by name: importing their files lists them."""

from __future__ import annotations

from tests.broken_implementations import (
    attributes_wrong,
    breaker_wrong,
    context_lost,
    flows_wrong,
    ids_and_times_wrong,
    secrets_leaked,
    spans_misshaped,
)
from tests.broken_implementations.registry import BROKEN, Broken

__all__ = [
    "BROKEN",
    "Broken",
    "attributes_wrong",
    "breaker_wrong",
    "context_lost",
    "flows_wrong",
    "ids_and_times_wrong",
    "secrets_leaked",
    "spans_misshaped",
]
