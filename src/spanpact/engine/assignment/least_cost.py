"""The assignment algorithm: items to entries, one to one, at the least cost (section 5).

Each entry is two places: the *counted* one, which holds up to `high` items, and the *surplus* one behind it.
Least is, in this order: items missing or surplus; the sum of the counted items' costs; earlier items to
better ranked entries (`tie_order`). Successive shortest paths over the few places, with the cheapest item between
two places kept in a heap: O(items * entries² * log items).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import TypeAlias

from spanpact.contract.compiled import Count
from spanpact.engine.assignment.tie_order import TieOrder

Item: TypeAlias = int


@dataclass(frozen=True, slots=True)
class AssignmentProblem:
    """An assignment problem: for each entry (best rank first) its count, for each item the entries that select it.

    `costs[item]` maps entry index to the cost of counting the item there. Items are in order of time.
    """

    counts: Sequence[Count]
    costs: Sequence[Mapping[int, int]]


@dataclass(frozen=True, slots=True)
class AssignmentResult:
    """A solution: for each entry the counted and the surplus items, in order of time."""

    counted: Sequence[Sequence[Item]]
    surplus: Sequence[Sequence[Item]]


def assign(problem: AssignmentProblem) -> AssignmentResult:
    """Return the assignment of least cost. Every item that some entry selects is in exactly one place."""
    return _Solver(problem).solve()


class _Solver:
    """The search for a solution. Entry `e` has place `e` for counted items, `e` + number of entries for surplus."""

    def __init__(self, problem: AssignmentProblem) -> None:
        self.problem = problem
        self.entries = len(problem.counts)
        self.places = 2 * self.entries
        items = len(problem.costs)
        # Three levels of cost in one integer: each level outweighs all that the next can sum up to. The third only
        # starts near the order that `TieOrder` makes exact.
        self.unit = 2 * self.entries * (items + 1) * (items + 1) + 1
        self.dearest = max((cost for costs in problem.costs for cost in costs.values()), default=0)
        self.step = self.unit * (self.dearest * (items + 1) + 1)
        self.load = [0] * self.places
        self.place_of: list[int] = [-1] * items
        self.moves: dict[tuple[int, int], list[tuple[int, Item]]] = {}

    def cost(self, item: Item, place: int) -> int | None:
        """Return the cost of the item in this place; None if the entry does not select it."""
        own = self.problem.costs[item].get(place % self.entries)
        if own is None:
            return None
        earliness = len(self.problem.costs) - item
        return (own * self.unit if place < self.entries else 0) + place * earliness

    def room(self, place: int) -> int | None:
        """Return what one more item in the place costs besides its own cost; None if it is full."""
        if place >= self.entries:
            return self.step
        count = self.problem.counts[place]
        if self.load[place] < count.low:
            return -self.step
        return 0 if count.high is None or self.load[place] < count.high else None

    def solve(self) -> AssignmentResult:
        """Add the items one by one, each along the cheapest path of moves."""
        for item in range(len(self.problem.costs)):
            self._add(item)
        step = self.dearest * (len(self.place_of) + 1) + 1
        TieOrder(self.problem.counts, self.problem.costs, step, self.place_of).settle()
        where: list[list[Item]] = [[] for _ in range(self.places)]
        for item, place in enumerate(self.place_of):
            where[place].append(item)
        return AssignmentResult(where[: self.entries], where[self.entries :])

    def _put(self, item: Item, place: int) -> None:
        self.place_of[item] = place
        here = self.cost(item, place)
        assert here is not None
        for other in range(self.places):
            there = self.cost(item, other) if other != place else None
            if there is not None:
                heappush(self.moves.setdefault((place, other), []), (there - here, item))

    def _cheapest_move(self, source: int, target: int) -> tuple[int, Item] | None:
        heap = self.moves.get((source, target))
        while heap:
            if self.place_of[heap[0][1]] == source:
                return heap[0]
            heappop(heap)  # it has moved on since
        return None

    def _add(self, item: Item) -> None:
        distance: list[int | None] = [self.cost(item, place) for place in range(self.places)]
        before: list[tuple[int, Item] | None] = [None] * self.places
        moves = [
            (source, target, move)
            for source in range(self.places)
            for target in range(self.places)
            if source != target and (move := self._cheapest_move(source, target))
        ]
        for _ in range(self.places):  # Bellman-Ford: moves may be cheaper than nothing
            changed = False
            for source, target, (delta, moved) in moves:
                so_far, known = distance[source], distance[target]
                if so_far is not None and (known is None or so_far + delta < known):
                    distance[target], before[target], changed = so_far + delta, (source, moved), True
            if not changed:
                break
        ends = [
            (far + room, place)
            for place, far in enumerate(distance)
            if far is not None and (room := self.room(place)) is not None
        ]
        _, place = min(ends)
        self.load[place] += 1
        while (step := before[place]) is not None:
            source, moved = step
            self._put(moved, place)
            place = source
        self._put(item, place)
