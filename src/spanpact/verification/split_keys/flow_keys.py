"""The key of a flow: all that the entries of a contract can distinguish of its spans.

It holds only the spans that some entry may take at its place, those of one place as a multiset: which of them starts
first matters only where entries compete for them, and when they start and end only where entries are compared by time.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Final, NamedTuple, TypeAlias

from spanpact.engine.assignment.compiled_entries import CompiledEntry
from spanpact.trace.topology import TOP
from spanpact.verification.shapes.trace_shapes import open_at_once, started_before_end
from spanpact.verification.split_keys.contract_parts import ContractParts
from spanpact.verification.split_keys.span_contents import SpanClass, SpanContents
from spanpact.verification.split_keys.trace_view import TraceView

Key: TypeAlias = tuple[Hashable, ...]

_MOST_NUMBERED: Final = 1 << 16
_MOST_VISITED: Final = 10_000  # spans that fit an entry, in one flow


class FlowKey(NamedTuple):
    """The key of a flow, and the spans in it, in an order that is the same for flows with equal keys."""

    key: Key
    spans: Sequence[int]


class Place:
    """One `children` or `descendants` of an entry: its entries, and which of them fit the name of a content."""

    def __init__(self, kind: str, entries: Sequence[EntryTree], holder: CompiledEntry) -> None:
        self.of_children = kind == "children"
        self.entries = entries
        self.closed = self.of_children and "children" in holder.plan.closed
        self.fitting: dict[int, Sequence[EntryTree]] = {}


class EntryTree:
    """An entry with its places. `number` distinguishes the entries of a contract."""

    def __init__(self, entry: CompiledEntry, parts: ContractParts, number: list[int]) -> None:
        self.number = number[0]
        number[0] += 1
        self.pattern = entry.plan.span
        self.ordered, self.concurrent = entry.id in parts.ordered, entry.id in parts.concurrent
        self.places = [
            Place(kind, [EntryTree(each, parts, number) for each in entries], entry) for kind, entries in entry.groups
        ]

    def walk(self) -> Iterator[EntryTree]:
        """Yield this entry and all below it, by number."""
        yield self
        for place in self.places:
            for each in place.entries:
                yield from each.walk()

    def learn(self, content: int, name: str) -> None:
        """Learn a new content of spans by its name."""
        for place in self.places:
            place.fitting[content] = [each for each in place.entries if each.pattern and each.pattern.fits(name)]
            for each in place.entries:
                each.learn(content, name)

    def clear(self) -> None:
        """Forget all contents."""
        for place in self.places:
            place.fitting.clear()
            for each in place.entries:
                each.clear()


class FlowKeys:
    """The keys of the flows of one contract. Keys are only comparable until `clear` is called."""

    def __init__(self, top: CompiledEntry, parts: ContractParts, contents: SpanContents) -> None:
        self._parts, self._contents = parts, contents
        self.tree = EntryTree(top, parts, [0])
        self._is_timed = bool(parts.ordered or parts.concurrent)
        self._numbers: dict[Key, int] = {}
        self._nothing_below: Key = ((),) * len(self.tree.places)

    @property
    def is_full(self) -> bool:
        """Return whether so many keys were made that they should be forgotten."""
        return len(self._numbers) > _MOST_NUMBERED

    def learn(self, content: int, name: str) -> None:
        """Learn a new content of spans by its name."""
        self.tree.learn(content, name)

    def clear(self) -> None:
        """Forget all keys."""
        self._numbers.clear()

    def forget_contents(self) -> None:
        """Forget all contents, and so all keys."""
        self.clear()
        self.tree.clear()

    def key(self, view: TraceView, classes: Sequence[SpanClass], own: int) -> FlowKey | None:
        """Return the key of the flow of span `own`; None if so many spans fit entries that it is not worth it."""
        if own != TOP and not view.children(own):  # often: then the builder would find nothing else
            alone: Key = (self.tree.number, classes[own])
            if places := self._contents.of_entries[view.contents[own]]:
                labels: dict[Hashable, int] = {}
                alone += tuple([labels.setdefault(view.values[own][place], len(labels)) for place in places])
            alone += self._nothing_below
            return FlowKey((self._numbers.setdefault(alone, len(self._numbers)), ()), (own,))
        builder = _KeyBuilder(view, classes, self._contents.of_entries, self._numbers)
        below = builder.key(self.tree, own)
        if builder.visited > _MOST_VISITED:
            return None
        times = self._times(view, builder.roles, own) if self._is_timed else ()
        return FlowKey((below.number, times), below.spans)

    def _times(self, view: TraceView, roles: Mapping[int, Mapping[EntryTree, _Below]], own: int) -> Hashable:
        """Return how the times of spans of ordered and concurrent entries are related, and where these spans are.

        The spans are listed by start with the nearest ones above them, so that it is known which of several spans with
        equal keys is late.
        """
        ordered = sorted(i for i, entries in roles.items() if any(each.ordered for each in entries))
        concurrent = sorted(i for i, entries in roles.items() if any(each.concurrent for each in entries))
        if len(ordered) + len(concurrent) < 2:
            return ()
        above = {own: own}
        for i in (*ordered, *concurrent):
            while i not in above:
                parent = max(view.parents[i], TOP)
                while parent not in roles:
                    parent = max(view.parents[parent], TOP)
                above[i] = parent
                i = parent
        listed = sorted(above)
        place = {i: number for number, i in enumerate(listed)}
        tree = tuple(
            [(place[above[i]], *sorted((e.number, key.number) for e, key in roles[i].items())) for i in listed]
        )
        real = listed if own != TOP else listed[1:]
        processes: Hashable = None
        if not view.is_one_process:
            numbers: dict[int, int] = {}
            processes = tuple([numbers.setdefault(view.processes[i], len(numbers)) for i in real])
        resolutions = {view.resolutions[i] for i in real} if view.resolutions else (1,)
        allowances = self._parts.times.allowances_ns(one_process=view.is_one_process, resolutions=resolutions)
        summaries = view.summaries
        starts_and_ends = started_before_end([summaries[i] for i in ordered], allowances) if ordered else ()
        open_together = open_at_once([summaries[i] for i in concurrent], allowances) if concurrent else ()
        return tree, processes, starts_and_ends, open_together


class _Below(NamedTuple):
    """The number of the key of a span in the place of an entry, and the spans in this key."""

    number: int
    spans: Sequence[int]


class _KeyBuilder:
    """The building of one key. `roles` are the entries that each span fits, with the key that it has there."""

    def __init__(
        self,
        view: TraceView,
        classes: Sequence[SpanClass],
        compared: Mapping[int, Sequence[int]],
        numbers: dict[Key, int],
    ) -> None:
        self._view, self._classes, self._compared, self._numbers = view, classes, compared, numbers
        self._labels: dict[Hashable, int] = {}
        self.roles: dict[int, dict[EntryTree, _Below]] = {}
        self.visited = 0

    def key(self, entry: EntryTree, i: int) -> _Below:
        """Return the key of span `i` in the place of an entry."""
        roles = self.roles.setdefault(i, {})
        known = roles.get(entry)
        if known is None:
            carrier = i if i != TOP else self._view.roots[0]
            key: Key = (entry.number, self._classes[carrier])
            if places := self._compared[self._view.contents[carrier]]:
                values, labels = self._view.values[carrier], self._labels
                key += tuple([labels.setdefault(values[place], len(labels)) for place in places])
            spans = [i]
            for place in entry.places:
                below, more = self._place(place, i)
                key = (*key, below)
                spans += more
            known = roles[entry] = _Below(self._number(key), spans)
        return known

    def _number(self, key: Key) -> int:
        return self._numbers.setdefault(key, len(self._numbers))

    def _place(self, place: Place, i: int) -> tuple[Key, Sequence[int]]:
        view, fitting = self._view, place.fitting
        found: list[_Below] = []
        contested = False
        for each in view.children(i) if place.of_children else view.below(i):
            entries = fitting[view.contents[each]]
            if not entries:
                if place.closed:
                    found.append(_Below(self._number((None, self._classes[each])), (each,)))
                continue
            self.visited += 1
            if self.visited > _MOST_VISITED:
                break
            if len(entries) == 1:
                found.append(self.key(entries[0], each))
                continue
            contested = True
            several = [self.key(entry, each) for entry in entries]
            number = self._number(tuple([below.number for below in several]))
            found.append(_Below(number, [i for below in several for i in below.spans]))
        if not contested:
            found.sort(key=_NUMBER)
        return tuple([below.number for below in found]), [i for below in found for i in below.spans]


_NUMBER: Final = itemgetter(0)
