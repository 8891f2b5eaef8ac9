"""What became of mutants, and how that is counted."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

Fate: TypeAlias = Literal["killed", "timeout", "survived", "not called"]
"""`timeout` counts as killed; `not called` (no test runs the function) counts as survived."""

FATES: Sequence[Fate] = ("killed", "timeout", "survived", "not called")
Z = 1.959964  # of the normal distribution, for 95 %


@dataclass(frozen=True, slots=True)
class Mutant:
    """A mutant by mutmut's name, with its file and its function (`name` or `Class.name`)."""

    name: str
    file: str
    function: str


@dataclass(frozen=True, slots=True)
class Change:
    """What a mutant changes: the lines that were, and the lines that are. It outlives edits elsewhere in the file."""

    file: str
    function: str
    was: str
    now: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """A mutant that was tried.

    `change` is told of those that lived, and of all in a function of which something is explained.
    """

    mutant: Mutant
    fate: Fate
    change: Change | None

    @property
    def lived(self) -> bool:
        """Whether no test noticed it."""
        return self.fate in ("survived", "not called")


@dataclass(frozen=True, slots=True)
class Score:
    """How many mutants met which fate."""

    fates: Counter[Fate]

    @classmethod
    def of(cls, outcomes: Sequence[Outcome]) -> Score:
        """Counts them."""
        return cls(Counter(outcome.fate for outcome in outcomes))

    @property
    def mutants(self) -> int:
        """All of them."""
        return self.fates.total()

    @property
    def noticed(self) -> int:
        """Those that a test noticed, by a failure or by never ending."""
        return self.fates["killed"] + self.fates["timeout"]

    @property
    def value(self) -> float:
        """The part that was noticed, 0 to 1; 1 of nothing."""
        return self.noticed / self.mutants if self.mutants else 1.0

    def interval(self) -> tuple[float, float]:
        """Where the score of all mutants lies, if these are a fair sample of them: 95 %, by Wilson's formula."""
        n, p = self.mutants, self.value
        if not n:
            return 0.0, 1.0
        middle, half = p + Z * Z / (2 * n), Z * math.sqrt(p * (1 - p) / n + Z * Z / (4 * n * n))
        return (middle - half) / (1 + Z * Z / n), (middle + half) / (1 + Z * Z / n)
