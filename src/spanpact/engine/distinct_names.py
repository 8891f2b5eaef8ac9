"""Collect the distinct names of many spans in bounded memory, and show what makes them many."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from spanpact.engine.checks import Breach

if TYPE_CHECKING:
    from spanpact.trace.name_groups import NameGroup

_MOST_BEYOND: Final = 10_000  # names above the limit: enough to say what they share
_LONGEST: Final = 500  # characters of a name that is kept
_MOST_GROUPS: Final = 3
_MOST_SHOWN: Final = 3  # names of each group


class DistinctNames:
    """The distinct names of some spans, at most `limit`. Names far above the limit are no longer collected."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._most = limit + _MOST_BEYOND
        self._names: set[str] = set()
        self._has_more = False

    def add(self, name: str) -> None:
        """Add the name of a span."""
        name = name if len(name) <= _LONGEST else _abbreviated(name)
        if len(self._names) < self._most:
            self._names.add(name)
        elif name not in self._names:
            self._has_more = True

    def found(self) -> tuple[frozenset[str], bool]:
        """Return the names collected, and whether there were more."""
        return frozenset(self._names), self._has_more

    def add_found(self, names: Iterable[str], *, has_more: bool) -> None:
        """Add what another has collected."""
        for name in sorted(names):
            self.add(name)
        self._has_more = self._has_more or has_more

    def __len__(self) -> int:
        return len(self._names)

    def breach(self, whose: str, mask: Callable[[str], str]) -> Breach | None:
        """Return the breach if there are too many names; `whose` they are is part of its message.

        `mask` hides what is private in a name.
        """
        if len(self._names) <= self._limit:
            return None
        observed = f"more than {len(self._names)} names" if self._has_more else f"{len(self._names)} names"
        from spanpact.trace.name_groups import groups_of  # only where there are too many

        hint = "; ".join(_described(group, mask) for group in groups_of(self._names, _MOST_GROUPS))
        message = f"{whose} have too many names"
        return Breach("distinct-names", message, f"at most {self._limit} names", observed, hint)


def _abbreviated(name: str) -> str:
    """Return a text for a name that is too long to keep, without a part of it: half an address cannot be masked."""
    from hashlib import blake2b  # takes long to import, and few names are too long

    digest = blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
    return f"(a name of {len(name)} characters, {digest})"


def _described(group: NameGroup, mask: Callable[[str], str]) -> str:
    shown, prefix = ", ".join(map(mask, group.names[:_MOST_SHOWN])), group.safe_prefix(mask)
    more = ", …" if group.size > _MOST_SHOWN else ""
    return (
        f'{group.size} begin with "{prefix}": {shown}{more}'
        if prefix
        else (f"{group.size} names, such as {shown}{more}")
    )
