"""The report of a verification as text, for a person: which clause of which contract broke at which span.

Where the output is not a terminal it is the same for the same traces: no colour, a fixed width, no time of day.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from spanpact.findings import ContractResult, Finding, Report, Verdict
from spanpact.reporting.drawing.canvas import Canvas, Style
from spanpact.reporting.drawing.finding_lines import finding_mark
from spanpact.reporting.drawing.flow_findings import FlowFindings, MaskedTraces, group_by_flow, group_similar
from spanpact.reporting.drawing.flow_tree import flow_lines
from spanpact.reporting.drawing.safe_text import display_width
from spanpact.reporting.sections.coverage_table import coverage_lines
from spanpact.reporting.sections.scores import score_lines
from spanpact.reporting.sections.summary import (
    is_accepted,
    live_rows,
    not_checked_lines,
    summary,
    unread_text,
    why_not_checked,
)
from spanpact.reporting.sections.unmentioned import unmentioned_lines
from spanpact.reporting.text_options import TextOptions, counted, join_sections

_MOST_WAYS: Final = 3  # ways to break one contract of which each is drawn
_MOST_TRACE_IDS: Final = 3
_MOST_CLOCKS: Final = 5


def render_text(report: Report, options: TextOptions | None = None) -> str:
    """Return the whole report; ends with a line break."""
    return "\n".join(_ReportText(report, options or TextOptions()).lines()) + "\n"


def summary_line(report: Report, options: TextOptions | None = None) -> str:
    """Return the last line of the report."""
    return summary(report, (options or TextOptions()).canvas)


def findings_of_each(report: Report, options: TextOptions) -> list[str]:
    """Return the findings of each contract as the report draws them, and those of integrity as the last text."""
    drawn = _ReportText(report, options)
    sections = [*map(drawn.findings_of, report.results), drawn.integrity()]
    return ["\n".join(lines) for lines in sections]


class _ReportText:
    """One report with the canvas it is drawn on."""

    def __init__(self, report: Report, options: TextOptions) -> None:
        self.report, self.options, self.canvas = report, options, options.canvas
        self.traces = MaskedTraces(report.reading, options.mask)
        self._grouped: dict[int, list[FlowFindings]] = {}

    def lines(self) -> Iterator[str]:
        report, canvas = self.report, self.canvas
        sections: list[Iterable[str]] = [self._header(), self._verdicts()]
        sections += [self.findings_of(result) for result in report.results]
        sections += [
            self.integrity(),
            not_checked_lines(report, canvas),
            score_lines(report, canvas),
            unmentioned_lines(report, canvas, unplaced=self.options.coverage),
            coverage_lines(report, canvas, each=self.options.coverage),
            [summary(report, canvas)],
        ]
        yield from join_sections(sections)

    def _header(self) -> Iterator[str]:
        rows = [(what, value) for what, value in self.report.header]
        if reading := self.report.reading:
            read = f"{counted(reading.trace_count, 'trace')}, {counted(reading.span_count, 'span')}"
            rows += [("not read", unread_text(self.report))] if self.report.unread else []
            rows += [("resolution", _clocks_text(self.report.clocks))] if self.report.clocks else []
            rows += list(live_rows(reading))
            rows.insert(0, ("source", f"{reading.source.name} ({read})"))  # a source's address is not masked
        widest = max((len(what) for what, _ in rows), default=0)
        for what, value in rows:
            text = self.canvas.escape(value) if what == "source" else self.canvas.masked(value)
            yield f"{self.canvas.paint(self.canvas.escape(what).ljust(widest), 'quiet')}  {text}"

    def _verdicts(self) -> Iterator[str]:
        rows = [(result.verdict, self._verdict_cells(result)) for result in self.report.results]
        if malformed := {each.trace_id for each in self.report.integrity if each.breaks}:
            rows.append(("broken", ("traces", f"{len(malformed)} malformed", "")))  # whatever the contracts say
        widths = [max((display_width(cells[i]) for _, cells in rows), default=0) for i in range(2)]
        for verdict, (name, flows, file) in rows:
            mark = verdict_mark(verdict, self.canvas)
            gap = widths[0] - display_width(name), widths[1] - display_width(flows)
            text = self.canvas.paint(name, "strong")
            yield f"{mark}  {text}{' ' * gap[0]}  {flows}{' ' * gap[1]}  {self.canvas.paint(file, 'quiet')}".rstrip()

    def _verdict_cells(self, result: ContractResult) -> tuple[str, str, str]:
        name = f"{self.canvas.escape(result.contract)} {self.canvas.escape(result.version)}".rstrip()
        flows = counted(result.flows, "flow")
        if result.verdict == "broken":
            broken = sum(flow.broken for flow in self._grouped_by_flow(result))
            flows += f", {broken} broken" if result.flows > 1 else ""
        elif result.verdict == "not checked":
            allowed = ", allowed" if is_accepted(self.report, result) else ""
            flows = f"{why_not_checked(result)}{allowed}" if not result.flows else f"{flows}, {why_not_checked(result)}"
        return name, flows, self.canvas.escape(result.file)

    def _grouped_by_flow(self, result: ContractResult) -> list[FlowFindings]:
        """Return the findings of a result by flow. They are grouped once, as the traces may be in a file."""
        if id(result) not in self._grouped:
            self._grouped[id(result)] = group_by_flow(result.findings, result.flow_spans, self.traces)
        return self._grouped[id(result)]

    def findings_of(self, result: ContractResult) -> Iterator[str]:
        flows = self._grouped_by_flow(result)
        name = self.canvas.escape(result.contract)
        named = [c.keyword.removeprefix("attributes.") for c in result.coverage if c.keyword.startswith("attributes.")]
        yield from self._flows([f for f in flows if f.broken], name, "broken", list(dict.fromkeys(named)))
        not_breaking = [finding for f in flows if not f.broken for finding in f.findings]
        yield from self._not_breaking([finding for finding in not_breaking if not _is_in_coverage(finding)], name)

    def integrity(self) -> Iterator[str]:
        flows = group_by_flow(self.report.integrity, (), self.traces)
        yield from self._flows([f for f in flows if f.broken], "integrity", "malformed", [])
        yield from self._not_breaking([finding for f in flows if not f.broken for finding in f.findings], "integrity")

    def _flows(self, flows: list[FlowFindings], name: str, what: str, named: list[str]) -> Iterator[str]:
        """Yield one flow of each way to be broken; of more than a few ways, a table of their kinds and one flow."""
        title, ways = f"{name} {what}", group_similar(flows)
        many = len(ways) > _MOST_WAYS
        drawn = ways[:1] if many else ways
        if self.options.everything:
            drawn = [(flow, []) for flow in flows]
        blocks: list[Iterable[str]] = []
        if many:
            from spanpact.reporting.sections.kinds_table import kinds_lines  # few reports need it

            blocks.append(kinds_lines(flows, title, self.options))
        blocks += [self._flow(flow, similar, title, named) for flow, similar in drawn]
        if left := len(flows) - sum(1 + len(similar) for _, similar in drawn):
            more = f"{counted(left, 'more flow')} of {title} in other ways (--all shows them)"
            blocks.append([self.canvas.paint(f"{self.canvas.glyphs.more} {more}", "quiet")])
        yield from join_sections(blocks)

    def _flow(self, flow: FlowFindings, similar: list[FlowFindings], title: str, named: list[str]) -> Iterator[str]:
        canvas = self.canvas
        where = f" in trace {canvas.escape(flow.root.trace_id)}" if flow.root.trace_id else ""
        topology = self.traces.topology(flow.root.trace_id) if flow.root.trace_id else None
        label = topology.trace.scenario if topology else ""
        scenario = f" (scenario {canvas.masked(label)})" if label else ""
        yield canvas.paint(f"{title}{where}{scenario}", "bad")
        if link := self.options.link_to(flow.root.trace_id):
            yield canvas.paint(f"  {link}", "quiet")
        yield from flow_lines(flow, self.traces, canvas, named_attributes=named, everything=self.options.everything)
        if similar:
            ids = list(dict.fromkeys(canvas.escape(each.root.trace_id) for each in similar))
            listed = ", ".join(ids[:_MOST_TRACE_IDS]) + (
                f", {canvas.glyphs.more}" if len(ids) > _MOST_TRACE_IDS else ""
            )
            yield canvas.paint(f"  {counted(len(similar), 'more similar flow')}: {listed}", "quiet")

    def _not_breaking(self, findings: list[Finding], name: str) -> Iterator[str]:
        """Yield one line for each kind of finding that breaks nothing."""
        kinds: dict[tuple[str, str], list[Finding]] = {}
        for finding in findings:
            kinds.setdefault((finding.key, finding.keyword), []).append(finding)
        for same in kinds.values():
            first = same[0]
            mark, style = finding_mark(first, self.canvas)
            level = f"pending until {first.pending.until}" if first.pending else first.level
            times = f" {self.canvas.glyphs.times}{len(same)}" if len(same) > 1 else ""
            text = f"{name}: {self.canvas.escape(first.message)} ({level}){times}"
            place = f"  {self.canvas.escape(str(first.place))}" if first.place else ""
            trace = f"  trace {self.canvas.escape(first.trace_id)}" if first.trace_id else ""
            yield f"{self.canvas.paint(f'{mark} {self.canvas.escape(first.key)}', style)}  {text}{place}{trace}"


def _clocks_text(clocks: Sequence[tuple[str, int]]) -> str:
    """Return which services have times that are coarser than the source: `web 1ms, stock 1us`."""
    named = [
        f"{service or 'a service without a name'} {'1ms' if unit == 1_000_000 else '1us'}"
        for service, unit in clocks[:_MOST_CLOCKS]
    ]
    more = len(clocks) - len(named)
    return ", ".join(named) + (f" and {more} more" if more else "")


def _is_in_coverage(finding: Finding) -> bool:
    """Return whether the coverage table counts it already, in its column `unproven`."""
    return finding.id == "expectation-unproven" and finding.level == "information"


def verdict_mark(verdict: Verdict, canvas: Canvas) -> str:
    """Return the verdict with its mark, padded to the widest."""
    glyphs = canvas.glyphs
    marks: dict[Verdict, tuple[str, Style]] = {
        "kept": (glyphs.kept, "good"), "broken": (glyphs.broken, "bad"), "not checked": (glyphs.doubt, "doubt"),
    }  # fmt: skip
    mark, style = marks[verdict]
    return canvas.paint(f"{mark} {verdict}".ljust(13), style)
