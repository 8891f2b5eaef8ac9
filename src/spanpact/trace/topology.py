"""The tree that the spans of a trace form, indexed once, so that no check walks it again.

Spans are named by their index in `Topology.spans`. Nothing here recurses, whatever the depth of a trace.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence

from spanpact.trace.equality import content_key
from spanpact.trace.model import Span, Trace
from spanpact.trace.name_patterns import NamePattern

TOP = -1
"""The virtual parent of every span without a parent in the trace."""

_LONGEST_PATH = 100  # a finding on every span of a chain must not take quadratic time and memory


class Topology:
    """The index of one trace.

    - `spans`: the distinct spans by start, equal starts by id, so that the order in which spans were read changes
      nothing; of spans with one id the earliest stays (of equally early ones, by their content), the others are in
      `duplicates` (a check reports them, the rest of the engine sees a tree).
    - `parent[i]`: index of the parent, TOP where it is not in the trace. A cycle is cut at its earliest span;
      `cycles` lists the spans of each.
    - `children(i)`: by start; `below(i)`: all spans below, in preorder.
    """

    __slots__ = (
        "_children", "_end", "_fitting", "_position", "_positions_by_name", "by_id", "cycles", "duplicates", "parent",
        "preorder", "spans", "trace",
    )  # fmt: skip

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.spans: list[Span] = sorted(trace.spans, key=_by_start)
        self.duplicates: list[Span] = []
        if len({span.span_id for span in self.spans}) < len(self.spans):
            self._set_duplicates_aside()
        self.by_id = {span.span_id: i for i, span in enumerate(self.spans)}
        self.parent = [self.by_id.get(span.parent_id, TOP) if span.parent_id else TOP for span in self.spans]
        self.cycles = self._cut_cycles()
        self._children: dict[int, list[int]] = {}
        for i, parent in enumerate(self.parent):
            self._children.setdefault(parent, []).append(i)
        self._index_preorder()

    def _set_duplicates_aside(self) -> None:
        first: dict[str, Span] = {}
        for span in sorted(self.spans, key=content_key):
            if span.span_id in first:
                self.duplicates.append(span)
            else:
                first[span.span_id] = span
        self.spans = sorted(first.values(), key=_by_start)

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
        """The direct children of a span (of TOP: the spans with no parent in the trace), by start."""
        return self._children.get(i, ())

    def below(self, i: int) -> Sequence[int]:
        """All spans below a span (of TOP: all spans), in preorder."""
        return self.preorder if i == TOP else self.preorder[self._position[i] + 1 : self._end[i]]

    def named_below(self, i: int, pattern: NamePattern) -> list[int]:
        """The spans below whose name fits the pattern, by start; linear in what fits where it is literal."""
        low, high = (0, len(self.preorder)) if i == TOP else (self._position[i] + 1, self._end[i])
        names = self._names_of(pattern)
        if len(names) > high - low:
            return sorted(j for j in self.preorder[low:high] if pattern.fits(self.spans[j].name))
        found = []
        for name in names:
            positions = self._positions_by_name.get(name, ())
            slice_ = positions[bisect_left(positions, low) : bisect_left(positions, high)]
            found += [self.preorder[position] for position in slice_]
        return sorted(found)

    def _names_of(self, pattern: NamePattern) -> Collection[str]:
        """The names that fit, of those that spans have; all that a pattern without wildcards fits."""
        if pattern.literal:
            return pattern.exact
        names = self._fitting.get(pattern)
        if names is None:
            names = self._fitting[pattern] = [name for name in self._positions_by_name if pattern.fits(name)]
        return names

    def path(self, i: int) -> Iterator[int]:
        """The spans from the root down to this one."""
        line = []
        while i != TOP:
            line.append(i)
            i = self.parent[i]
        return reversed(line)

    def is_below(self, i: int, holder: int) -> bool:
        """Whether span `i` is below `holder`, at any depth."""
        return holder == TOP or self._position[holder] < self._position[i] < self._end[holder]

    def names(self, i: int) -> tuple[str, ...]:
        """The names of the spans from the root down to this one; of a deep one only the last, after a `…`."""
        line: list[str] = []
        while i != TOP and len(line) < _LONGEST_PATH:
            line.append(self.spans[i].name)
            i = self.parent[i]
        return tuple(reversed(line if i == TOP else [*line, "…"]))


def _by_start(span: Span) -> tuple[int, str]:
    return span.start_ns, span.span_id
