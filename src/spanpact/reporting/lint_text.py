"""A lint report as text, for a person: one message after the other, then a summary line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from spanpact.findings import Level
from spanpact.lint.messages import LintMessage, LintReport
from spanpact.privacy import mask
from spanpact.reporting.drawing.canvas import Canvas, Style
from spanpact.reporting.text_options import TextOptions, counted

_STYLES: Final[dict[Level, Style]] = {"violation": "bad", "improvement": "doubt", "information": "quiet"}
_VERDICTS: Final[tuple[tuple[str, Style], ...]] = (("clean", "good"), ("to fix", "bad"), ("not readable", "bad"))
"""By exit code."""


def render_lint_text(report: LintReport, options: TextOptions | None = None) -> str:
    """Return the whole report; ends with a line break."""
    canvas = (options or TextOptions()).canvas
    lines = [line for message in report.messages for line in _message(message, canvas)]
    return "\n".join([*lines, *([""] if lines else []), _summary(report, canvas)]) + "\n"


def lint_summary_line(report: LintReport, options: TextOptions | None = None) -> str:
    """Return the last line of the report."""
    return _summary(report, (options or TextOptions()).canvas)


def _message(message: LintMessage, canvas: Canvas) -> Iterator[str]:
    level = canvas.paint(f"{message.level} {message.id}", _STYLES[message.level])
    place = canvas.paint(canvas.escape(str(message.place or "")), "strong")
    yield f"{place}: {level}: {canvas.escape(mask(message.message))}"
    if message.hint:
        yield f"    {canvas.escape(mask(message.hint))}"


def _summary(report: LintReport, canvas: Canvas) -> str:
    numbers = {level: sum(each.level == level for each in report.messages) for level in _STYLES}
    parts = [counted(report.contracts, "contract")]
    parts += [counted(report.fragments, "fragment")] if report.fragments else []
    parts += [counted(numbers[level], level) for level in ("violation", "improvement") if numbers[level]]
    parts += [f"{numbers['information']} of information"] if numbers["information"] else []
    return f"{canvas.paint(*_VERDICTS[report.exit_code])}: {', '.join(parts)}"
