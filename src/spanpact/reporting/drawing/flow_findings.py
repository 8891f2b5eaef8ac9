"""The findings of a contract, gathered by the flow in which they stand; alike flows folded together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from spanpact.findings import Finding
from spanpact.trace.model import Reading, Trace
from spanpact.trace.topology import TOP, Topology

Mask: TypeAlias = Callable[[str], str]
GHOSTS = frozenset(["span-missing", "span-misplaced"])
"""Findings that are drawn where the span should be: below the span whose child (or descendant) it is."""
_MANY = frozenset(["span-surplus"])


class Traces:
    """The traces of a reading by the ids that findings carry (masked), indexed when first asked for."""

    def __init__(self, reading: Reading | None, mask: Mask) -> None:
        self._mask = mask
        self._traces: dict[str, Trace] = {}
        for trace in reading.traces if reading else ():
            self._traces.setdefault(mask(trace.trace_id), trace)
        self._topologies: dict[str, Topology] = {}
        self._masked: dict[str, dict[str, int]] = {}

    def topology(self, trace_id: str) -> Topology | None:
        """The tree of the trace, None where the report does not hold it."""
        trace_id = self._mask(trace_id)
        if trace_id not in self._topologies:
            if trace_id not in self._traces:
                return None
            self._topologies[trace_id] = Topology(self._traces[trace_id])
        return self._topologies[trace_id]

    def span(self, topology: Topology, span_id: str) -> int:
        """The index of a span, TOP where it is not in the trace."""
        if span_id in topology.by_id or not span_id:
            return topology.by_id.get(span_id, TOP)
        trace_id = topology.trace.trace_id
        if trace_id not in self._masked:  # an id so malformed that it was masked: rare, so looked up last
            self._masked[trace_id] = {self._mask(each): i for each, i in topology.by_id.items()}
        return self._masked[trace_id].get(span_id, TOP)


@dataclass(frozen=True, slots=True)
class Spot:
    """Where to draw: the trace and the topmost span drawn ("" for the whole trace; both "" for no trace)."""

    trace_id: str = ""
    span_id: str = ""


@dataclass(frozen=True, slots=True)
class Flowing:
    """The findings of one flow."""

    spot: Spot
    findings: tuple[Finding, ...]

    @property
    def shape(self) -> tuple[tuple[str, ...], ...]:
        """What makes two flows alike: the same findings at the same places."""
        return tuple(sorted((f.contract, f.key, f.keyword, f.condition, f.level, *f.path) for f in self.findings))

    @property
    def broken(self) -> bool:
        """Whether one of the findings breaks the contract."""
        return any(finding.breaks for finding in self.findings)


def location(finding: Finding) -> str:
    """The id of the span under which a finding is drawn; "" for the whole trace."""
    return finding.spans[0] if finding.id in _MANY and finding.spans else finding.span_id


def by_flow(findings: Iterable[Finding], flow_spans: Sequence[tuple[str, str]], traces: Traces) -> list[Flowing]:
    """The findings by the nearest flow at or above their span, in the order of the first finding of each.

    What stands outside of every flow is gathered at its trace.
    """
    flows = set(flow_spans)
    gathered: dict[Spot, list[Finding]] = {}
    for finding in findings:
        gathered.setdefault(_spot(finding, flows, traces), []).append(finding)
    return [Flowing(spot, tuple(found)) for spot, found in gathered.items()]


def _spot(finding: Finding, flows: set[tuple[str, str]], traces: Traces) -> Spot:
    topology = traces.topology(finding.trace_id) if finding.trace_id else None
    if topology is None:
        return Spot(finding.trace_id)
    i = traces.span(topology, location(finding))
    while i != TOP:
        flow = (topology.trace.trace_id, topology.spans[i].span_id)
        if flow in flows:
            return Spot(finding.trace_id, flow[1])
        i = topology.parent[i]
    return Spot(finding.trace_id)


def folded(flows: Sequence[Flowing]) -> list[tuple[Flowing, list[Flowing]]]:
    """Each kind of flow by its first, with the others that are alike."""
    kinds: dict[tuple[tuple[str, ...], ...], tuple[Flowing, list[Flowing]]] = {}
    for flow in flows:
        if flow.shape in kinds:
            kinds[flow.shape][1].append(flow)
        else:
            kinds[flow.shape] = (flow, [])
    return list(kinds.values())
