"""Name patterns of `span` and `event`: literals and wildcards, matched in linear time.

`*` is any run of characters, `\\*` an asterisk; case counts; the whole name must fit.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class NamePattern:
    """A list of name patterns of which one must fit. `texts` is what the contract says, unchanged."""

    texts: tuple[str, ...]
    exact: frozenset[str] = field(init=False, compare=False, repr=False)
    any: bool = field(init=False, compare=False, repr=False)
    _wild: tuple[tuple[str, ...], ...] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        parts = [_split_at_wildcards(text) for text in self.texts]
        object.__setattr__(self, "exact", frozenset(p[0] for p in parts if len(p) == 1))
        object.__setattr__(self, "any", ("", "") in parts)
        object.__setattr__(self, "_wild", tuple(p for p in parts if len(p) > 1))

    @property
    def literal(self) -> bool:
        """Whether no wildcard is in it, so that `exact` is all that it fits."""
        return not self._wild

    def fits(self, name: str) -> bool:
        """Whether one of the patterns covers the whole name."""
        if self.any or name in self.exact:
            return True
        return any(_covers(parts, name) for parts in self._wild)

    def overlaps(self, other: NamePattern) -> bool:
        """Whether one name could fit both."""
        if self.any or other.any or not self.exact.isdisjoint(other.exact):
            return True
        if any(map(other.fits, self.exact)) or any(map(self.fits, other.exact)):
            return True
        return any(_overlap(a, b) for a in self._wild for b in other._wild)

    def __str__(self) -> str:
        return " | ".join(self.texts)


def _split_at_wildcards(text: str) -> tuple[str, ...]:
    """The literal parts around the wildcards: `a*b` as ("a", "b"), a text without one as itself."""
    pieces = re.findall(r"\\\*|\*+|[^*\\]+|\\", text)
    parts = [""]
    for piece in pieces:
        if piece[0] == "*":
            parts.append("")
        else:
            parts[-1] += "*" if piece == "\\*" else piece
    return tuple(parts)


def _covers(parts: tuple[str, ...], name: str) -> bool:
    first, last = parts[0], parts[-1]
    if len(name) < len(first) + len(last) or not name.startswith(first) or not name.endswith(last):
        return False
    position, end = len(first), len(name) - len(last)
    for part in parts[1:-1]:  # leftmost is best: what is left over for the next part is longest
        position = name.find(part, position, end)
        if position < 0:
            return False
        position += len(part)
    return True


def _overlap(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether a name fits both of two patterns with wildcards: their fixed ends must not contradict each other.

    Between the ends each has a wildcard, which takes in whatever the other one asks for.
    """
    starts = one[0].startswith(other[0]) or other[0].startswith(one[0])
    return starts and (one[-1].endswith(other[-1]) or other[-1].endswith(one[-1]))
