"""Group many names by how they begin, to show what makes them many: the id in `GET /users/123`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
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


def largest_group(names: Iterable[str]) -> NameGroup | None:
    """Return the names after whose common beginning the most different parts follow; None if no two names share one.

    Of several such beginnings, the longest is taken.
    """
    following: dict[str, set[str]] = {}
    ordered = sorted(set(names))
    for name in ordered:
        for found, _ in zip(_PART.finditer(name), range(_MOST_PARTS), strict=False):
            following.setdefault(name[: found.start()], set()).add(found[0])
    if not following:
        return None
    prefix = max(following, key=lambda each: (len(following[each]), len(each), each))
    if len(following[prefix]) < 2:
        return None
    return NameGroup(prefix, [name for name in ordered if name.startswith(prefix) and len(name) > len(prefix)])


def groups_of(names: Iterable[str], most: int) -> list[NameGroup]:
    """Return up to `most` groups, each the largest of the names that those before it do not have."""
    left, found = set(names), list[NameGroup]()
    while len(found) < most and (group := largest_group(left)):
        found.append(group)
        left.difference_update(group.names)
    return found
