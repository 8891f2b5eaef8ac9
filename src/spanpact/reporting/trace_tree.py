"""Traces as trees, without verifying them: what `spanpact show` and `--trees` print."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

from spanpact.reporting.drawing.canvas import Canvas
from spanpact.reporting.drawing.span_tree import (
    LineOptions,
    draw,
    duplicate_lines,
    duplicates_by_index,
    outline,
    services_where_they_change,
)
from spanpact.reporting.drawing.value_text import format_value, masked_text
from spanpact.reporting.text_options import TextOptions, counted, join_sections
from spanpact.trace.attributes import pairs_of
from spanpact.trace.model import Reading, Resource, Scope, Span, Trace
from spanpact.trace.topology import TOP, Topology


def render_traces(
    reading: Reading, options: TextOptions | None = None, *, attributes: bool = False, fold: bool = False
) -> str:
    """Return the tree of every trace of the reading; `attributes` lists all attributes, events and links of each span.

    A large tree is abridged unless `options.everything` is set. With `fold`, traces with the same tree are drawn once,
    and the others are named.
    """
    options = options or TextOptions()
    canvas = options.canvas
    spans = sum(len(trace.spans) for trace in reading.traces)
    counts = f"{counted(len(reading.traces), 'trace')}, {counted(spans, 'span')}"
    last = [f"{canvas.escape(reading.source.name)}: {counts}"]  # a source's address is not masked
    groups = _group_similar(reading.traces) if fold else [[trace] for trace in reading.traces]
    blocks = [chain(_trace_lines(group[0], options, attributes), _others(group, canvas)) for group in groups]
    return "\n".join(join_sections([*blocks, last])) + "\n"


def _trace_lines(trace: Trace, options: TextOptions, attributes: bool) -> Iterator[str]:
    canvas, topology = options.canvas, Topology(trace)
    title = [counted(len(trace.spans), "span")]
    title += [f"scenario {canvas.masked(trace.scenario)}"] if trace.scenario else []
    title += [] if trace.complete else ["incomplete"]
    yield f"{canvas.paint(f'trace {canvas.masked(trace.trace_id)}', 'strong')}  {', '.join(title)}"
    nodes = outline(topology, TOP, (), everything=options.everything)
    spans = topology.spans
    orphans = [i for i in topology.children(TOP) if spans[i].parent_id]
    notes: dict[int | str, Sequence[str]] = {i: [_orphaned(spans[i], canvas)] for i in orphans}
    for i, others in duplicates_by_index(topology).items():
        notes[i] = [*notes.get(i, ()), *duplicate_lines(spans[i], others, canvas)]
    if attributes:
        for i, span in enumerate(spans):
            notes[i] = [*notes.get(i, ()), *_details(span, canvas)]
        yield from (f"  {line}" for line in _process_lines(topology, canvas))
    services = services_where_they_change(topology)
    line_options = LineOptions(
        attributes=(lambda _: ()) if attributes else (lambda span: list(span.attributes)), services=services
    )
    yield from draw(nodes, canvas, options=line_options, notes=notes, indent="  ")


def _group_similar(traces: Sequence[Trace]) -> list[list[Trace]]:
    """Group traces by the names, kinds and status of their spans, in the order of the first of each group."""
    groups: dict[tuple[object, ...], list[Trace]] = {}
    for trace in traces:
        topology = Topology(trace)
        spans = ((topology.spans[i], topology.parent[i]) for i in topology.preorder)
        shape = tuple(sorted((s.name, s.kind, s.status, topology.spans[p].name if p != TOP else "") for s, p in spans))
        groups.setdefault(shape, []).append(trace)
    return list(groups.values())


def _others(group: Sequence[Trace], canvas: Canvas) -> Iterator[str]:
    if len(group) > 1:
        ids = ", ".join(canvas.masked(trace.trace_id) for trace in group[1:4])
        more = f", {canvas.glyphs.more}" if len(group) > 4 else ""
        yield canvas.paint(f"  {counted(len(group) - 1, 'more similar trace')}: {ids}{more}", "quiet")


def _orphaned(span: Span, canvas: Canvas) -> str:
    return canvas.paint(f"its parent {canvas.masked(span.parent_id)} is not in the trace", "quiet")


def _process_lines(topology: Topology, canvas: Canvas) -> Iterator[str]:
    """Yield the attributes of each resource of a trace and the scopes of its spans, each once."""
    processes: dict[str, tuple[Resource, dict[str, Scope]]] = {}
    for span in topology.spans:  # a resource has no hash; its text tells it from others
        _, scopes = processes.setdefault(repr(span.resource), (span.resource, {}))
        scopes.setdefault(repr(span.scope), span.scope)
    for resource, scopes in processes.values():
        yield canvas.paint("resource", "quiet")
        for name, each in pairs_of(resource.attributes):
            yield f"  {masked_text(name, canvas)} = {format_value(each, canvas)}"
        for scope in scopes.values():
            yield f"  scope {masked_text(f'{scope.name} {scope.version}'.strip() or 'without a name', canvas)}"
            for name, each in pairs_of(scope.attributes):
                yield f"    {masked_text(name, canvas)} = {format_value(each, canvas)}"


def _details(span: Span, canvas: Canvas) -> Iterator[str]:
    """Yield a line for the status message and for each attribute, event and link of the span."""
    if span.status_message:
        yield f"status message {format_value(span.status_message, canvas)}"
    for name, each in pairs_of(span.attributes):
        yield f"{masked_text(name, canvas)} = {format_value(each, canvas, name)}"
    for event in span.events:
        shown = "".join(
            f" {masked_text(name, canvas)}={format_value(each, canvas, name)}"
            for name, each in pairs_of(event.attributes)
        )
        yield f"{canvas.glyphs.dot} {masked_text(event.name, canvas)}{shown}"
    for link in span.links:
        yield f"{canvas.glyphs.into} {canvas.masked(link.trace_id)} {canvas.masked(link.span_id)}"
