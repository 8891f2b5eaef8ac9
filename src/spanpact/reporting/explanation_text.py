"""The findings of a saved report as a list, and one of them explained, as text for a person."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from spanpact.explaining import Clause, Explanation, kinds_of
from spanpact.findings import Report, SavedSpan
from spanpact.reporting.drawing.canvas import Canvas
from spanpact.reporting.drawing.finding_lines import finding_mark
from spanpact.reporting.drawing.flow_findings import PLACEHOLDERS
from spanpact.reporting.drawing.safe_text import display_width, wrap_words
from spanpact.reporting.drawing.value_text import format_nanoseconds
from spanpact.reporting.text_options import TextOptions, counted, join_sections

_LONGEST_KEY: Final = 40
_MOST_ALIKE: Final = 5
_NARROWEST: Final = 30


def render_findings_text(report: Report, options: TextOptions, *, file: str) -> str:
    """Return the kinds of findings of a report, a line each, and how to explain one; ends with a line break."""
    canvas = options.canvas
    kinds = kinds_of(report)
    if not kinds:
        return f"no findings: the report is {report.verdict}\n"
    digits = len(str(kinds[-1].number))
    keys = [canvas.clip(canvas.escape(kind.first.key), _LONGEST_KEY) for kind in kinds]
    widest = max(map(display_width, keys))
    lines = []
    for kind, key in zip(kinds, keys, strict=True):
        mark, style = finding_mark(kind.first, canvas)
        times = f"  {canvas.glyphs.times}{kind.count}" if kind.count > 1 else ""
        head = f"{kind.number:{digits}}  {mark} {key}{' ' * (widest - display_width(key))}"
        rest = "  ".join(filter(None, (canvas.escape(kind.first.contract), canvas.escape(kind.first.message))))
        room = canvas.width - display_width(head) - display_width(times) - 2
        lines.append(f"{canvas.paint(head, style)}{times}  {canvas.clip(rest, max(_NARROWEST, room))}")
    total = f"{counted(len(report.findings), 'finding')} of {counted(len(kinds), 'kind')}"
    return (
        "\n".join([*lines, "", f"{total}; explain one: spanpact explain {canvas.escape(file)} {kinds[0].number}"])
        + "\n"
    )


def render_explanation_text(explanation: Explanation, options: TextOptions) -> str:
    """Return the explanation of one finding; ends with a line break."""
    return "\n".join(join_sections(_ExplanationText(explanation, options).sections())) + "\n"


class _ExplanationText:
    """One explanation with the canvas it is drawn on."""

    def __init__(self, explanation: Explanation, options: TextOptions) -> None:
        self._explanation, self._options, self._canvas = explanation, options, options.canvas
        self._finding = explanation.finding

    def sections(self) -> Iterator[Iterable[str]]:
        yield self._head()
        yield self._clause(self._explanation.clause)
        yield self._spans()
        yield self._lost_context()
        edits = [(f"{each.where}", each.text) for each in self._explanation.edits]
        yield self._titled("edits: one of these settles it", self._labelled(edits))
        yield self._titled(
            "usual causes", (line for each in self._explanation.causes for line in self._wrapped("- ", each))
        )
        remedies = [(language, text) for language, texts in self._explanation.remedies.items() for text in texts]
        yield self._titled("remedies", self._labelled(remedies))

    def _head(self) -> Iterator[str]:
        finding, canvas, explanation = self._finding, self._canvas, self._explanation
        mark, style = finding_mark(finding, canvas)
        level = "pending" if finding.pending else finding.level
        inside = f" of {canvas.escape(finding.contract)}" if finding.contract else ""
        yield f"{canvas.paint(f'{mark} {canvas.escape(finding.key)}', style)}{inside}  {canvas.paint(level, 'quiet')}"
        yield from self._wrapped("  ", finding.message)
        fields = [
            ("meaning", explanation.meaning),
            ("expected", finding.expected),
            ("observed", finding.observed),
            ("condition", finding.condition),
            ("hint", finding.hint),
            ("alike", self._alike()),
        ]
        if finding.pending:
            fields.append(("until", f"{finding.pending.until}, {finding.pending.owner}: {finding.pending.reason}"))
        yield from self._labelled([(label, text) for label, text in fields if text])

    def _alike(self) -> str:
        """Return which findings have the same key, "" if there is no other one."""
        others = [number for number in self._explanation.alike if number != self._explanation.number]
        named = ", ".join(map(str, others[:_MOST_ALIKE])) + (", …" if len(others) > _MOST_ALIKE else "")
        return f"this is {self._explanation.number}; {counted(len(others), 'more')[:-1]}: {named}" if others else ""

    def _clause(self, clause: Clause | None) -> Iterator[str]:
        if clause is None:
            return
        canvas = self._canvas
        keyword = f"  ({canvas.escape(self._finding.keyword)})" if self._finding.keyword else ""
        yield f"{canvas.paint('clause', 'strong')}  {canvas.escape(str(clause.place))}{keyword}"
        digits = len(str(clause.lines[-1][0])) if clause.lines else 0
        for number, text in clause.lines:
            here = number == clause.place.line
            line = canvas.clip(f"{'>' if here else ' '} {number:{digits}}  {canvas.escape(text)}", canvas.width - 2)
            yield f"  {line if here else canvas.paint(line, 'quiet')}"
        if clause.problem:
            yield from self._wrapped("  ", clause.problem)

    def _spans(self) -> Iterator[str]:
        finding, canvas = self._finding, self._canvas
        if not finding.trace_id:
            return
        path = f" {canvas.glyphs.into} ".join(map(canvas.escape, finding.path))
        trace = canvas.escape(finding.trace_id)
        what = "missing below" if finding.id in PLACEHOLDERS else "span" if finding.span_id else "trace"
        yield f"{canvas.paint(what, 'strong')}  {path}".rstrip()
        if link := self._options.link_to(finding.trace_id):
            yield f"  {link}"
        yield f"  trace {trace}" + (f", span {canvas.escape(finding.span_id)}" if finding.span_id else "")
        for span in (self._explanation.span, *self._explanation.others):
            if span:
                yield from self._span(span)

    def _span(self, span: SavedSpan) -> Iterator[str]:
        canvas = self._canvas
        took = "never ended" if span.duration_ns is None else format_nanoseconds(span.duration_ns, canvas)
        status = "" if span.status == "unset" else f"status {span.status}"
        said = f'"{canvas.escape(span.status_message)}"' if span.status_message else ""
        of = f"service {canvas.escape(span.service)}" if span.service else ""
        yield "  " + "  ".join(filter(None, (canvas.escape(span.name), took, span.kind, status, said, of)))
        widest = max((display_width(canvas.escape(name)) for name, _ in span.attributes), default=0)
        for name, value in span.attributes:
            shown = canvas.escape(name)
            padding = " " * (widest - display_width(shown))
            yield canvas.clip(f"    {shown}{padding}  {canvas.escape(value)}", canvas.width)

    def _lost_context(self) -> Iterator[str]:
        """Yield the two halves of a trace whose context was lost."""
        root, finding, canvas = self._finding.lost_root, self._finding, self._canvas
        if root is None:
            return
        name = canvas.escape(root.name)
        when = format_nanoseconds(abs(root.offset_ns), canvas)
        yield canvas.paint("lost context: one request, two traces", "strong")
        yield f"  trace {canvas.escape(finding.trace_id)}"
        yield f"    {f' {canvas.glyphs.into} '.join(map(canvas.escape, finding.path))}"
        yield f"      {canvas.glyphs.missing_corner}{canvas.paint(f'{name} is missing here', 'bad')}"
        yield f"  trace {canvas.escape(root.trace_id)}"
        yield f"    {name}, a root, starts {when} {'later' if root.offset_ns >= 0 else 'earlier'}"

    def _titled(self, title: str, lines: Iterable[str]) -> Iterator[str]:
        for number, line in enumerate(lines):
            if not number:
                yield self._canvas.paint(title, "strong")
            yield line

    def _labelled(self, fields: Sequence[tuple[str, str]]) -> Iterator[str]:
        widest = max((len(label) for label, _ in fields), default=0)
        for label, text in fields:
            lead = f"  {label.ljust(widest)}  "
            for number, line in enumerate(self._wrapped(" " * len(lead), text)):
                yield line if number else self._canvas.paint(lead, "quiet") + line[len(lead) :]

    def _wrapped(self, lead: str, text: str) -> Iterator[str]:
        """Yield a text on lines within the width; `lead` begins the first, as many spaces the others."""
        canvas: Canvas = self._canvas
        lead = lead if lead.startswith("  ") else f"  {lead}"
        for number, line in enumerate(wrap_words(canvas.escape(text), max(_NARROWEST, canvas.width - len(lead)))):
            yield (" " * len(lead) if number else lead) + line
