"""The surface that a text report is drawn on: its width, colours and glyphs, and the mask for private data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from spanpact.privacy import Mask
from spanpact.reporting.drawing.safe_text import clip, escape_controls

Style: TypeAlias = Literal["good", "bad", "doubt", "quiet", "strong", "plain"]
_ANSI: Final[dict[Style, str]] = {
    "good": "\x1b[32m",
    "bad": "\x1b[1;31m",
    "doubt": "\x1b[33m",
    "quiet": "\x1b[2m",
    "strong": "\x1b[1m",
}


@dataclass(frozen=True, slots=True)
class Glyphs:
    """The characters that a report is drawn with; `missing_*` are branches to a span that is missing."""

    tee: str = "├─ "
    corner: str = "└─ "
    bar: str = "│  "
    missing_tee: str = "├╌ "
    missing_corner: str = "└╌ "
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
    tee="|- ", corner="`- ", bar="|  ", missing_tee="|. ", missing_corner="`. ", kept="+", broken="x", more="...",
    dot="-", into=">", micro="us", times="x",
)  # fmt: skip
_ASCII_MARKS: Final = str.maketrans({"‹": "<", "›": ">", "…": "...", "·": "-", "×": "x", "→": "->", "µ": "u"})


def _unmasked(text: str, _attribute: str = "", /) -> str:
    return text


@dataclass(frozen=True, slots=True)
class Canvas:
    """How a report is drawn: width in columns, colour, glyphs, and the mask for texts that come from traces."""

    width: int = 100
    colour: bool = False
    glyphs: Glyphs = UNICODE
    mask: Mask = _unmasked

    def paint(self, text: str, style: Style) -> str:
        """Return the text in a style, unchanged without colour."""
        return f"{_ANSI[style]}{text}\x1b[0m" if self.colour and text and style in _ANSI else text

    def escape(self, text: str) -> str:
        """Return the text without control characters, and with ASCII marks on an ASCII canvas."""
        escaped = escape_controls(text)
        return escaped if self.glyphs is UNICODE else escaped.translate(_ASCII_MARKS)

    def masked(self, text: str) -> str:
        """Return a text that comes from a trace, masked and then escaped."""
        return self.escape(self.mask(text))

    def clip(self, text: str, width: int) -> str:
        """Return the text cut to a width in columns."""
        return clip(text, width, mark=self.glyphs.more)
