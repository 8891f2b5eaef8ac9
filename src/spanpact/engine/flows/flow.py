"""A flow: a span that the contract selects, with all below it, assigned to entries."""

from __future__ import annotations

from collections.abc import Sequence

from spanpact.contract.compiled import Reference
from spanpact.engine.assignment.placements import Index, Placement
from spanpact.trace.attributes import values_of
from spanpact.trace.model import Value
from spanpact.trace.topology import TOP, Topology


class Flow:
    """One flow with its spans by entry.

    `placement` is the flow's own span in the place of the top entry; that span is TOP for a contract without `span`.
    `placements` are this and all counted ones below it. `members` maps each entry to its counted spans.
    """

    def __init__(self, topology: Topology, placement: Placement) -> None:
        self.topology = topology
        self.placement = placement
        self.placements = list(placement.walk())
        self.members: dict[str, list[Index]] = {}
        for each in self.placements:
            self.members.setdefault(each.entry.id, []).append(each.span)
        if placement.span == TOP:
            self.members["top"] = list(topology.children(TOP)[:1])
        self._values: dict[Reference, list[Value]] = {}

    @property
    def spans(self) -> Sequence[Index]:
        """Return the flow's spans: its own and all below."""
        below = self.topology.below(self.placement.span)
        return below if self.placement.span == TOP else [self.placement.span, *below]

    def members_below(self, placement: Placement, entry: str) -> list[Index]:
        """Return the counted spans of an entry at or below a placement."""
        if placement is self.placement:
            return self.members.get(entry, [])
        return [each.span for each in placement.walk() if each.entry.id == entry]

    def members_with_surplus(self) -> dict[str, list[Index]]:
        """Return the spans of each entry, the surplus ones last."""
        spans = {entry: list(indexes) for entry, indexes in self.members.items()}
        for placement in self.placements:
            for group in placement.groups:
                for entry, indexes in group.surplus.items():
                    spans.setdefault(entry, []).extend(indexes)
        return spans

    def values_of(self, reference: Reference) -> list[Value]:
        """Return the values of an attribute on the spans of an entry: what `same_as` compares with."""
        values = self._values.get(reference)
        if values is None:
            names = reference.names or (reference.attribute,)
            carriers = [self.topology.spans[i].attributes for i in self.members.get(reference.entry, ())]
            values = [value for attributes in carriers for name in names for value in values_of(attributes, name)]
            self._values[reference] = values
        return values
