"""The parts of a page on the run as a whole: the banner with the verdict, the traces, and what was read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from spanpact import __version__
from spanpact.findings import Report, Verdict
from spanpact.reporting.drawing.canvas import Canvas
from spanpact.reporting.formats.html.data.report_data import ReportData
from spanpact.reporting.formats.html.kinds import Group
from spanpact.reporting.formats.html.markup import Html, element, join, numbered, text
from spanpact.reporting.formats.outcomes import gaps_of, outcome_of
from spanpact.reporting.sections.scores import score_lines
from spanpact.reporting.sections.summary import live_rows, plain_summary, unread_text
from spanpact.reporting.sections.unmentioned import unmentioned_lines
from spanpact.reporting.text_options import TextOptions

STYLES: Final[dict[Verdict, tuple[str, str]]] = {
    "kept": ("✓", "kept"),
    "broken": ("✗", "broken"),
    "not checked": ("?", "doubt"),
}
"""The mark and the style of each verdict."""


def banner(report: Report, groups: Sequence[Group]) -> Html:
    """Return the verdict, the counts behind it, and what of the run was not checked."""
    mark, style = STYLES[report.verdict]
    _, _, counts = plain_summary(report).partition(": ")
    verdict = element(
        "h1",
        element("span", text(mark), class_="mark", aria_hidden="true"),
        text(report.verdict.capitalize()),
        element("span", text(": the spanpact report"), class_="hidden"),
    )
    gaps = [element("p", element("strong", text("not checked")), text(f": {each.why}")) for each in gaps_of(report)]
    words = element("div", verdict, element("p", text(counts), class_="counts"), *gaps, class_="verdict")
    return element("header", words, _tiles(report, groups), class_=f"banner {style}")


def _tiles(report: Report, groups: Sequence[Group]) -> Html:
    outcomes = [outcome_of(report, result) for result in report.results]
    passed, total = outcomes.count("passed"), len(outcomes)
    expectations = [each for result in report.results for each in result.coverage]
    exercised = sum(each.state == "exercised" for each in expectations)
    flows = sum(result.flows for result in report.results)
    broken = sum(group.broken_flows for group in groups if group.result)
    tiles = [
        _tile(f"{passed} / {total}", "contracts kept"),
        _tile(f"{broken:,} / {flows:,}", "flows broken"),
        _tile(f"{exercised:,} / {len(expectations):,}", "expectations exercised") if expectations else Html(""),
        _tile(f"{sum(finding.breaks for finding in report.findings):,}", "breaking findings"),
    ]
    return element("dl", *tiles, class_="tiles")


def _tile(number: str, label: str) -> Html:
    return element("div", element("dt", text(label)), element("dd", text(number)))


def traces_section(report: Report, data: ReportData) -> Html:
    """Return the place of the list of traces, and what of them is not in the page; "" for a report without traces."""
    if report.reading is None:
        return Html("")
    title = element("h2", text("Traces"), id="traces-title")
    left = element("ul", *(element("li", text(line)) for line in left_out_lines(report, data)), class_="left-out")
    script = element("noscript", element("p", text("Traces are drawn by a script, which this viewer does not run.")))
    return element(
        "section", title, left, script, element("div", id="trace-list"), id="traces", aria_labelledby="traces-title"
    )


def left_out_lines(report: Report, data: ReportData) -> Iterator[str]:
    """Yield what of the traces the page does not hold, each with its number."""
    reading = report.reading
    if reading is None:
        return
    if missing := reading.trace_count - len(data.names):
        found = {finding.trace_id for finding in report.findings if finding.trace_id} - set(data.names)
        yield (
            f"{numbered(missing, 'trace')} of {reading.trace_count:,} not in this file, "
            f"{len(found):,} of them with findings" + (" (--all includes all that were held)" if found else "")
        )
    if data.spans_left_out:
        yield f"{numbered(data.spans_left_out, 'span')} of very large traces not in this file (--all includes them)"
    if data.without_details:
        yield f"{numbered(data.without_details, 'span')} without their attributes in this file (--all includes them)"


def run_section(report: Report, options: TextOptions) -> Html:
    """Return where the traces came from, what no contract mentions, and scores."""
    canvas = Canvas(mask=options.mask)
    rows = [
        part
        for name, value in _rows(report, canvas)
        for part in (element("dt", text(name)), element("dd", text(value)))
    ]
    notes = [element("p", text(line)) for line in unmentioned_lines(report, canvas, unplaced=True)]
    scores = list(score_lines(report, canvas))
    drawn = element("pre", _lines(scores), class_="scores") if scores else Html("")
    return element(
        "section",
        element("h2", text("Run"), id="run-title"),
        element("dl", *rows, class_="facts"),
        *notes,
        drawn,
        id="run",
        aria_labelledby="run-title",
    )


def _lines(lines: Sequence[str]) -> Html:
    return join(*(join(text(line), Html("\n")) for line in lines))


def _rows(report: Report, canvas: Canvas) -> Iterator[tuple[str, str]]:
    if reading := report.reading:
        read = f"{numbered(reading.trace_count, 'trace')}, {numbered(reading.span_count, 'span')}"
        yield "source", f"{reading.source.name} ({read})"  # a source's address is not masked
        if report.unread:
            yield "not read", canvas.mask(unread_text(report))
        yield from live_rows(reading)
        for service, resolution in report.clocks:
            yield "resolution", canvas.mask(f"{service or 'a service without a name'} {resolution // 1000} µs")
    yield from ((name, canvas.mask(value)) for name, value in report.header)
    options = {"--strict": report.strict, "--allow-unseen": report.allow_unseen}
    if any(options.values()):
        yield "options", " ".join(name for name, is_set in options.items() if is_set)
    yield "exit code", str(report.exit_code)
    yield "written by", f"spanpact {__version__}"
