"""The report as workflow commands of GitHub Actions: annotations on the lines of contracts, then the summary line.

GitHub shows ten annotations of each severity from a step. So there is one for each kind of finding, the most frequent
first, and the tenth counts what is left.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Final

from spanpact.findings import Report
from spanpact.reporting.drawing.safe_text import escape_controls
from spanpact.reporting.formats.annotations import SEVERITIES, Annotation, annotations_of
from spanpact.reporting.sections.summary import plain_summary
from spanpact.reporting.text_options import TextOptions

MOST_ANNOTATIONS: Final = 10
"""How many annotations of one severity GitHub shows for a step."""
_LONGEST_MESSAGE: Final = 4000


def render(report: Report, options: TextOptions) -> str:
    """Return a line for each annotation, and the summary line."""
    found = annotations_of(report, options)
    lines = [
        line for severity in SEVERITIES for line in _commands([each for each in found if each.severity == severity])
    ]
    return "\n".join([*lines, plain_summary(report)]) + "\n"


def _commands(annotations: Sequence[Annotation]) -> Iterator[str]:
    shown = annotations if len(annotations) <= MOST_ANNOTATIONS else annotations[: MOST_ANNOTATIONS - 1]
    yield from map(_command, shown)
    if left := annotations[len(shown) :]:
        names = "\n".join(each.title for each in left)
        yield _command(Annotation(left[0].severity, f"{len(left)} more", names, None))


def _command(annotation: Annotation) -> str:
    properties = {"title": annotation.title}
    if place := annotation.place:
        file = os.path.relpath(place.file) if os.path.isabs(place.file) else os.path.normpath(place.file)
        properties = {"file": file, "line": str(place.line), "col": str(place.column), **properties}
    named = ",".join(f"{name}={_escaped_property(value)}" for name, value in properties.items())
    return f"::{annotation.severity} {named}::{_escaped(annotation.message[:_LONGEST_MESSAGE])}"


def _escaped(text: str) -> str:
    """Return a message for a workflow command: on one line, without control characters."""
    lines = (escape_controls(line).replace("%", "%25") for line in text.split("\n"))
    return "%0A".join(lines)


def _escaped_property(text: str) -> str:
    return escape_controls(text).replace("%", "%25").replace(":", "%3A").replace(",", "%2C")
