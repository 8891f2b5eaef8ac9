"""Traces as trees, without judging: what `spanpact show` prints."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

from spanpact.reporting.drawing.safe_text import Canvas
from spanpact.reporting.drawing.tree import Look, draw, outline
from spanpact.reporting.drawing.value_text import foreign, value
from spanpact.reporting.text_report import TextOptions, counted, separated
from spanpact.trace.model import Reading, Span, Trace
from spanpact.trace.topology import TOP, Topology


def render_traces(
    reading: Reading, options: TextOptions | None = None, *, attributes: bool = False, fold: bool = False
) -> str:
    """The tree of every trace of the reading; `attributes` lists all attributes and events below each span.

    A large tree is abridged unless `options.everything`. With `fold` of traces with the same tree only the first is
    drawn, and the others are named.
    """
    options = options or TextOptions()
    canvas = options.canvas
    spans = sum(len(trace.spans) for trace in reading.traces)
    counts = f"{counted(len(reading.traces), 'trace')}, {counted(spans, 'span')}"
    last = [f"{canvas.foreign(reading.source.name)}: {counts}"]
    groups = _alike(reading.traces) if fold else [[trace] for trace in reading.traces]
    blocks = [chain(_trace_lines(group[0], options, attributes), _others(group, canvas)) for group in groups]
    return "\n".join(separated([*blocks, last])) + "\n"


def _trace_lines(trace: Trace, options: TextOptions, attributes: bool) -> Iterator[str]:
    canvas, topology = options.canvas, Topology(trace)
    facts = [counted(len(trace.spans), "span")]
    facts += [f"scenario {canvas.foreign(trace.scenario)}"] if trace.scenario else []
    facts += [] if trace.complete else ["incomplete"]
    yield f"{canvas.paint(f'trace {canvas.foreign(trace.trace_id)}', 'strong')}  {', '.join(facts)}"
    tops = (topology.spans[i] for i in topology.children(TOP))
    orphans = [span for span in tops if span.parent_id]
    nodes = outline(topology, TOP, (), everything=options.everything)
    notes: dict[str, Sequence[str]] = {span.span_id: [_orphaned(span, canvas)] for span in orphans}
    if attributes:
        for span in topology.spans:
            notes[span.span_id] = [*notes.get(span.span_id, ()), *_details(span, canvas)]
    look = Look() if attributes else Look(attributes=lambda span: list(span.attributes))
    yield from draw(nodes, canvas, look=look, notes=notes, indent="  ")


def _alike(traces: Sequence[Trace]) -> list[list[Trace]]:
    """Traces gathered by the names, kinds and outcomes of their spans, in the order of the first of each."""
    groups: dict[tuple[object, ...], list[Trace]] = {}
    for trace in traces:
        topology = Topology(trace)
        spans = ((topology.spans[i], topology.parent[i]) for i in topology.preorder)
        shape = tuple(sorted((s.name, s.kind, s.status, topology.spans[p].name if p != TOP else "") for s, p in spans))
        groups.setdefault(shape, []).append(trace)
    return list(groups.values())


def _others(group: Sequence[Trace], canvas: Canvas) -> Iterator[str]:
    if len(group) > 1:
        ids = ", ".join(canvas.foreign(trace.trace_id) for trace in group[1:4])
        more = f", {canvas.glyphs.more}" if len(group) > 4 else ""
        yield canvas.paint(f"  {counted(len(group) - 1, 'more trace')} alike: {ids}{more}", "quiet")


def _orphaned(span: Span, canvas: Canvas) -> str:
    return canvas.paint(f"its parent {canvas.foreign(span.parent_id)} is not in the trace", "quiet")


def _details(span: Span, canvas: Canvas) -> Iterator[str]:
    """Everything that the span carries, a line each."""
    if span.status_message:
        yield f"status message {value(span.status_message, canvas)}"
    for name, each in span.attributes.items():
        yield f"{foreign(name, canvas)} = {value(each, canvas)}"
    for event in span.events:
        shown = "".join(f" {foreign(name, canvas)}={value(each, canvas)}" for name, each in event.attributes.items())
        yield f"{canvas.glyphs.dot} {foreign(event.name, canvas)}{shown}"
    for link in span.links:
        yield f"{canvas.glyphs.into} {canvas.foreign(link.trace_id)} {canvas.foreign(link.span_id)}"
