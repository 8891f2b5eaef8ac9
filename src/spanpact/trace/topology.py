"""The tree that the spans of a trace form, indexed once per trace.

A span is referred to by its index in `Topology.spans`. Nothing here recurses, as a trace may be very deep.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from spanpact.trace.copies import sort_copies
from spanpact.trace.model import Capability, Span, Trace
from spanpact.trace.name_patterns import NamePattern

TOP = -1
"""The virtual parent of every span without a parent in the trace."""

_LONGEST_PATH = 100  # spans; findings on every span of a long chain must not take quadratic time and memory


class Topology:
    """The index of one trace. It does not depend on the order in which the spans were read.

    - `spans`: one span for each span id, sorted by start, then id. Of several spans with one id `copies` keeps one; the
      others are in `duplicates`, which a check reports, or in `unfinished`: copies from before the span ended.
    - `clients`: the index of each client span whose id a server span has too. `by_id` has that of the server, the
      child of this client and the parent of all other children.
    - `parent[i]`: the index of span i's parent; TOP where the parent is not in the trace.
    - `cycles`: the spans of each cycle of parents. A cycle is cut at its earliest span, whose parent becomes TOP.
    - `preorder`: all spans, parents before children, siblings by start.
    - `processes`: what `trace.process` has found, by the capabilities of the source.
    """

    __slots__ = (
        "_children", "_end", "_fitting", "_position", "_positions_by_name", "by_id", "clients", "cycles", "duplicates",
        "parent", "preorder", "processes", "spans", "trace", "unfinished",
    )  # fmt: skip

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.processes: dict[frozenset[Capability], Any] = {}
        self.spans: list[Span] = sorted(trace.spans, key=_by_start)
        self.duplicates: list[Span] = []
        self.unfinished: list[Span] = []
        shared: dict[str, Span] = {}
        if len({span.span_id for span in self.spans}) < len(self.spans):
            shared = self._set_copies_aside()
        self.by_id = {span.span_id: i for i, span in enumerate(self.spans)}
        self.clients: dict[str, int] = {}
        if shared:
            self._index_shared_ids(shared)
        self.parent = [self.by_id.get(span.parent_id, TOP) if span.parent_id else TOP for span in self.spans]
        for span_id, client in self.clients.items():
            self.parent[self.by_id[span_id]] = client
        if not trace.complete:
            self._await_servers()
        self.cycles = self._cut_cycles()
        self._children: dict[int, list[int]] = {}
        for i, parent in enumerate(self.parent):
            self._children.setdefault(parent, []).append(i)
        self._index_preorder()

    def _set_copies_aside(self) -> dict[str, Span]:
        """Keep the spans that are judged. Return the clients whose id a server has too, by that id."""
        kept: list[Span] = []
        shared: dict[str, Span] = {}
        for copies in sort_copies(self.spans):
            kept += copies.judged
            self.unfinished += copies.unfinished
            self.duplicates += copies.duplicates
            if len(copies.judged) > 1:
                shared[copies.judged[0].span_id] = copies.judged[0]
        self.spans = sorted(kept, key=_by_start)
        return shared

    def _index_shared_ids(self, shared: Mapping[str, Span]) -> None:
        for i, span in enumerate(self.spans):
            if span.span_id in shared:
                (self.clients if shared[span.span_id] is span else self.by_id)[span.span_id] = i

    def _await_servers(self) -> None:
        """Take from clients the children that are another process's own: the server with the client's id may come."""
        for i, span in enumerate(self.spans):
            parent = self.spans[self.parent[i]] if self.parent[i] != TOP else span
            called = parent.kind == "client" and span.kind not in ("server", "consumer")
            if called and parent is not span and span.resource.attributes != parent.resource.attributes:
                self.parent[i] = TOP

    def index_of(self, span: Span) -> int:
        """Return the index of one of `spans`."""
        i = self.by_id[span.span_id]
        return i if self.spans[i] is span else self.clients.get(span.span_id, i)

    def _cut_cycles(self) -> list[list[int]]:
        cycles = []
        state = bytearray(len(self.spans))  # 0 new, 1 on the present path, 2 done
        for start in range(len(self.spans)):
            path, i = [], start
            while i != TOP and not state[i]:
                state[i] = 1
                path.append(i)
                i = self.parent[i]
            if i != TOP and state[i] == 1:
                cycle = path[path.index(i) :]
                cycles.append(sorted(cycle))
            for j in path:
                state[j] = 2
        for cycle in cycles:
            self.parent[cycle[0]] = TOP
        return cycles

    def _index_preorder(self) -> None:
        self.preorder: list[int] = []
        self._position = [0] * len(self.spans)
        self._end = [0] * len(self.spans)
        stack = [(i, False) for i in reversed(self.children(TOP))]
        while stack:
            i, left = stack.pop()
            if left:
                self._end[i] = len(self.preorder)
                continue
            self._position[i] = len(self.preorder)
            self.preorder.append(i)
            stack.append((i, True))
            stack.extend((child, False) for child in reversed(self.children(i)))
        self._fitting: dict[NamePattern, list[str]] = {}
        self._positions_by_name: dict[str, list[int]] = {}
        for position, i in enumerate(self.preorder):
            self._positions_by_name.setdefault(self.spans[i].name, []).append(position)

    def children(self, i: int) -> Sequence[int]:
        """Return the direct children of span `i` by start; those of TOP have no parent in the trace."""
        return self._children.get(i, ())

    def below(self, i: int) -> Sequence[int]:
        """Return all spans below span `i`, in preorder; all spans of the trace are below TOP."""
        return self.preorder if i == TOP else self.preorder[slice(*self.range_below(i))]

    def position(self, i: int) -> int:
        """Return the position of span `i` in `preorder`."""
        return self._position[i]

    def range_below(self, i: int) -> tuple[int, int]:
        """Return where the spans below span `i` begin in `preorder`, and where they end."""
        return (0, len(self.preorder)) if i == TOP else (self._position[i] + 1, self._end[i])

    def named_below(self, i: int, pattern: NamePattern) -> list[int]:
        """Return the spans below span `i` whose name matches the pattern, by start.

        For a pattern without wildcards the time is linear in the number of matches, not of spans.
        """
        low, high = self.range_below(i)
        names = self._names_of(pattern)
        if len(names) > high - low:
            return sorted(j for j in self.preorder[low:high] if pattern.fits(self.spans[j].name))
        found = []
        for name in names:
            positions = self._positions_by_name.get(name, ())
            positions_below = positions[bisect_left(positions, low) : bisect_left(positions, high)]
            found += [self.preorder[position] for position in positions_below]
        return sorted(found)

    def _names_of(self, pattern: NamePattern) -> Collection[str]:
        """Return the span names of the trace that match; for a pattern without wildcards, all names that it matches."""
        if pattern.literal:
            return pattern.exact
        names = self._fitting.get(pattern)
        if names is None:
            names = self._fitting[pattern] = [name for name in self._positions_by_name if pattern.fits(name)]
        return names

    def path(self, i: int) -> Iterator[int]:
        """Return the spans from the root down to span `i`."""
        line = []
        while i != TOP:
            line.append(i)
            i = self.parent[i]
        return reversed(line)

    def is_below(self, i: int, holder: int) -> bool:
        """Return whether span `i` is below `holder`, at any depth."""
        return holder == TOP or self._position[holder] < self._position[i] < self._end[holder]

    def names(self, i: int) -> tuple[str, ...]:
        """Return the span names from the root down to span `i`; of a path over 100 spans the last 100 after a `…`."""
        line: list[str] = []
        while i != TOP and len(line) < _LONGEST_PATH:
            line.append(self.spans[i].name)
            i = self.parent[i]
        return tuple(reversed(line if i == TOP else [*line, "…"]))


def span_ids_if_whole(trace: Trace) -> frozenset[str] | None:
    """Return the ids of a trace's spans; None if it may grow, or if a parent is missing, which is then elsewhere."""
    if not trace.complete:
        return None
    ids = frozenset(span.span_id for span in trace.spans)
    return ids if all(not span.parent_id or span.parent_id in ids for span in trace.spans) else None


def _by_start(span: Span) -> tuple[int, str]:
    return span.start_ns, span.span_id
