"""How often something must have been seen before a contract demands it (docs/adr/0047)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from typing import Final, TypeVar

ENOUGH: Final = 10
"""Default of the number of times that something must have been seen, without exception, to be taken for a rule."""

EACH: Final = 3
"""How often each of several alternatives must have been seen to be taken for all that there are."""

MOST_ALTERNATIVES: Final = 5

_Seen = TypeVar("_Seen", bound=Hashable)


def alternatives(seen: Sequence[_Seen], enough: int) -> list[_Seen]:
    """Return the values that may occur, most frequent first; none if others are to be expected."""
    counted = Counter(seen)
    if len(seen) < enough or len(counted) > MOST_ALTERNATIVES:
        return []
    if len(counted) > 1 and min(counted.values()) < EACH:
        return []
    return [value for value, _ in counted.most_common()]


def count_range(counts: Sequence[int], enough: int) -> int | str:
    """Return the `count` that fits how many there were each time: a bound that was seen too seldom is left open."""
    counted = Counter(counts)
    low, high = min(counted), max(counted)
    if len(counts) < enough:
        return "0.."
    if low == high:
        return low
    least = low if low <= 1 or counted[low] >= EACH else 1
    return f"{least}..{high}" if counted[high] >= EACH else f"{least}.."


def counts_text(counts: Sequence[int]) -> str:
    """Return in how many of all places there were how many: `1 in 120 of 120`."""
    counted = Counter(counts)
    if len(counted) > MOST_ALTERNATIVES:
        return f"{min(counted)} to {max(counted)} in {len(counts)}"
    return ", ".join(f"{number} in {times}" for number, times in sorted(counted.items())) + f" of {len(counts)}"
