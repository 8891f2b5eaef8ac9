"""Plan the faults of a soak: the same for the same seed.

There are two tracks, which know nothing of each other: faults of what the service needs, and faults of the export of
its spans. So they overlap by chance. Within a track one fault ends before the next begins.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

REDIS_STOPS: Final = "Redis stops and restarts"
REDIS_FREEZES: Final = "Redis freezes"
BREAKER_OPENS: Final = "the database freezes, and the breaker opens"
JAEGER_DIES: Final = "Jaeger dies and restarts"
BLACK_HOLE: Final = "the endpoint is a black hole"

SATURATED: Final = "the capacity is measured"
"""Not a fault, but spans may be lost: a saturated service may end more than it can send."""
STALLED: Final = "the machine stalls"
"""Not a fault of the plan: the soak itself woke up late, so the service did not run either."""

TRACKS: Final[Mapping[str, Sequence[str]]] = {
    "backends": (REDIS_STOPS, REDIS_FREEZES, BREAKER_OPENS),
    "export": (JAEGER_DIES, BLACK_HOLE),
}
"""The kinds of faults, by track."""
ROUND_S: Final = 150.0
"""Seconds in which each kind happens once: so all of them have happened by minute 5, from which memory is judged."""
LONGEST_S: Final = 20.0


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that is planned: its kind, when it begins (seconds from the start), and how long it lasts (seconds)."""

    kind: str
    begins: float
    lasts: float

    @property
    def ends(self) -> float:
        """Return when it ends, in seconds from the start."""
        return self.begins + self.lasts


def plan_faults(seconds: float, seed: int) -> Mapping[str, Sequence[Fault]]:
    """Return the faults of a soak of so many seconds, by track and in their order; each kind happens at least once."""
    chosen = random.Random(seed)
    return {track: list(_track(kinds, seconds, chosen)) for track, kinds in TRACKS.items()}


def _track(kinds: Sequence[str], seconds: float, chosen: random.Random) -> Iterator[Fault]:
    rounds = max(1, round(seconds / ROUND_S))
    slot = seconds / rounds / len(kinds)
    for number in range(rounds):
        for place, kind in enumerate(chosen.sample(kinds, len(kinds))):
            begins = (number * len(kinds) + place + chosen.uniform(0.15, 0.35)) * slot
            yield Fault(kind, begins, min(LONGEST_S, chosen.uniform(0.25, 0.4) * slot))
