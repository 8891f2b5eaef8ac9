"""Text that is safe to print on a terminal, measured and cut in columns.

Names and values of spans come from programs that nobody vouches for. Their control characters never reach a terminal,
they cannot change the direction of the text around them, and they are no commands to a runner of CI.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from spanpact.unsafe_text import CI_MARK, UNSAFE

_CI_COMMAND: Final = re.compile(r"(?:^|(?<=\s)):(?=:[A-Za-z-]+(?: |::))")
"""The character to escape in what a runner of GitHub obeys at the beginning of a line (`::error::`)."""
_NAMED: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def escape_controls(text: str) -> str:
    """Return the text on one line, with control, invisible and direction-changing characters escaped (`\\x1b`).

    Of what a runner of CI would obey one character is escaped: `#\\x23[error]`.
    """
    text = UNSAFE.sub(_escaped, text)
    if "##" in text:
        text = CI_MARK.sub(_escaped, text)
    return _CI_COMMAND.sub(_escaped, text) if "::" in text else text


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
