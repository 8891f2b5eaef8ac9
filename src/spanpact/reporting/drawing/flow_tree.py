"""Draw a flow with its findings: the tree of its spans, each finding below its span, placeholders for missing spans."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Final

from spanpact.findings import Finding
from spanpact.reporting.drawing.canvas import Canvas
from spanpact.reporting.drawing.finding_lines import finding_lines, finding_mark
from spanpact.reporting.drawing.flow_findings import PLACEHOLDERS, FlowFindings, MaskedTraces
from spanpact.reporting.drawing.span_tree import (
    LineOptions,
    Node,
    draw,
    duplicate_lines,
    duplicates_by_index,
    outline,
    services_where_they_change,
)
from spanpact.trace.model import Span
from spanpact.trace.topology import TOP, Topology

MOST_FINDINGS: Final = 20
"""How many findings are drawn in one tree; the others are counted."""
MOST_MENTIONS: Final = 5
"""How many spans are marked for one finding that names many."""
_SHOWING_OFFSETS: Final = frozenset(["order", "concurrency", "child-early", "child-late", "span-times"])
_INDENT: Final = "  "
_MOST_ATTRIBUTES: Final = 4
_TREE_INDENT: Final = 20  # room for the branches of a tree, so that findings deep in it still fit


def flow_lines(
    flow: FlowFindings,
    traces: MaskedTraces,
    canvas: Canvas,
    *,
    named_attributes: Collection[str] = (),
    everything: bool = False,
) -> Iterator[str]:
    """Yield the lines of one flow. `named_attributes` (those that the contract names) are shown on its spans."""
    topology = traces.topology(flow.root.trace_id) if flow.root.trace_id else None
    shown = flow.findings if everything else flow.findings[:MOST_FINDINGS]
    if topology is None:
        for finding in shown:
            yield from (_INDENT + line for line in finding_lines(finding, canvas, canvas.width - 2, path=True))
    else:
        yield from _FlowTree(flow, shown, topology, traces, canvas, everything=everything).lines(named_attributes)
    if len(shown) < len(flow.findings):
        more = f"{len(flow.findings) - len(shown)} more findings in this flow (--all shows them)"
        yield _INDENT + canvas.paint(f"{canvas.glyphs.more} {more}", "quiet")


class _FlowTree:
    """The findings of one flow by span index: drawn below the span, as a placeholder below it, or mentioning it."""

    def __init__(
        self,
        flow: FlowFindings,
        findings: Sequence[Finding],
        topology: Topology,
        traces: MaskedTraces,
        canvas: Canvas,
        *,
        everything: bool,
    ) -> None:
        self.topology, self.canvas = topology, canvas
        self.everything = everything
        self.root = traces.flow_index(topology, flow.root.span_id)
        self.duplicates = duplicates_by_index(topology)
        self.below: dict[int, list[Finding]] = {}
        self.placeholders: dict[int, list[Finding]] = {}
        self.mentions: dict[int, list[Finding]] = {}
        for finding in findings:
            place = traces.finding_index(topology, finding)
            (self.placeholders if finding.id in PLACEHOLDERS else self.below).setdefault(place, []).append(finding)
            for span_id in finding.spans if everything else finding.spans[:MOST_MENTIONS]:
                i = traces.span_index(topology, span_id)
                if i not in (TOP, place) and finding not in self.mentions.setdefault(i, []):
                    self.mentions[i].append(finding)

    def lines(self, named_attributes: Collection[str]) -> Iterator[str]:
        topology, canvas = self.topology, self.canvas
        wanted = sorted({i for i in (*self.below, *self.placeholders, *self.mentions) if i != TOP})
        root = self.root if all(i == self.root or topology.is_below(i, self.root) for i in wanted) else TOP
        if root != TOP and topology.parent[root] != TOP:
            names = (canvas.masked(name) for name in topology.names(topology.parent[root]))
            yield canvas.paint(f"{_INDENT}in {f' {canvas.glyphs.into} '.join(names)}", "quiet")
        for finding in self.below.get(TOP, ()):  # of the trace as a whole
            yield from (_INDENT + line for line in finding_lines(finding, canvas, canvas.width - 2))
        nodes = outline(topology, root, wanted, everything=self.everything)
        notes = self._notes()
        self._add_placeholders(nodes, notes)
        options = self._line_options(named_attributes, root)
        yield from draw(nodes, canvas, options=options, notes=notes, indent=_INDENT)

    def _line_options(self, named_attributes: Collection[str], root: int) -> LineOptions:
        spans, findings = self.topology.spans, {**self.below}
        for i, found in self.mentions.items():
            findings[i] = [*findings.get(i, ()), *found]
        marked = {i for i, found in findings.items() if i != TOP and any(f.breaks for f in found)}
        offsets = any(f.id in _SHOWING_OFFSETS for found in self.below.values() for f in found)
        start = spans[root if root != TOP else 0].start_ns if offsets and spans else None

        selecting = {
            name for found in (*findings.values(), *self.placeholders.values()) for f in found for name in f.attributes
        }

        def attributes(span: Span) -> list[str]:
            named = [
                *(name for name in span.attributes if name in selecting),
                *self._not_inherited(span, named_attributes),
            ]
            return attributes_to_show(span, findings.get(self.topology.index_of(span), ()), named)

        services = services_where_they_change(self.topology)
        if services and root != TOP:
            services[root] = next(services[i] for i in reversed([*self.topology.path(root)]) if i in services)
        return LineOptions(attributes=attributes, marked=marked, services=services, offsets_from=start)

    def _not_inherited(self, span: Span, names: Collection[str]) -> list[str]:
        """Return the first few of these attributes whose value differs from that on the span's parent."""
        i = self.topology.index_of(span)
        parent = self.topology.parent[i]
        above = self.topology.spans[parent].attributes if parent != TOP else {}
        own = [name for name in names if name in span.attributes]
        return [name for name in own if name not in above or above[name] != span.attributes[name]][:_MOST_ATTRIBUTES]

    def _notes(self) -> dict[int | str, list[str]]:
        notes: dict[int | str, list[str]] = {}
        for i in sorted({*self.below, *self.mentions} - {TOP}):
            lines = notes.setdefault(i, [])
            for finding in self.below.get(i, ()):
                lines += finding_lines(finding, self.canvas, self.canvas.width - _TREE_INDENT)
                if finding.id == "span-duplicate":
                    lines += duplicate_lines(self.topology.spans[i], self.duplicates.get(i, ()), self.canvas)
            for finding in self.mentions.get(i, ()):
                mark, style = finding_mark(finding, self.canvas)
                what = "found here" if finding.id in PLACEHOLDERS else "this span too"
                lines.append(self.canvas.paint(f"{mark} {self.canvas.escape(finding.key)}: {what}", style))
        return notes

    def _add_placeholders(self, nodes: list[Node], notes: dict[int | str, list[str]]) -> None:
        by_index = {node.index: node for node in _walk(nodes) if node.span}
        for i, findings in self.placeholders.items():
            siblings = by_index[i].children if i != TOP else nodes
            for finding in findings:
                key = f"placeholder {len(notes)}"
                siblings.append(Node(text=finding.message, placeholder=key))
                notes[key] = finding_lines(finding, self.canvas, self.canvas.width - _TREE_INDENT, message=False)


def _walk(nodes: Sequence[Node]) -> Iterator[Node]:
    stack = list(nodes)
    while stack:
        node = stack.pop()
        yield node
        stack += node.children


def attributes_to_show(span: Span, findings: Sequence[Finding], named: Collection[str]) -> list[str]:
    """Return the names of attributes to show: those that findings name, the error's, those the contract names."""
    keywords = [f.keyword.removeprefix("attributes.") for f in findings if f.keyword.startswith("attributes.")]
    words = {word for f in findings for word in f"{f.message} {f.expected} {f.hint}".replace(",", " ").split()}
    mentioned = [name for name in span.attributes if name in words]
    failed = ["error", "error.type"] if span.status == "error" else []
    return list(dict.fromkeys([*keywords, *mentioned, *failed, *named]))
