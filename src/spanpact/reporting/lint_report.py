"""A lint report as text, one message under the other, and as JSON (docs/cli.md)."""

from __future__ import annotations

from typing import Any, Final

from spanpact import __version__
from spanpact.findings import Level
from spanpact.lint.messages import LintMessage, LintReport
from spanpact.privacy import mask
from spanpact.reporting.drawing.safe_text import Canvas, Style
from spanpact.reporting.json_values import json_text, place_values

SHAPE: Final = 1
"""The version of the JSON shape, under the key `spanpact_lint`."""

_STYLES: Final[dict[Level, Style]] = {"violation": "bad", "improvement": "doubt", "information": "quiet"}


def lint_text(report: LintReport, canvas: Canvas) -> str:
    """A line for each message, what to do below it, and a line that counts; ends with a line break."""
    lines = [line for message in report.messages for line in _lines(message, canvas)]
    return "\n".join([*lines, *([""] if lines else []), _summary(report, canvas)]) + "\n"


def lint_summary(report: LintReport, canvas: Canvas) -> str:
    """The text report's last line alone."""
    return _summary(report, canvas)


def _lines(message: LintMessage, canvas: Canvas) -> list[str]:
    level = canvas.paint(f"{message.level} {message.id}", _STYLES[message.level])
    place = canvas.paint(canvas.shown(str(message.place or "")), "strong")
    lines = [f"{place}: {level}: {canvas.shown(mask(message.message))}"]
    return lines + ([f"    {canvas.shown(mask(message.hint))}"] if message.hint else [])


def _summary(report: LintReport, canvas: Canvas) -> str:
    words = ["clean", "to mend", "not readable"]
    styles: list[Style] = ["good", "bad", "bad"]
    verdict = canvas.paint(words[report.exit_code], styles[report.exit_code])
    parts = [
        _counted(report.contracts, "contract"),
        *([_counted(report.fragments, "fragment")] * bool(report.fragments)),
    ]
    numbers = {level: sum(each.level == level for each in report.messages) for level in _STYLES}
    parts += [_counted(numbers[level], level) for level in ("violation", "improvement") if numbers[level]]
    parts += [f"{numbers['information']} of information"] if numbers["information"] else []
    return f"{verdict}: {', '.join(parts)}"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def lint_json(report: LintReport) -> str:
    """The report as JSON text in valid UTF-8, ending with a line break."""
    return json_text(lint_document(report))


def lint_document(report: LintReport) -> dict[str, Any]:
    """The report as plain values."""
    return {
        "spanpact_lint": SHAPE,
        "spanpact": __version__,
        "exit_code": report.exit_code,
        "contracts": report.contracts,
        "fragments": report.fragments,
        "messages": [_message(each) for each in report.messages],
    }


def _message(message: LintMessage) -> dict[str, Any]:
    return {
        "id": message.id,
        "level": message.level,
        "message": mask(message.message),
        "hint": mask(message.hint),
        "contract": message.contract,
        "place": place_values(message.place),
    }
