"""Name the entries, events and rules of a contract after the spans that they are about."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import count
from typing import Final

_RESERVED: Final = ("top", "integrity")
_LONGEST: Final = 32


class Ids:
    """The ids of one contract: no two are equal."""

    def __init__(self) -> None:
        self._taken = set(_RESERVED)

    def new(self, text: str) -> str:
        """Return an id that reads like the text: `GET /users/*` becomes `get_users`."""
        word = readable(text, "_")
        id, number = word, 1
        while id in self._taken:
            number += 1
            id = f"{word}_{number}"
        self._taken.add(id)
        return id


def readable(text: str, joined_by: str) -> str:
    """Return the letters and digits of a text in lower case, beginning with a letter."""
    word = re.sub(r"[^a-z0-9]+", joined_by, text.lower()).strip(joined_by)[:_LONGEST].strip(joined_by)
    return word if word[:1].isalpha() else f"span{joined_by}{word}".strip(joined_by)


def contract_names(patterns: Iterable[str]) -> dict[str, str]:
    """Return a name for the contract of each pattern of spans; no two are equal."""
    names: dict[str, str] = {}
    for pattern in patterns:
        word = readable(pattern, "-")
        numbers = (f"-{number}" if number > 1 else "" for number in count(1))
        names[pattern] = next(word + end for end in numbers if word + end not in names.values())
    return names
