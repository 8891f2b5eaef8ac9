"""What a check returns: its outcomes on one span. No outcome means that the expectation is kept there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from spanpact.findings import Edit, Reason


@dataclass(frozen=True, slots=True)
class Breach:
    """A departure from an expectation, before it is known which contract, span and level it belongs to.

    `compared` is whether it comes from a comparison with other spans, whose assignment may still change.
    `attribute` is the name of the attribute whose value `observed` is, "" for anything else: the mask depends on it.
    `nearest` is the edit that `hint` tells of, if it is one.
    """

    id: str
    message: str
    expected: str = ""
    observed: str = ""
    hint: str = ""
    compared: bool = False
    attribute: str = ""
    nearest: Edit | None = None


@dataclass(frozen=True, slots=True)
class Undecided:
    """An expectation that cannot be decided on this span, and why."""

    reason: Reason
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Vacuous:
    """Nothing to decide on this span: the attributes of an event that it does not have, say."""


VACUOUS = Vacuous()
INCOMPLETE = Undecided("incomplete", "spans may still arrive")

Outcome: TypeAlias = Breach | Undecided | Vacuous
KEPT: Sequence[Outcome] = ()

LocatedBreach: TypeAlias = tuple[str, Breach]
"""The id of a span, "" for the whole trace, and a breach there."""


def all_kept(outcomes: Iterable[Outcome]) -> bool | Undecided:
    """Return whether there is no breach, or why that is undecided; a breach outweighs what is undecided."""
    so_far: bool | Undecided = True
    for outcome in outcomes:
        if isinstance(outcome, Breach):
            return False
        if isinstance(outcome, Undecided):
            so_far = outcome
    return so_far
