"""The part of a text report on the scores of services."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from spanpact.reporting.drawing.canvas import Canvas, Style
from spanpact.reporting.drawing.safe_text import display_width
from spanpact.reporting.text_options import counted

if TYPE_CHECKING:
    from spanpact.findings import Report, ServiceScore

_NAME_COLUMNS: Final = 60
_STYLES: Final[dict[str, Style]] = {"excellent": "good", "good": "good", "needs improvement": "doubt", "poor": "bad"}


def score_lines(report: Report, canvas: Canvas) -> Iterator[str]:
    """Yield a line for each service, and one on the rules behind the scores."""
    scores = report.scores
    if scores is None:
        return
    yield canvas.paint("instrumentation score", "strong")
    names = [_name(each, canvas) for each in scores.services]
    widest = max(map(display_width, names), default=0)
    for each, name in zip(scores.services, names, strict=True):
        failed = f"  fails {', '.join(each.failed)}" if each.failed else ""
        padding = " " * (widest - display_width(name))
        yield f"  {name}{padding}  {each.score:6.2f}  {canvas.paint(each.category, _STYLES[each.category])}{failed}"
    what = f"{counted(scores.rules, 'rule')} of the specification of {scores.specification}"
    yield canvas.paint(f"  {what}; {scores.not_evaluated}", "quiet")


def _name(score: ServiceScore, canvas: Canvas) -> str:
    return canvas.clip(canvas.escape(score.service), _NAME_COLUMNS) or "(no service.name)"
