"""A lint report as text, for a person: what must be fixed first, then a summary line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from spanpact.findings import LEVELS, Level
from spanpact.lint.messages import LintMessage, LintReport
from spanpact.privacy import mask
from spanpact.reporting.drawing.canvas import Canvas, Style
from spanpact.reporting.text_options import TextOptions, counted

_STYLES: Final[dict[Level, Style]] = {"violation": "bad", "improvement": "doubt", "information": "quiet"}
_MOST_NAMED: Final = 5
_VERDICTS: Final[tuple[tuple[str, Style], ...]] = (("clean", "good"), ("to fix", "bad"), ("not readable", "bad"))
"""By exit code."""


def render_lint_text(report: LintReport, options: TextOptions | None = None) -> str:
    """Return the whole report; ends with a line break."""
    options = options or TextOptions()
    canvas = options.canvas
    messages = report.messages if options.everything else _folded(report.messages)
    ordered = sorted(messages, key=lambda message: LEVELS.index(message.level))
    lines = [line for message in ordered for line in _message(message, canvas)]
    return "\n".join([*lines, *([""] if lines else []), _summary(report, canvas)]) + "\n"


def _folded(messages: Sequence[LintMessage]) -> list[LintMessage]:
    """Return the messages with several `expectation-unproven` of one file and level as one, in place of the first."""
    unproven: dict[tuple[str, Level], list[LintMessage]] = {}
    for message in messages:
        if message.expectation:
            unproven.setdefault(_file_and_level(message), []).append(message)
    without_examples = {_file_and_level(each)[0] for each in messages if each.id == "examples-missing"}
    folded = []
    for message in messages:
        group = unproven.get(_file_and_level(message), []) if message.expectation else []
        if len(group) < 2:
            folded.append(message)
        elif message is group[0]:
            folded.append(_one_for_all(group, examples_missing=_file_and_level(message)[0] in without_examples))
    return folded


def _file_and_level(message: LintMessage) -> tuple[str, Level]:
    return (message.place.file if message.place else message.contract, message.level)


def _one_for_all(group: Sequence[LintMessage], *, examples_missing: bool) -> LintMessage:
    names = ", ".join(each.expectation for each in group[:_MOST_NAMED]) + (", …" if len(group) > _MOST_NAMED else "")
    cause = "the missing examples are the cause; " if examples_missing else ""
    message = f"{len(group)} expectations are unproven: {names}"
    return replace(group[0], message=message, hint=f"{cause}--all lists each with what to add")


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
