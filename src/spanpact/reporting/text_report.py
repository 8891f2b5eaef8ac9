"""A report as text for a person: which clause, which contract line, which span, within a few seconds.

Plain and stable where it is not a terminal: no colour, a fixed width, no time of day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final, TextIO

from spanpact.findings import ContractResult, Finding, Report, Verdict
from spanpact.privacy import mask as mask_known_classes
from spanpact.reporting.coverage_text import coverage_lines
from spanpact.reporting.drawing.finding_lines import symbol
from spanpact.reporting.drawing.flow_findings import Flowing, Traces, by_flow, folded
from spanpact.reporting.drawing.flow_tree import flow_lines
from spanpact.reporting.drawing.safe_text import ASCII, UNICODE, Canvas, Style, width_of
from spanpact.reporting.summary import not_checked_lines, passes, summary, why_not_checked

PLAIN_WIDTH: Final = 100
_SHAPES: Final = 3
_NAMED_TRACES: Final = 3


@dataclass(frozen=True, slots=True)
class TextOptions:
    """How to draw a report.

    `everything` shows every broken flow in full, where else alike ones are folded; `coverage` lists every
    expectation. `mask` hides what must not be shown in names and values of spans.
    """

    width: int = PLAIN_WIDTH
    colour: bool = False
    ascii: bool = False
    everything: bool = False
    coverage: bool = False
    mask: Callable[[str], str] = mask_known_classes

    @property
    def canvas(self) -> Canvas:
        """What to draw on."""
        glyphs = ASCII if self.ascii else UNICODE
        return Canvas(max(40, self.width), self.colour, glyphs, self.mask)


def options_for(
    stream: TextIO, environ: Mapping[str, str], *, columns: Callable[[], int], base: TextOptions | None = None
) -> TextOptions:
    """The options that suit a stream: colour and its width on a terminal only, ASCII where it can no more.

    `NO_COLOR` (no-color.org) and `TERM=dumb` switch colour off. `columns` gives the terminal's width.
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


def render_text(report: Report, options: TextOptions | None = None) -> str:
    """The whole report; ends with a line break."""
    return "\n".join(_Text(report, options or TextOptions()).lines()) + "\n"


def summary_line(report: Report, options: TextOptions | None = None) -> str:
    """The report's last line alone."""
    return summary(report, (options or TextOptions()).canvas)


