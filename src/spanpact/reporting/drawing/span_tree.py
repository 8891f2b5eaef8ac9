"""Draw a trace as a tree of spans, with notes (such as findings) below the spans they are about.

`outline` chooses the spans to show (a trace may have a million), `draw` draws them. Neither recurses, so that the
depth of a trace is not limited.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from spanpact.reporting.drawing.canvas import Canvas, Style
from spanpact.reporting.drawing.value_text import format_duration, format_nanoseconds, format_value, masked_text
from spanpact.trace.attributes import values_of
from spanpact.trace.equality import same_span
from spanpact.trace.model import Span
from spanpact.trace.topology import TOP, Topology

WHOLE_UP_TO: Final = 40
"""The number of spans up to which a tree is shown whole."""
_DEEPEST: Final = 16
_PATH_END: Final = 6  # spans shown at either end of a path that is deeper
_MOST_SIBLINGS: Final = 3
_LONGEST_TEXT: Final = 60  # columns of an attribute's name, and of its value


@dataclass(slots=True)
class Node:
    """A line of the tree: a span, a placeholder for a missing span, or a gap (`text` says how many are left out).

    `index` is that of the span in its topology. `placeholder` is the key of a placeholder's notes, "" for other lines.
    """

    span: Span | None = None
    index: int = TOP
    text: str = ""
    placeholder: str = ""
    children: list[Node] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class LineOptions:
    """What the line of a span shows besides its name.

    `attributes` returns the names of the attributes to show. `marked` are the spans with violations and `services` maps
    spans to the service to show there, both by index: two spans may share an id. `offsets_from` is the time (ns) from
    which the start of each span is counted, None to show no start.
    """

    attributes: Callable[[Span], Sequence[str]] = lambda _: ()
    marked: Collection[int] = ()
    services: Mapping[int, str] = field(default_factory=dict)
    offsets_from: int | None = None


Notes = Mapping[int | str, Sequence[str]]
"""Lines to draw below a line of the tree, by the index of its span or by the key of a placeholder."""


def services_where_they_change(topology: Topology) -> dict[int, str]:
    """Return the service of each span whose parent has another one, by index; {} if there is one service only."""
    names = [str(span.resource.attributes.get("service.name", "")) for span in topology.spans]
    if len(set(names)) < 2:
        return {}
    parents = [topology.parent[i] for i in range(len(names))]
    return {
        i: name or "no service.name" for i, name in enumerate(names) if parents[i] == TOP or names[parents[i]] != name
    }


def outline(topology: Topology, root: int, wanted: Collection[int], *, everything: bool = False) -> list[Node]:
    """Return the nodes to draw: the tree at `root` (TOP: the whole trace), whole if it is small.

    A large tree shows the spans `wanted`, the path down to each and the first siblings along it; gaps count the rest.
    """
    scope = list(topology.below(root)) if root == TOP else [root, *topology.below(root)]
    if everything or (len(scope) <= WHOLE_UP_TO and not _is_deep(topology, scope)):
        return _nodes(topology, root, scope)
    return _nodes(topology, root, _chosen(topology, root, scope, wanted))


def _is_deep(topology: Topology, scope: Sequence[int]) -> bool:
    depth: dict[int, int] = {TOP: 0}
    for i in scope:  # preorder: a parent comes first
        depth[i] = depth.get(topology.parent[i], 0) + 1
    return max(depth.values()) > _DEEPEST


def _chosen(topology: Topology, root: int, scope: Sequence[int], wanted: Collection[int]) -> list[int]:
    kept: set[int] = set()
    inside = set(scope)
    for i in wanted:
        path = [j for j in topology.path(i) if j in inside]
        kept.update(path if len(path) <= _DEEPEST else (*path[:_PATH_END], *path[-_PATH_END:]))
    kept.update(topology.children(TOP)[:_MOST_SIBLINGS] if root == TOP else (root,))
    for i in list(kept):
        kept.update(topology.children(i)[:_MOST_SIBLINGS])
    return [i for i in scope if i in kept]


def _nodes(topology: Topology, root: int, shown: Sequence[int]) -> list[Node]:
    """Return nodes for the spans shown (indices in preorder), each below its nearest ancestor that is shown."""
    top = Node()
    nodes: dict[int, Node] = {}
    for i in shown:
        node = nodes[i] = Node(topology.spans[i], i)
        above, skipped = topology.parent[i] if i != root else TOP, 0
        while above != TOP and above not in nodes:
            above, skipped = topology.parent[above], skipped + 1
        place = nodes[above] if above != TOP else top
        if skipped:
            gap = Node(text=f"{skipped} more", children=[node])
            place.children.append(gap)
        else:
            place.children.append(node)
    _count_gaps(topology, root, nodes, top)
    return top.children


def _count_gaps(topology: Topology, root: int, nodes: Mapping[int, Node], top: Node) -> None:
    """Add a gap after the children of every node whose children are not all shown."""
    holders = [*nodes.items(), *([(TOP, top)] if root == TOP else [])]
    for i, node in holders:
        hidden = sum(1 for child in topology.children(i) if child not in nodes)
        hidden -= sum(1 for child in node.children if child.text)  # gaps made by `_nodes`
        if hidden > 0:
            node.children.append(Node(text=f"{hidden} more"))


def draw(
    nodes: Sequence[Node], canvas: Canvas, *, options: LineOptions, notes: Notes, indent: str = ""
) -> Iterator[str]:
    """Yield the lines of the tree; the topmost nodes start at the indent."""
    stack = [(node, indent, indent) for node in reversed(nodes)]
    while stack:
        node, lead, under = stack.pop()
        yield _line(node, lead, canvas, options)
        below = canvas.glyphs.bar if node.children else " " * len(canvas.glyphs.bar)
        key = node.index if node.span else node.placeholder
        yield from (f"{canvas.paint(under + below, 'quiet')}{text}" for text in notes.get(key, ()))
        stack.extend(reversed(_placed(node.children, under, canvas)))


def _placed(children: Sequence[Node], under: str, canvas: Canvas) -> list[tuple[Node, str, str]]:
    glyphs, placed = canvas.glyphs, []
    for node in children:
        last = node is children[-1]
        if node.placeholder:
            branch = glyphs.missing_corner if last else glyphs.missing_tee
        else:
            branch = glyphs.corner if last else glyphs.tee
        placed.append((node, under + branch, under + (" " * len(branch) if last else glyphs.bar)))
    return placed


def duplicates_by_index(topology: Topology) -> dict[int, list[Span]]:
    """Return the spans that have no place in the tree, by the index of the span drawn that has their id."""
    found: dict[int, list[Span]] = {}
    for span in topology.duplicates:
        i = topology.clients.get(span.span_id) if span.kind == "client" else None
        found.setdefault(topology.by_id[span.span_id] if i is None else i, []).append(span)
    return found


def duplicate_lines(drawn: Span, others: Sequence[Span], canvas: Canvas) -> Iterator[str]:
    """Yield the other spans with the id of a span, which have no place in the tree; equal copies on one line."""
    equal = [span for span in others if same_span(span, drawn)]
    if equal:
        yield f"  {canvas.glyphs.times}{len(equal) + 1}  {masked_text(drawn.name, canvas)}, in equal copies"
    for span in others:
        if span not in equal:
            status = "" if span.status == "unset" else f"  {span.status}"
            yield f"  the other  {masked_text(span.name, canvas)}  {format_duration(span, canvas)}  {span.kind}{status}"


def _line(node: Node, lead: str, canvas: Canvas, options: LineOptions) -> str:
    branch = canvas.paint(lead, "quiet")
    if node.span is None:
        text = canvas.escape(node.text)
        gap = f"{canvas.glyphs.more} {text}"
        return branch + (canvas.paint(text, "bad") if node.placeholder else canvas.paint(gap, "quiet"))
    return branch + _span_line(node.span, node.index, canvas.width - len(lead), canvas, options)


def _span_line(span: Span, i: int, room: int, canvas: Canvas, options: LineOptions) -> str:
    name = masked_text(span.name, canvas, max(20, room - 30)) or '""'
    columns = [format_duration(span, canvas), *([] if span.kind == "internal" else [span.kind])]
    if options.offsets_from is not None:
        columns.insert(0, f"+{format_nanoseconds(span.start_ns - options.offsets_from, canvas)}")
    if service := options.services.get(i):
        columns.append(f"[{masked_text(service, canvas, _LONGEST_TEXT)}]")
    status = "" if span.status == "unset" else span.status
    used = len(name) + sum(len(each) + 2 for each in columns) + (len(status) + 2 if status else 0)
    style: Style = "bad" if i in options.marked else "strong"
    parts = [canvas.paint(name, style), *(canvas.paint(each, "quiet") for each in columns)]
    if status:
        parts.append(canvas.paint(status, "bad" if status == "error" else "good"))
    return "  ".join([*parts, *_attributes(span, options.attributes(span), room - used, canvas)])


def _attributes(span: Span, names: Sequence[str], room: int, canvas: Canvas) -> Iterator[str]:
    """Yield as many attributes as the line has room for, none of them cut off by its end."""
    for name in names:
        if name not in span.attributes:
            continue
        values = (format_value(value, canvas, name) for value in values_of(span.attributes, name))
        text = f"{masked_text(name, canvas, _LONGEST_TEXT)}={canvas.clip(', '.join(values), _LONGEST_TEXT)}"
        room -= len(text) + 2
        if room < 0:
            yield canvas.paint(canvas.glyphs.more, "quiet")
            return
        yield canvas.paint(text, "quiet")
