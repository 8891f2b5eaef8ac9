"""One finding as the lines below its span."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from spanpact.findings import Finding
from spanpact.reporting.drawing.canvas import Canvas, Style
from spanpact.reporting.drawing.safe_text import wrap_words

_LABEL_WIDTH: Final = 11
_NARROWEST: Final = 20


def finding_mark(finding: Finding, canvas: Canvas) -> tuple[str, Style]:
    """Return the mark of a finding and its style, by its level and whether it is pending."""
    if finding.breaks:
        return canvas.glyphs.broken, "bad"
    return (canvas.glyphs.note, "doubt") if finding.level != "information" else ("i", "quiet")


def finding_lines(
    finding: Finding, canvas: Canvas, width: int, *, message: bool = True, path: bool = False
) -> list[str]:
    """Return the finding on lines of at most `width` columns: key, place and clause, message, expected, observed, hint.

    `path` adds the span's path, for a finding that is not drawn in a tree.
    """
    mark, style = finding_mark(finding, canvas)
    head = [canvas.paint(f"{mark} {canvas.escape(finding.key)}", style)]
    head += [canvas.paint(canvas.escape(str(finding.place)), "strong")] if finding.place else []
    head += [canvas.paint(f"({canvas.escape(finding.keyword)})", "quiet")] if finding.keyword else []
    lines = ["  ".join(head)]
    if message:
        lines += [f"  {line}" for line in wrap_words(canvas.escape(finding.message), max(_NARROWEST, width - 2))]
    for label, text in _labelled_fields(finding, canvas, path):
        first, *rest = wrap_words(canvas.escape(text), max(_NARROWEST, width - 2 - _LABEL_WIDTH))
        lines.append(f"  {canvas.paint(label.ljust(_LABEL_WIDTH), 'quiet')}{first}")
        lines += [" " * (2 + _LABEL_WIDTH) + line for line in rest]
    return lines


def _labelled_fields(finding: Finding, canvas: Canvas, path: bool) -> Iterator[tuple[str, str]]:
    if finding.expected:
        yield "expected", finding.expected
    if finding.observed:
        yield "observed", finding.observed
    if finding.condition:
        yield "condition", finding.condition
    if path and finding.path:
        yield "span", f" {canvas.glyphs.into} ".join(finding.path)
    if finding.level != "violation":
        yield "level", finding.level
    if finding.pending:
        yield "pending", f"until {finding.pending.until}, {finding.pending.owner}: {finding.pending.reason}"
    if finding.hint:
        yield "hint", finding.hint
