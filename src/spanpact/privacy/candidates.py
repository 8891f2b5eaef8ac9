"""A candidate: a place in a text where a pattern found something that may be a value of a privacy class."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property
from typing import Literal, NamedTuple, TypeAlias

Range: TypeAlias = tuple[int, int]
"""The first character and the one after the last."""

Kind: TypeAlias = Literal["", "version", "agent", "secret", "cookie", "number"]
"""What the name of an attribute says of its value, "" if nothing."""


class Candidate(NamedTuple):
    """Characters `start` to `end` of a text, which is the value of an attribute of this kind."""

    text: str
    start: int
    end: int
    kind: Kind = ""


class LazyPattern:
    """A regular expression that is compiled when it is first used: importing this package stays cheap."""

    def __init__(self, source: str, flags: int = 0) -> None:
        self._source, self._flags = source, flags

    @cached_property
    def regex(self) -> re.Pattern[str]:
        """Return the compiled expression."""
        return re.compile(self._source, self._flags)


def words(text: str) -> frozenset[str]:
    """Return the words of a text, for long lists of them."""
    return frozenset(text.split())


def any_of(patterns: Iterable[str]) -> str:
    """Return the source of a regular expression that finds what any of these finds."""
    return "|".join(f"(?:{pattern})" for pattern in patterns)
