"""Name the entries, events and rules of a contract after the spans that they are about."""

from __future__ import annotations

import re
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