class _Text:
    """One report on one canvas."""

    def __init__(self, report: Report, options: TextOptions) -> None:
        self.report, self.options, self.canvas = report, options, options.canvas
        self.traces = Traces(report.reading, options.mask)

    def lines(self) -> Iterator[str]:
        report, canvas = self.report, self.canvas
        sections: list[Iterable[str]] = [self._header(), self._verdicts()]
        sections += [self._findings_of(result) for result in report.results]
        sections += [
            self._integrity(),
            not_checked_lines(report, canvas),
            coverage_lines(report, canvas, each=self.options.coverage),
            [summary(report, canvas)],
        ]
        yield from separated(sections)

    def _header(self) -> Iterator[str]:
        facts = [(what, value) for what, value in self.report.header]
        if reading := self.report.reading:
            read = f"{counted(reading.trace_count, 'trace')}, {counted(reading.span_count, 'span')}"
            facts.insert(0, ("source", f"{reading.source.name} ({read})"))  # an address is no secret here
        widest = max((len(what) for what, _ in facts), default=0)
        for what, value in facts:
            text = self.canvas.shown(value) if what == "source" else self.canvas.foreign(value)
            yield f"{self.canvas.paint(self.canvas.shown(what).ljust(widest), 'quiet')}  {text}"

    def _verdicts(self) -> Iterator[str]:
        rows = [(result, self._verdict_cells(result)) for result in self.report.results]
        widths = [max((width_of(cells[i]) for _, cells in rows), default=0) for i in range(2)]
        for result, (name, flows, file) in rows:
            mark = verdict_mark(result.verdict, self.canvas)
            gap = widths[0] - width_of(name), widths[1] - width_of(flows)
            text = self.canvas.paint(name, "strong")
            yield f"{mark}  {text}{' ' * gap[0]}  {flows}{' ' * gap[1]}  {self.canvas.paint(file, 'quiet')}".rstrip()

    def _verdict_cells(self, result: ContractResult) -> tuple[str, str, str]:
        name = f"{self.canvas.shown(result.contract)} {self.canvas.shown(result.version)}".rstrip()
        flows = counted(result.flows, "flow")
        if result.verdict == "broken":
            broken = sum(flow.broken for flow in by_flow(result.findings, result.flow_spans, self.traces))
            flows += f", {broken} broken" if result.flows > 1 else ""
        elif result.verdict == "not checked":
            allowed = ", allowed" if passes(self.report, result) else ""
            flows = f"{why_not_checked(result)}{allowed}" if not result.flows else f"{flows}, {why_not_checked(result)}"
        return name, flows, self.canvas.shown(result.file)

    def _findings_of(self, result: ContractResult) -> Iterator[str]:
        flows = by_flow(result.findings, result.flow_spans, self.traces)
        name = self.canvas.shown(result.contract)
        named = [c.keyword.removeprefix("attributes.") for c in result.coverage if c.keyword.startswith("attributes.")]
        yield from self._flows([f for f in flows if f.broken], name, "broken", list(dict.fromkeys(named)))
        lesser = [finding for f in flows if not f.broken for finding in f.findings]
        yield from self._lesser([finding for finding in lesser if not _is_in_coverage(finding)], name)

    def _integrity(self) -> Iterator[str]:
        flows = by_flow(self.report.integrity, (), self.traces)
        yield from self._flows([f for f in flows if f.broken], "integrity", "malformed", [])
        yield from self._lesser([finding for f in flows if not f.broken for finding in f.findings], "integrity")

    def _flows(self, flows: list[Flowing], name: str, what: str, named: list[str]) -> Iterator[str]:
        everything = self.options.everything
        kinds = [(flow, list[Flowing]()) for flow in flows] if everything else folded(flows)
        blocks = []
        for flow, alike in kinds if everything else kinds[:_SHAPES]:
            blocks.append(self._flow(flow, alike, f"{name} {what}", named))
        if len(kinds) > len(blocks):
            left = sum(1 + len(alike) for _, alike in kinds[len(blocks) :])
            more = f"{counted(left, 'more flow')} of {name} {what} in other ways (--all shows them)"
            blocks.append(iter([self.canvas.paint(f"{self.canvas.glyphs.more} {more}", "quiet")]))
        yield from separated(blocks)

    def _flow(self, flow: Flowing, alike: list[Flowing], title: str, named: list[str]) -> Iterator[str]:
        canvas = self.canvas
        where = f" in trace {canvas.shown(flow.spot.trace_id)}" if flow.spot.trace_id else ""
        topology = self.traces.topology(flow.spot.trace_id) if flow.spot.trace_id else None
        label = topology.trace.scenario if topology else ""
        scenario = f" (scenario {canvas.foreign(label)})" if label else ""
        yield canvas.paint(f"{title}{where}{scenario}", "bad")
        yield from flow_lines(flow, self.traces, canvas, named=named, everything=self.options.everything)
        if alike:
            ids = list(dict.fromkeys(canvas.shown(each.spot.trace_id) for each in alike))
            listed = ", ".join(ids[:_NAMED_TRACES]) + (f", {canvas.glyphs.more}" if len(ids) > _NAMED_TRACES else "")
            yield canvas.paint(f"  {counted(len(alike), 'more flow')} alike: {listed}", "quiet")

    def _lesser(self, findings: list[Finding], name: str) -> Iterator[str]:
        """Findings that break nothing: one line for each kind."""
        kinds: dict[tuple[str, str], list[Finding]] = {}
        for finding in findings:
            kinds.setdefault((finding.key, finding.keyword), []).append(finding)
        for same in kinds.values():
            first = same[0]
            mark, style = symbol(first, self.canvas)
            level = f"pending until {first.pending.until}" if first.pending else first.level
            times = f" {self.canvas.glyphs.times}{len(same)}" if len(same) > 1 else ""
            text = f"{name}: {self.canvas.shown(first.message)} ({level}){times}"
            place = f"  {self.canvas.shown(str(first.place))}" if first.place else ""
            trace = f"  trace {self.canvas.shown(first.trace_id)}" if first.trace_id else ""
            yield f"{self.canvas.paint(f'{mark} {self.canvas.shown(first.key)}', style)}  {text}{place}{trace}"


def _is_in_coverage(finding: Finding) -> bool:
    """Whether the coverage says it already, which counts what is unproven (and lists it where it is asked to)."""
    return finding.id == "expectation-unproven" and finding.level == "information"


def verdict_mark(verdict: Verdict, canvas: Canvas) -> str:
    """The verdict with its mark, as wide as the widest."""
    glyphs = canvas.glyphs
    marks: dict[Verdict, tuple[str, Style]] = {
        "kept": (glyphs.kept, "good"), "broken": (glyphs.broken, "bad"), "not checked": (glyphs.doubt, "doubt"),
    }  # fmt: skip
    mark, style = marks[verdict]
    return canvas.paint(f"{mark} {verdict}".ljust(13), style)


def counted(number: int, what: str) -> str:
    """`1 flow`, `2 flows`."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def separated(sections: Iterable[Iterable[str]]) -> Iterator[str]:
    """The lines of the sections that have any, with an empty line between two of them."""
    first = True
    for section in sections:
        lines = list(section)
        if lines and not first:
            yield ""
        first = first and not lines
        yield from lines
