"""Which spans of a trace the page draws, and in which rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from spanpact.trace.model import LogRecord
from spanpact.trace.topology import TOP, Topology

MOST_SPANS: Final = 12_000
"""The most spans of one trace, unless the report shows everything."""


@dataclass(frozen=True, slots=True)
class TraceRows:
    """The spans drawn, by their indices in the topology, parents before children.

    `row` is the row of each, `parent` the row of the parent of the span in each row, TOP where it is not in the trace.
    `logs` are the log records of spans, by the id of the span.
    """

    topology: Topology
    spans: list[int]
    row: dict[int, int]
    parent: list[int]
    logs: Mapping[str, Sequence[LogRecord]]

    @property
    def left_out(self) -> int:
        """Return how many spans of the trace are not drawn."""
        return len(self.topology.spans) - len(self.spans)


def rows_of(topology: Topology, wanted: Collection[int], *, everything: bool = False) -> TraceRows:
    """Return the rows of a trace: of a very large one the spans wanted, those above them, and as many of the first."""
    spans = topology.preorder
    if len(spans) > MOST_SPANS and not everything:
        spans = _chosen(topology, wanted)
    row = {i: number for number, i in enumerate(spans)}
    logs: dict[str, list[LogRecord]] = {}
    for record in topology.trace.logs:
        logs.setdefault(record.span_id, []).append(record)
    return TraceRows(topology, spans, row, [row.get(topology.parent[i], TOP) for i in spans], logs)


def _chosen(topology: Topology, wanted: Collection[int]) -> list[int]:
    kept: set[int] = set()
    for i in wanted:
        path: list[int] = []
        while i != TOP and i not in kept and len(kept) + len(path) < MOST_SPANS:
            path.append(i)
            i = topology.parent[i]
        if i == TOP or i in kept:
            kept.update(path)
    for i in topology.preorder:
        if len(kept) >= MOST_SPANS:
            break
        if topology.parent[i] == TOP or topology.parent[i] in kept:
            kept.add(i)
    return [i for i in topology.preorder if i in kept]
