"""Text that is safe to print on a terminal, measured and cut in columns.

Names and values of spans come from programs that nobody vouches for. Their control characters never reach a terminal,
and they cannot change the direction of the text around them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

UNSAFE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)
"""C0, DEL and C1; soft hyphen; characters without width or that change direction; line separators; surrogates; tags."""
_NAMED: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def escape_controls(text: str) -> str:
    """Return the text on one line, with control, invisible and direction-changing characters escaped (`\\x1b`)."""
    return text if text.isprintable() and not UNSAFE.search(text) else UNSAFE.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    character = match.group()
    code = ord(character)
    if code > 0xFFFF:
        return f"\\U{code:08x}"
    return _NAMED.get(character) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")


def display_width(text: str) -> int:
    """Return how many columns an escaped text takes on a terminal."""
    if text.isascii():
        return len(text)
    return sum(_columns(character) for character in text)


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def clip(text: str, width: int, *, mark: str = "…") -> str:
    """Return the text, cut to `width` columns and ended with the mark if it is wider."""
    if display_width(text) <= width:
        return text
    room, end = width - display_width(mark), 0
    for character in text:
        room -= _columns(character)
        if room < 0:
            break
        end += 1
    return text[:end] + mark if width > 0 else ""


def wrap_words(text: str, width: int) -> Iterator[str]:
    """Yield the words of a text on lines of at most `width` columns.

    A longer word gets a line of its own and is not cut, so that places and ids can be copied.
    """
    line = ""
    for word in text.split(" "):
        if line and display_width(line) + 1 + display_width(word) > width:
            yield line
            line = word
        else:
            line = f"{line} {word}" if line else word
    yield line
