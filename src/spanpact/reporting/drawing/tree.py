"""A trace drawn as a tree of spans, with notes (findings, say) under the spans they speak of.

Two steps: `outline` chooses what of a trace is shown (a trace may have a million spans), `draw` draws it. Neither
recurses, whatever the depth of the trace.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from spanpact.reporting.drawing.safe_text import Canvas, Style
from spanpact.reporting.drawing.value_text import duration, foreign, nanoseconds, value
from spanpact.trace.model import Span
from spanpact.trace.topology import TOP, Topology

WHOLE_UP_TO: Final = 40
"""A tree of at most so many spans is shown whole."""
_DEEP: Final = 16
_NEIGHBOURS: Final = 3


@dataclass(slots=True)
class Node:
    """A line of the tree: a span, a ghost (what should be there), or a gap (`text` says how many are left out).

    `ghost` is the key of a ghost's notes, "" for the others.
    """

    span: Span | None = None
    text: str = ""
    ghost: str = ""
    children: list[Node] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Look:
    """What the lines of a tree show beside names: the attributes (by span), the spans at fault, offsets or not."""

    attributes: Callable[[Span], Sequence[str]] = lambda _: ()
    marked: Collection[str] = ()
    offsets_from: int | None = None


Notes = Mapping[str, Sequence[str]]
"""Lines to draw under a line of the tree, by span id (of a ghost: by its key)."""


def outline(topology: Topology, root: int, wanted: Collection[int], *, everything: bool = False) -> list[Node]:
    """The nodes to draw: the tree below `root` (TOP: the whole trace), whole where it is small.

    Of a large one: the spans `wanted`, the way down to each, and the first neighbours beside that way; what is
    left out is counted in gaps.
    """
    scope = list(topology.below(root)) if root == TOP else [root, *topology.below(root)]
    if everything or (len(scope) <= WHOLE_UP_TO and not _is_deep(topology, scope)):
        return _nodes(topology, root, scope)
    return _nodes(topology, root, _chosen(topology, root, scope, wanted))


def _is_deep(topology: Topology, scope: Sequence[int]) -> bool:
    depth: dict[int, int] = {TOP: 0}
    for i in scope:  # preorder: a parent comes first
        depth[i] = depth.get(topology.parent[i], 0) + 1
    return max(depth.values()) > _DEEP


def _chosen(topology: Topology, root: int, scope: Sequence[int], wanted: Collection[int]) -> list[int]:
    kept: set[int] = set()
    inside = set(scope)
    for i in wanted:
        way = [j for j in topology.path(i) if j in inside]
        kept.update(way if len(way) <= _DEEP else (*way[:6], *way[-6:]))
    kept.update(topology.children(TOP)[:_NEIGHBOURS] if root == TOP else (root,))
    for i in list(kept):
        kept.update(topology.children(i)[:_NEIGHBOURS])
    return [i for i in scope if i in kept]


def _nodes(topology: Topology, root: int, shown: Sequence[int]) -> list[Node]:
    """The nodes of the spans shown (in preorder), each below its nearest ancestor that is shown."""
    top = Node()
    nodes: dict[int, Node] = {}
    for i in shown:
        node = nodes[i] = Node(span=topology.spans[i])
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
    """A gap at the end of the children of every node of which some children are left out."""
    holders = [*nodes.items(), *([(TOP, top)] if root == TOP else [])]
    for i, node in holders:
        hidden = sum(1 for child in topology.children(i) if child not in nodes)
        hidden -= sum(1 for child in node.children if child.text)  # left out on the way to one that is shown
        if hidden > 0:
            node.children.append(Node(text=f"{hidden} more"))


def draw(nodes: Sequence[Node], canvas: Canvas, *, look: Look, notes: Notes, indent: str = "") -> Iterator[str]:
    """The lines of the tree; the topmost nodes stand at the left."""
    stack = [(node, indent, indent) for node in reversed(nodes)]
    while stack:
        node, lead, under = stack.pop()
        yield _line(node, lead, canvas, look)
        below = canvas.glyphs.bar if node.children else " " * len(canvas.glyphs.bar)
        key = node.span.span_id if node.span else node.ghost
        yield from (f"{canvas.paint(under + below, 'quiet')}{text}" for text in notes.get(key, ()))
        stack.extend(reversed(_placed(node.children, under, canvas)))


def _placed(children: Sequence[Node], under: str, canvas: Canvas) -> list[tuple[Node, str, str]]:
    glyphs, placed = canvas.glyphs, []
    for node in children:
        last = node is children[-1]
        if node.ghost:
            branch = glyphs.ghost_corner if last else glyphs.ghost_tee
        else:
            branch = glyphs.corner if last else glyphs.tee
        placed.append((node, under + branch, under + (" " * len(branch) if last else glyphs.bar)))
    return placed


def _line(node: Node, lead: str, canvas: Canvas, look: Look) -> str:
    branch = canvas.paint(lead, "quiet")
    if node.span is None:
        text = canvas.shown(node.text)
        gap = f"{canvas.glyphs.more} {text}"
        return branch + (canvas.paint(text, "bad") if node.ghost else canvas.paint(gap, "quiet"))
    return branch + _span_line(node.span, canvas.width - len(lead), canvas, look)


def _span_line(span: Span, room: int, canvas: Canvas, look: Look) -> str:
    name = foreign(span.name, canvas, max(20, room - 30)) or '""'
    facts = [duration(span, canvas), *([] if span.kind == "internal" else [span.kind])]
    if look.offsets_from is not None:
        facts.insert(0, f"+{nanoseconds(span.start_ns - look.offsets_from, canvas)}")
    status = "" if span.status == "unset" else span.status
    used = len(name) + sum(len(f) + 2 for f in facts) + (len(status) + 2 if status else 0)
    style: Style = "bad" if span.span_id in look.marked else "strong"
    parts = [canvas.paint(name, style), *(canvas.paint(fact, "quiet") for fact in facts)]
    if status:
        parts.append(canvas.paint(status, "bad" if status == "error" else "good"))
    return "  ".join([*parts, *_attributes(span, look.attributes(span), room - used, canvas)])


def _attributes(span: Span, names: Sequence[str], room: int, canvas: Canvas) -> Iterator[str]:
    """As many attributes as the line has room for, each whole."""
    for name in names:
        if name not in span.attributes:
            continue
        text = f"{foreign(name, canvas, 60)}={canvas.clip(value(span.attributes[name], canvas), 60)}"
        room -= len(text) + 2
        if room < 0:
            yield canvas.paint(canvas.glyphs.more, "quiet")
            return
        yield canvas.paint(text, "quiet")
