"""How text reports look: width, colour, character set, masking; and the helpers that all of them share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final, TextIO
from urllib.parse import quote

from spanpact.privacy import Mask
from spanpact.privacy import mask as mask_known_classes
from spanpact.reporting.drawing.canvas import ASCII, UNICODE, Canvas

PLAIN_WIDTH: Final = 100
"""The width in columns where the output is not a terminal."""
_NARROWEST: Final = 40


@dataclass(frozen=True, slots=True)
class TextOptions:
    """Options of a text report.

    `everything` shows every broken flow in full instead of one of each kind; `coverage` lists every expectation.
    `mask` hides private data in names and values of spans. `trace_url` is a URL with `{trace_id}` in place of an id,
    "" for no links.
    """

    width: int = PLAIN_WIDTH
    colour: bool = False
    ascii: bool = False
    everything: bool = False
    coverage: bool = False
    mask: Mask = mask_known_classes
    trace_url: str = ""

    @property
    def canvas(self) -> Canvas:
        """Return the canvas to draw on."""
        glyphs = ASCII if self.ascii else UNICODE
        return Canvas(max(_NARROWEST, self.width), self.colour, glyphs, self.mask)

    def link_to(self, trace_id: str) -> str:
        """Return the URL of a trace, "" where there is none."""
        return self.trace_url.replace("{trace_id}", quote(trace_id, safe="")) if trace_id and self.trace_url else ""


def options_for(
    stream: TextIO, environ: Mapping[str, str], *, columns: Callable[[], int], base: TextOptions | None = None
) -> TextOptions:
    """Return `base` adapted to a stream: colour and full width on a terminal only, ASCII where the encoding needs it.

    `NO_COLOR` (no-color.org) and `TERM=dumb` switch colour off. `columns` returns the width of the terminal.
    """
    base = base or TextOptions()
    ascii_only = not _can_draw(getattr(stream, "encoding", None) or "utf-8")
    if not stream.isatty():
        return replace(base, ascii=ascii_only)
    colour = not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"
    return replace(base, width=columns(), colour=colour, ascii=ascii_only)


def _can_draw(encoding: str) -> bool:
    try:
        "├└│╌✓✗…›µ×".encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def counted(number: int, noun: str) -> str:
    """Return the number and its noun: `1 flow`, `2 flows`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def join_sections(sections: Iterable[Iterable[str]]) -> Iterator[str]:
    """Yield the lines of all sections, with an empty line between two sections that have lines."""
    first = True
    for section in sections:
        lines = list(section)
        if lines and not first:
            yield ""
        first = first and not lines
        yield from lines
