"""A check: one expectation, compiled to a function that judges spans."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from spanpact.engine.checks.context import Context
from spanpact.engine.checks.outcomes import Outcome, Undecided
from spanpact.errors import Place
from spanpact.trace.model import Capability, Span

Judge: TypeAlias = Callable[[Span, Context], Sequence[Outcome]]
"""The function of a check. It returns all outcomes on the span and never raises."""
Phase: TypeAlias = Literal["content", "relation"]


@dataclass(frozen=True, slots=True)
class Check:
    """One expectation, ready to judge: the id that it belongs to, its keyword, its place, and its function.

    `entry` is "" if the expectation belongs to the entry, rule or condition that holds it; events and links have ids
    of their own. A check of phase `relation` has a `same_as`, and is judged after the assignment only.
    """

    keyword: str
    judge: Judge
    entry: str = ""
    place: Place | None = None
    phase: Phase = "content"


def missing_capability(context: Context, capability: Capability) -> Sequence[Outcome] | None:
    """Return the outcome of a check that needs a capability which the source lacks; None if the source has it."""
    if capability in context.capabilities:
        return None
    return (Undecided("capability", f"the source carries no {capability.replace('_', ' ')}"),)
