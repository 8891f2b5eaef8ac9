"""The checks, one file a family of keywords. Each takes a span and its context and returns a list of outcomes.

A check never raises and never stops at the first departure: no outcome means that the expectation is kept.
"""

from __future__ import annotations

from spanpact.engine.checks.base import KEPT, Breach, Check, Context, Outcome, Undecided

__all__ = ["KEPT", "Breach", "Check", "Context", "Outcome", "Undecided"]
