"""One finding as the lines that stand under its span."""

from __future__ import annotations

from collections.abc import Iterator

from spanpact.findings import Finding
from spanpact.reporting.drawing.safe_text import Canvas, Style, wrap

_LABEL = 11


def symbol(finding: Finding, canvas: Canvas) -> tuple[str, Style]:
    """The mark of a finding and its style: by its level, and whether it is pending."""
    if finding.breaks:
        return canvas.glyphs.broken, "bad"
    return (canvas.glyphs.note, "doubt") if finding.level != "information" else ("i", "quiet")


def finding_lines(
    finding: Finding, canvas: Canvas, room: int, *, message: bool = True, path: bool = False
) -> list[str]:
    """The finding: its key, place and clause, a sentence, expected against observed, condition, hint.

    `path` adds the span's path, for a finding that no tree shows.
    """
    mark, style = symbol(finding, canvas)
    head = [canvas.paint(f"{mark} {canvas.shown(finding.key)}", style)]
    head += [canvas.paint(canvas.shown(str(finding.place)), "strong")] if finding.place else []
    head += [canvas.paint(f"({canvas.shown(finding.keyword)})", "quiet")] if finding.keyword else []
    lines = ["  ".join(head)]
    if message:
        lines += [f"  {line}" for line in wrap(canvas.shown(finding.message), max(20, room - 2))]
    for label, text in _facts(finding, canvas, path):
        first, *rest = wrap(canvas.shown(text), max(20, room - 2 - _LABEL))
        lines.append(f"  {canvas.paint(label.ljust(_LABEL), 'quiet')}{first}")
        lines += [" " * (2 + _LABEL) + line for line in rest]
    return lines


def _facts(finding: Finding, canvas: Canvas, path: bool) -> Iterator[tuple[str, str]]:
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
