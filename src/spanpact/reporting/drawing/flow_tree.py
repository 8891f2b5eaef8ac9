"""A flow with findings, drawn: the tree of its spans, each finding under its span, what is missing as a ghost."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Final

from spanpact.findings import Finding
from spanpact.reporting.drawing.finding_lines import finding_lines, symbol
from spanpact.reporting.drawing.flow_findings import GHOSTS, Flowing, Traces, location
from spanpact.reporting.drawing.safe_text import Canvas
from spanpact.reporting.drawing.tree import Look, Node, draw, outline
from spanpact.reporting.drawing.value_text import duration, foreign
from spanpact.trace.model import Span
from spanpact.trace.topology import TOP, Topology

MOST_FINDINGS: Final = 20
"""Findings drawn in one tree; the rest is counted."""
MOST_MENTIONS: Final = 5
"""Spans marked for one finding that speaks of many."""
_TIMED: Final = frozenset(["order", "concurrency", "child-early", "child-late", "span-times"])
_INDENT: Final = "  "
_FEW: Final = 4


def flow_lines(
    flow: Flowing, traces: Traces, canvas: Canvas, *, named: Collection[str] = (), everything: bool = False
) -> Iterator[str]:
    """The lines of one flow. `named`: the attributes that the contract names, shown beside those at fault."""
    topology = traces.topology(flow.spot.trace_id) if flow.spot.trace_id else None
    shown = flow.findings if everything else flow.findings[:MOST_FINDINGS]
    if topology is None:
        for finding in shown:
            yield from (_INDENT + line for line in finding_lines(finding, canvas, canvas.width - 2, path=True))
    else:
        yield from _Picture(flow, shown, topology, traces, canvas, everything=everything).lines(named)
    if len(shown) < len(flow.findings):
        more = f"{len(flow.findings) - len(shown)} more findings in this flow (--all shows them)"
        yield _INDENT + canvas.paint(f"{canvas.glyphs.more} {more}", "quiet")


class _Picture:
    """Findings sorted into the tree of one trace."""

    def __init__(
        self,
        flow: Flowing,
        findings: Sequence[Finding],
        topology: Topology,
        traces: Traces,
        canvas: Canvas,
        *,
        everything: bool,
    ) -> None:
        self.topology, self.traces, self.canvas = topology, traces, canvas
        self.everything = everything
        self.root = traces.span(topology, flow.spot.span_id)
        self.at: dict[int, list[Finding]] = {}
        self.ghosts: dict[int, list[Finding]] = {}
        self.also: dict[int, list[Finding]] = {}
        for finding in findings:
            place = traces.span(topology, location(finding))
            (self.ghosts if finding.id in GHOSTS else self.at).setdefault(place, []).append(finding)
            for span_id in finding.spans if everything else finding.spans[:MOST_MENTIONS]:
                self._mention(finding, traces.span(topology, span_id), place)

    def _mention(self, finding: Finding, i: int, place: int) -> None:
        if i != TOP and i != place:
            self.also.setdefault(i, []).append(finding)

    def lines(self, named: Collection[str]) -> Iterator[str]:
        topology, canvas = self.topology, self.canvas
        wanted = sorted({i for i in (*self.at, *self.ghosts, *self.also) if i != TOP})
        root = self.root if all(i == self.root or topology.is_below(i, self.root) for i in wanted) else TOP
        if root != TOP and topology.parent[root] != TOP:
            names = (canvas.foreign(name) for name in topology.names(topology.parent[root]))
            yield canvas.paint(f"{_INDENT}in {f' {canvas.glyphs.into} '.join(names)}", "quiet")
        for finding in self.at.get(TOP, ()):  # of the trace as a whole
            yield from (_INDENT + line for line in finding_lines(finding, canvas, canvas.width - 2))
        nodes = outline(topology, root, wanted, everything=self.everything)
        notes = self._notes()
        self._add_ghosts(nodes, notes)
        yield from draw(nodes, canvas, look=self._look(named, root), notes=notes, indent=_INDENT)

    def _look(self, named: Collection[str], root: int) -> Look:
        spans, faults = self.topology.spans, {**self.at}
        for i, found in self.also.items():
            faults[i] = [*faults.get(i, ()), *found]
        marked = {spans[i].span_id for i, found in faults.items() if i != TOP and any(f.breaks for f in found)}
        by_span = {spans[i].span_id: found for i, found in faults.items() if i != TOP}
        timed = any(f.id in _TIMED for found in self.at.values() for f in found)
        start = spans[root if root != TOP else 0].start_ns if timed and spans else None
        return Look(
            attributes=lambda span: interesting(span, by_span.get(span.span_id, ()), self._own(span, named)),
            marked=marked,
            offsets_from=start,
        )

    def _own(self, span: Span, names: Collection[str]) -> list[str]:
        """Of these attributes the first few that say something of this span: not the same as on its parent."""
        i = self.topology.by_id[span.span_id]
        parent = self.topology.parent[i]
        above = self.topology.spans[parent].attributes if parent != TOP else {}
        said = [name for name in names if name in span.attributes]
        return [name for name in said if name not in above or above[name] != span.attributes[name]][:_FEW]

    def _notes(self) -> dict[str, list[str]]:
        notes: dict[str, list[str]] = {}
        for i in sorted({*self.at, *self.also} - {TOP}):
            lines = notes.setdefault(self.topology.spans[i].span_id, [])
            for finding in self.at.get(i, ()):
                lines += finding_lines(finding, self.canvas, self.canvas.width - 20)
                if finding.id == "span-duplicate":
                    lines += self._doubles(self.topology.spans[i].span_id)
            for finding in self.also.get(i, ()):
                mark, style = symbol(finding, self.canvas)
                what = "found here" if finding.id in GHOSTS else "this span too"
                lines.append(self.canvas.paint(f"{mark} {self.canvas.shown(finding.key)}: {what}", style))
        return notes

    def _doubles(self, span_id: str) -> Iterator[str]:
        """The other spans of an id, which have no place in the tree."""
        for span in self.topology.duplicates:
            if span.span_id == span_id:
                name, took = foreign(span.name, self.canvas), duration(span, self.canvas)
                yield f"  the other  {name}  {took}  {span.kind}"

    def _add_ghosts(self, nodes: list[Node], notes: dict[str, list[str]]) -> None:
        by_span = {node.span.span_id: node for node in _walk(nodes) if node.span}
        for i, findings in self.ghosts.items():
            holder = by_span[self.topology.spans[i].span_id].children if i != TOP else nodes
            for finding in findings:
                key = f"ghost {len(notes)}"
                holder.append(Node(text=finding.message, ghost=key))
                notes[key] = finding_lines(finding, self.canvas, self.canvas.width - 20, message=False)


def _walk(nodes: Sequence[Node]) -> Iterator[Node]:
    stack = list(nodes)
    while stack:
        node = stack.pop()
        yield node
        stack += node.children


def interesting(span: Span, findings: Sequence[Finding], named: Collection[str]) -> list[str]:
    """The span's attributes worth a look: those its findings speak of, why it failed, those the contract names."""
    said = [f.keyword.removeprefix("attributes.") for f in findings if f.keyword.startswith("attributes.")]
    words = {word for f in findings for word in f"{f.message} {f.expected} {f.hint}".replace(",", " ").split()}
    mentioned = [name for name in span.attributes if name in words]
    failed = ["error", "error.type"] if span.status == "error" else []
    return list(dict.fromkeys([*said, *mentioned, *failed, *named]))
