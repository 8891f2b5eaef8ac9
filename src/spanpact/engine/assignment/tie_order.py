"""Rule 3 of an assignment: of all that are equally good, the one that gives earlier items to better ranked entries.

The order is lexicographic (section 5): the best ranked entry gets the earliest items that it can have in any assignment
of least cost, then the next entry, and so on. For each entry and item, in this order, the item is moved there if a
cycle of moves makes that possible without cost, and then stays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from heapq import heapify, heappop, heappush
from typing import TypeAlias

from spanpact.contract.compiled import Count

Item: TypeAlias = int
Edge: TypeAlias = tuple[int, int, int, Item]
"""Source place, target place, change of cost, and the item that moves (-1 where none does)."""


class TieOrder:
    """The state of an assignment of least cost, while its ties are put in order.

    Entry `e` has place `e` for counted items and place `len(counts)` + `e` for surplus ones. `step` outweighs every sum
    of costs: it is the price of an item that is missing or surplus. `place_of` is changed in place.
    """

    def __init__(
        self, counts: Sequence[Count], costs: Sequence[Mapping[int, int]], step: int, place_of: list[int]
    ) -> None:
        self._counts, self._costs, self._step, self._place_of = counts, costs, step, place_of
        self._entries = len(counts)
        self._places = 2 * self._entries
        self._load = [0] * self._places
        for place in place_of:
            self._load[place] += 1
        self._fixed = [False] * len(place_of)
        self._moves: dict[tuple[int, int], list[tuple[int, Item]]] = {}
        for item in range(len(place_of)):
            for target, change in self._changes(item):
                self._moves.setdefault((place_of[item], target), []).append((change, item))
        for heap in self._moves.values():
            heapify(heap)
        # Items that cost the same everywhere are alike: what failed for one fails for the others until something moves.
        self._kinds = [tuple(sorted(each.items())) for each in costs]

    def settle(self) -> None:
        """Put the ties in order."""
        for entry in range(self._entries):
            failed: set[tuple[int, object]] = set()
            for item, costs in enumerate(self._costs):
                if self._fixed[item] or entry not in costs:
                    continue
                source = self._place_of[item]
                if source == entry:
                    self._fixed[item] = True
                elif (source, self._kinds[item]) not in failed:
                    if self._move_without_cost(item, entry):
                        self._fixed[item] = True
                        failed.clear()
                    else:
                        failed.add((source, self._kinds[item]))
        for item, place in enumerate(self._place_of):
            if place >= self._entries:  # a surplus item costs the same with every entry that selects it
                self._place_of[item] = self._entries + min(self._costs[item])

    def _changes(self, item: Item) -> list[tuple[int, int]]:
        """Return (place, change of cost) of every other place that the item can have."""
        source, costs = self._place_of[item], self._costs[item]
        here = costs[source] if source < self._entries else 0
        counted = [(entry, cost - here) for entry, cost in costs.items() if entry != source]
        surplus = [(self._entries + entry, -here) for entry in costs if self._entries + entry != source]
        return counted + surplus

    def _cheapest_move(self, source: int, target: int, without: Item) -> tuple[int, Item] | None:
        heap = self._moves.get((source, target), [])
        set_aside = None
        while heap:
            _, item = heap[0]
            if item == without:
                set_aside = heappop(heap)
            elif self._fixed[item] or self._place_of[item] != source:
                heappop(heap)
            else:
                break
        found = heap[0] if heap else None
        if set_aside:
            heappush(heap, set_aside)
        return found

    def _move_without_cost(self, item: Item, target: int) -> bool:
        """Move the item to the target, and others so that the sum stays the same. Return whether that is possible."""
        source = self._place_of[item]
        change = self._costs[item][target] - (self._costs[item][source] if source < self._entries else 0)
        path = self._path(target, source, item, -change)
        if path is None:
            return False
        for place, other, _, moved in path:
            if moved >= 0:
                self._put(moved, other)
            elif other == self._places:
                self._load[place] += 1
            else:
                self._load[other] -= 1
        self._put(item, target)
        return True

    def _put(self, item: Item, place: int) -> None:
        self._place_of[item] = place
        for target, change in self._changes(item):
            heappush(self._moves.setdefault((place, target), []), (change, item))

    def _edges(self, without: Item) -> list[Edge]:
        """Return the moves between places; `self._places` is the outside, where a place may grow and another shrink."""
        edges = [
            (source, target, move[0], move[1])
            for source, target in self._moves
            if (move := self._cheapest_move(source, target, without))
        ]
        outside = self._places
        for place, load in enumerate(self._load):
            count = self._counts[place] if place < self._entries else None
            if count is None:
                edges.append((place, outside, self._step, -1))
                edges += [(outside, place, -self._step, -1)] if load else []
                continue
            if load < count.low:
                edges.append((place, outside, -self._step, -1))
            elif count.high is None or load < count.high:
                edges.append((place, outside, 0, -1))
            if load:
                edges.append((outside, place, self._step if load <= count.low else 0, -1))
        return edges

    def _path(self, start: int, end: int, without: Item, budget: int) -> list[Edge] | None:
        """Return the cheapest path from start to end if it costs no more than the budget (Bellman-Ford)."""
        edges = self._edges(without)
        distance: list[int | None] = [None] * (self._places + 1)
        before: list[Edge | None] = [None] * (self._places + 1)
        distance[start] = 0
        for _ in range(self._places):
            changed = False
            for edge in edges:
                source, target, cost, _ = edge
                so_far, known = distance[source], distance[target]
                if so_far is not None and (known is None or so_far + cost < known) and target != start:
                    distance[target], before[target], changed = so_far + cost, edge, True
            if not changed:
                break
        found = distance[end]
        if found is None or found > budget:
            return None
        path: list[Edge] = []
        place = end
        while (step := before[place]) is not None:
            path.append(step)
            place = step[0]
        return path[::-1]
