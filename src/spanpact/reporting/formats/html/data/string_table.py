"""The texts of a page's data, each written once: a place refers to a text by its number."""

from __future__ import annotations

from spanpact.reporting.drawing.safe_text import escape_controls
from spanpact.reporting.formats.html.data.script_json import script_json


class StringTable:
    """Texts by number, in the order in which they were added. `size` is what they take in bytes."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self.size = 0
        self.number("")  # the number 0 is the empty text

    def number(self, text: str) -> int:
        """Return the number of a text, with its control and direction-changing characters escaped."""
        text = escape_controls(text)
        known = self._numbers.get(text)
        if known is not None:
            return known
        self.size += _size(text)
        return self._numbers.setdefault(text, len(self._numbers))

    def __len__(self) -> int:
        return len(self._numbers)

    def forget(self, length: int) -> None:
        """Take out the texts that were added since the table had this length."""
        while len(self._numbers) > length:
            self.size -= _size(self._numbers.popitem()[0])

    def texts(self) -> list[str]:
        """Return all texts, by number."""
        return list(self._numbers)


def _size(text: str) -> int:
    return len(script_json(text).encode()) + 1  # and a comma
