"""Scenarios beyond those of the contracts, for the exact traces of the reference implementation alone.

One module a subject, each with its `ACTIONS` by scenario; `helpers` is shared. Imports `contracts.scenarios`.
"""

from __future__ import annotations

__all__ = [
    "breakers",
    "cache",
    "clients",
    "correlation",
    "jobs",
    "keys",
    "managers",
    "operations",
    "requests",
    "sampling",
]
