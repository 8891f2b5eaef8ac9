"""The outcomes of mutants, and the score of several."""

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
    """What a mutant changes: the lines before and after. Edits elsewhere in the file do not affect it."""

    file: str
    function: str
    was: str
    now: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """A mutant that was tried.

    `change` is None unless the mutant survived, or a mutant of its function is explained.
    """

    mutant: Mutant
    fate: Fate
    change: Change | None

    @property
    def lived(self) -> bool:
        """Return whether no test noticed the mutant."""
        return self.fate in ("survived", "not called")


@dataclass(frozen=True, slots=True)
class Score:
    """The number of mutants by fate."""

    fates: Counter[Fate]

    @classmethod
    def of(cls, outcomes: Sequence[Outcome]) -> Score:
        """Count the outcomes by fate."""
        return cls(Counter(outcome.fate for outcome in outcomes))

    @property
    def mutants(self) -> int:
        """Return the number of all mutants."""
        return self.fates.total()

    @property
    def noticed(self) -> int:
        """Return the number of mutants that made a test fail or never end."""
        return self.fates["killed"] + self.fates["timeout"]

    @property
    def value(self) -> float:
        """Return the fraction that was noticed, 0 to 1; 1 without mutants."""
        return self.noticed / self.mutants if self.mutants else 1.0

    def interval(self) -> tuple[float, float]:
        """Return the 95 % confidence interval (Wilson) of the score of all mutants, of which these are a sample."""
        n, p = self.mutants, self.value
        if not n:
            return 0.0, 1.0
        middle, half = p + Z * Z / (2 * n), Z * math.sqrt(p * (1 - p) / n + Z * Z / (4 * n * n))
        return (middle - half) / (1 + Z * Z / n), (middle + half) / (1 + Z * Z / n)
