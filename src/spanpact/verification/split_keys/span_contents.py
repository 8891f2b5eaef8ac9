"""What one contract can distinguish of a single span in its trace: its class, and which compared values are equal."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TypeAlias

from spanpact.trace.topology import TOP
from spanpact.verification.split_keys.contract_parts import ContractParts
from spanpact.verification.split_keys.trace_view import ContentFacts, TraceView

SpanClass: TypeAlias = Hashable
"""A span's content; with what else matters of it in its trace where that is not trivial."""


class SpanContents:
    """The classes of spans, and the places of compared values in their summaries, as one contract needs them."""

    def __init__(self, parts: ContractParts) -> None:
        self._parts = parts
        self.of_entries: dict[int, Sequence[int]] = {}
        """By content, the places of the values that entries compare."""
        self.of_rules: dict[int, Sequence[int]] = {}
        """By content, the places of the values that rules compare with those of the flow's own span."""
        self.references: dict[int, Sequence[Sequence[int]]] = {}
        """By content, the places of each attribute that rules compare with, where it is that of a flow's own span."""

    def learn(self, content: int, facts: ContentFacts) -> None:
        """Learn a new content."""
        parts = self._parts
        places = list(enumerate(facts.compared))
        self.of_entries[content] = [place for place, name in places if name in parts.compared_by_entries]
        self.of_rules[content] = [place for place, name in places if name in parts.compared_by_rules]
        own = {name: place for place, name in places[: facts.of_span]}
        self.references[content] = [[own[name] for name in names if name in own] for names in parts.references]

    def clear(self) -> None:
        """Forget all contents."""
        for table in (self.of_entries, self.of_rules, self.references):
            table.clear()

    def referred(self, view: TraceView, own: int) -> Sequence[Sequence[Hashable]]:
        """Return the values of each attribute of the flow's own span that rules compare with."""
        if own == TOP:  # the entry `top` is then the first span without a parent in the trace
            own = view.roots[0]
        values = view.values[own]
        return [[values[place] for place in places] for places in self.references[view.contents[own]]]

    def classes(self, view: TraceView) -> Sequence[SpanClass]:
        """Return the class of each span of a trace."""
        parts, contents = self._parts, view.contents
        durations = self._durations(view) if parts.durations else None
        parents = [_parent(view, i) for i in range(len(contents))] if parts.parent else None
        names = _names_of_parents(view) if parts.parents else None
        more = [each for each in (durations, view.still, view.resolutions, parents, names) if each is not None]
        if not more:
            return contents
        nothing = [None] * len(contents)
        columns = [each or nothing for each in (durations, view.still, view.resolutions, parents, names)]
        return list(zip(contents, *columns, strict=True))

    def _durations(self, view: TraceView) -> Sequence[int]:
        class_of = self._parts.times.duration_class
        lengths = [each[3] - each[0] for each in view.summaries]
        if view.resolutions:
            return [class_of(length, each) for length, each in zip(lengths, view.resolutions, strict=True)]
        return list(map(class_of, lengths))


def _parent(view: TraceView, i: int) -> Hashable:
    """Return all that `parent` looks at: where the parent is, and whether it seems to be in another process."""
    parent = view.parents[i]
    where = min(parent, 0)
    if view.has_flags_by_shape:
        return where
    other_service = view.service(parent) != view.service(i) if parent >= 0 else None
    return where, view.processes.is_flagged(i), other_service


def _names_of_parents(view: TraceView) -> Sequence[str | None]:
    facts, contents = view.known.facts, view.contents
    return [facts[contents[parent]].name if parent >= 0 else None for parent in view.parents]


def equal_values(referred: Sequence[Sequence[Hashable]], values: Sequence[Hashable]) -> Hashable:
    """Return which values of a span are equal to each other and to those that rules compare them with."""
    labels: dict[Hashable, int] = {}
    wanted = tuple([tuple([labels.setdefault(value, len(labels)) for value in each]) for each in referred])
    return wanted, tuple([labels.setdefault(value, len(labels)) for value in values])
