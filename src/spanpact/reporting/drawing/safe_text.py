"""Text that is safe to show on a terminal, measured and cut in columns.

Everything in a report may come from a stranger's telemetry: no control character of it reaches a terminal, and
nothing of it can turn the direction of the text around it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

# C0, DEL and C1; soft hyphen; what has no width or changes direction; separators of lines; surrogates.
_UNSAFE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)
_NAMED: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}

Style: TypeAlias = Literal["good", "bad", "doubt", "quiet", "strong", "plain"]
_ANSI: Final[dict[Style, str]] = {
    "good": "\x1b[32m",
    "bad": "\x1b[1;31m",
    "doubt": "\x1b[33m",
    "quiet": "\x1b[2m",
    "strong": "\x1b[1m",
}


def safe(text: str) -> str:
    """The text on one line, with every control, invisible or direction-changing character written out (`\\x1b`)."""
    return text if text.isprintable() and not _UNSAFE.search(text) else _UNSAFE.sub(_written_out, text)


def _written_out(match: re.Match[str]) -> str:
    character = match.group()
    code = ord(character)
    if code > 0xFFFF:
        return f"\\U{code:08x}"
    return _NAMED.get(character) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")


def width_of(text: str) -> int:
    """The columns that a safe text takes on a terminal."""
    if text.isascii():
        return len(text)
    return sum(_columns(character) for character in text)


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def clip(text: str, width: int, *, mark: str = "…") -> str:
    """The text, or its beginning and a mark where it is wider than `width` columns."""
    if width_of(text) <= width:
        return text
    room, end = width - width_of(mark), 0
    for character in text:
        room -= _columns(character)
        if room < 0:
            break
        end += 1
    return text[:end] + mark if width > 0 else ""


def wrap(text: str, width: int) -> Iterator[str]:
    """The words of a text on lines of at most `width` columns; a longer word has a line of its own, uncut.

    A place or an id is thus never torn: it can be copied as it stands.
    """
    line = ""
    for word in text.split(" "):
        if line and width_of(line) + 1 + width_of(word) > width:
            yield line
            line = word
        else:
            line = f"{line} {word}" if line else word
    yield line


@dataclass(frozen=True, slots=True)
class Glyphs:
    """The characters that a report draws with."""

    tee: str = "├─ "
    corner: str = "└─ "
    bar: str = "│  "
    ghost_tee: str = "├╌ "
    ghost_corner: str = "└╌ "
    kept: str = "✓"
    broken: str = "✗"
    doubt: str = "?"
    note: str = "!"
    more: str = "…"
    dot: str = "·"
    into: str = "›"
    micro: str = "µs"
    times: str = "×"


UNICODE: Final = Glyphs()
ASCII: Final = Glyphs(
    tee="|- ", corner="`- ", bar="|  ", ghost_tee="|. ", ghost_corner="`. ", kept="+", broken="x", more="...",
    dot="-", into=">", micro="us", times="x",
)  # fmt: skip
_FALLBACK: Final = str.maketrans({"‹": "<", "›": ">", "…": "...", "·": "-", "×": "x", "→": "->", "µ": "u"})


def _unmasked(text: str) -> str:
    return text


@dataclass(frozen=True, slots=True)
class Canvas:
    """How a report is drawn: columns, colour or not, glyphs, and the mask for what comes from traces."""

    width: int = 100
    colour: bool = False
    glyphs: Glyphs = UNICODE
    mask: Callable[[str], str] = _unmasked

    def paint(self, text: str, style: Style) -> str:
        """The text in a style, where there is colour."""
        return f"{_ANSI[style]}{text}\x1b[0m" if self.colour and text and style in _ANSI else text

    def shown(self, text: str) -> str:
        """A text of the report: safe, and in ASCII's spelling of the marks where the canvas is ASCII."""
        return safe(text) if self.glyphs is UNICODE else safe(text).translate(_FALLBACK)

    def foreign(self, text: str) -> str:
        """A text that comes from a trace: masked, then safe."""
        return self.shown(self.mask(text))

    def clip(self, text: str, width: int) -> str:
        """The text cut to a number of columns."""
        return clip(text, width, mark=self.glyphs.more)
