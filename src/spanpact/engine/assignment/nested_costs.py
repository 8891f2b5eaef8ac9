"""The costs of the `descendants` of an entry below any span of a trace, from one look at all its spans.

In a chain of spans each has all others below it. To look at these for every span that an entry might get would take
time that grows with the square of the depth. But which spans an entry selects, and at which cost, does not depend on
the span above: those below a span are a range of the preorder, and the cheapest of a range are found in a tree.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from heapq import heappop, heappush
from itertools import accumulate

from spanpact.engine.assignment.candidates import selects
from spanpact.engine.assignment.compiled_entries import CompiledEntry
from spanpact.engine.assignment.placements import Index
from spanpact.engine.checks import Context, Undecided
from spanpact.trace.topology import TOP


class NestedCosts:
    """The costs of one group of `descendants`. `cost` returns the cost of a span in the place of an entry."""

    def __init__(
        self, entries: Sequence[CompiledEntry], context: Context, cost: Callable[[CompiledEntry, Index], int]
    ) -> None:
        self._topology = context.topology
        selecting: dict[int, int] = {}
        self._entries = [_EntryCosts(entry, context, cost, selecting) for entry in entries]
        self._shared = sorted(position for position, number in selecting.items() if number > 1)

    def below(self, i: Index) -> int | None:
        """Return the cost of the group below span `i`; None where entries compete for spans."""
        first, end = self._topology.range_below(i)
        if _number_within(self._shared, first, end):
            return None
        return sum(entry.within(first, end) for entry in self._entries)


class _EntryCosts:
    """The positions in preorder of the spans that one entry selects, and what they cost."""

    def __init__(
        self,
        entry: CompiledEntry,
        context: Context,
        cost: Callable[[CompiledEntry, Index], int],
        selecting: dict[int, int],
    ) -> None:
        self._entry, self._cost, self._topology = entry, cost, context.topology
        self._positions: list[int] = []
        self._undecided: list[int] = []
        assert entry.plan.span is not None
        for i in context.topology.named_below(TOP, entry.plan.span):
            position = context.topology.position(i)
            selected = selects(entry, i, context)
            if isinstance(selected, Undecided):
                self._undecided.append(position)
            elif selected:
                self._positions.append(position)
            if selected:
                selecting[position] = selecting.get(position, 0) + 1
        self._positions.sort()
        self._undecided.sort()
        self._cheapest: _Cheapest | None = None

    def within(self, first: int, end: int) -> int:
        """Return the cost of the entry where it has the spans from one position of the preorder to another."""
        if _number_within(self._undecided, first, end):
            return 0
        count = self._entry.plan.count
        low, high = bisect_left(self._positions, first), bisect_left(self._positions, end)
        missing_or_surplus = (high - low < count.low) + (count.high is not None and high - low > count.high)
        if low == high or count.high == 0:
            return missing_or_surplus
        if self._cheapest is None:
            self._cheapest = self._compare()
        return missing_or_surplus + self._cheapest.sum(low, high, count.high)

    def _compare(self) -> _Cheapest:
        indexes = map(self._topology.preorder.__getitem__, self._positions)
        return _Cheapest([self._cost(self._entry, i) for i in indexes])


class _Cheapest:
    """The sums of the least numbers in ranges of a list."""

    def __init__(self, costs: Sequence[int]) -> None:
        self._sums = [0, *accumulate(costs)]
        self._size = len(costs)
        self._tree = [(0, 0)] * self._size + [(cost, place) for place, cost in enumerate(costs)]
        for node in range(self._size - 1, 0, -1):
            self._tree[node] = min(self._tree[2 * node], self._tree[2 * node + 1])

    def sum(self, low: int, high: int, most: int | None) -> int:
        """Return the sum of the `most` least numbers of a range; of all if `most` is None."""
        if most is None or high - low <= most:
            return self._sums[high] - self._sums[low]
        found, ranges = 0, [(self._least(low, high), low, high)]
        for _ in range(most):
            (cost, place), start, end = heappop(ranges)
            found += cost
            for part in ((start, place), (place + 1, end)):
                if part[0] < part[1]:
                    heappush(ranges, (self._least(*part), *part))
        return found

    def _least(self, low: int, high: int) -> tuple[int, int]:
        """Return the least number of a range, and its place."""
        low, high = low + self._size, high + self._size
        least = self._tree[low]
        while low < high:
            if low & 1:
                least, low = min(least, self._tree[low]), low + 1
            if high & 1:
                high -= 1
                least = min(least, self._tree[high])
            low, high = low // 2, high // 2
        return least


def _number_within(positions: Sequence[int], first: int, end: int) -> int:
    return bisect_left(positions, end) - bisect_left(positions, first)
