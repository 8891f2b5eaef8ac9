"""Group many names by how they begin, to show what makes them many: the id in `GET /users/123`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Final

_PART: Final = re.compile(r"[^/ .:_\-?=&#@,;|()\[\]{}]+")
_MOST_PARTS: Final = 12  # of a name; an id further back is not found


@dataclass(frozen=True, slots=True)
class NameGroup:
    """The names that begin with `prefix` and continue with different parts. `names` are sorted."""

    prefix: str
    names: Sequence[str]

    @property
    def size(self) -> int:
        """Return how many names the group has."""
        return len(self.names)

    def safe_prefix(self, mask: Callable[[str], str]) -> str:
        """Return how all names begin once `mask` has hidden what is private in each of them.

        In a prefix alone it may find nothing: half an address does not look like one.
        """
        masked = list(map(mask, self.names))
        if all(name.startswith(self.prefix) for name in masked):
            return self.prefix
        low, high = min(masked), max(masked)  # what these two share, all between them share
        return "".join([a for a, _ in takewhile(lambda pair: pair[0] == pair[1], zip(low, high, strict=False))])


def largest_group(names: Iterable[str]) -> NameGroup | None:
    """Return the names after whose common beginning the most different parts follow; None for less than two names.

    Of several such beginnings the longest is taken, and an empty one only if there is no other.
    """
    following: dict[str, set[str]] = {}
    ordered = sorted(set(names))
    for name in ordered:
        for found, _ in zip(_PART.finditer(name), range(_MOST_PARTS), strict=False):
            following.setdefault(name[: found.start()], set()).add(found[0])
    shared = sorted(prefix for prefix, parts in following.items() if len(parts) > 1)
    if not shared:
        return None
    prefix = max(shared, key=lambda each: (bool(each), len(following[each]), len(each)))
    return NameGroup(prefix, [name for name in ordered if name.startswith(prefix) and len(name) > len(prefix)])


def groups_of(names: Iterable[str], most: int) -> list[NameGroup]:
    """Return up to `most` groups, each the largest of the names that those before it do not have."""
    left, found = set(names), list[NameGroup]()
    while len(found) < most and (group := largest_group(left)):
        found.append(group)
        left.difference_update(group.names)
    return found
