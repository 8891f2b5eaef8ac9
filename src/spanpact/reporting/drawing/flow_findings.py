"""Group the findings of a contract by the flow they are in, and put flows with the same findings together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from spanpact.findings import Finding
from spanpact.trace.model import Reading, Trace
from spanpact.trace.topology import TOP, Topology

Mask: TypeAlias = Callable[[str], str]
PLACEHOLDERS: Final = frozenset(["span-missing", "span-misplaced"])
"""Findings that are drawn as a placeholder where the span should be: below the span whose child it is."""
_MOST_TOPOLOGIES: Final = 1 << 10
_AT_FIRST_SPAN: Final = frozenset(["span-surplus"])


class MaskedTraces:
    """The traces of a reading by the ids in findings, which are masked. The topologies last used are kept."""

    def __init__(self, reading: Reading | None, mask: Mask) -> None:
        self._mask = mask
        self._traces: Sequence[Trace] = reading.traces if reading else ()
        self._held: dict[str, tuple[int, str]] = {}  # the index and the id of each trace
        for i, trace in enumerate(self._traces):
            self._held.setdefault(mask(trace.trace_id), (i, trace.trace_id))
        self._topologies: dict[str, Topology] = {}
        self._masked_span_ids: dict[str, dict[str, int]] = {}

    def trace_id(self, masked: str) -> str | None:
        """Return the id of a trace as it was sent, None if the reading does not hold the trace."""
        held = self._held.get(self._mask(masked))
        return held and held[1]

    def topology(self, trace_id: str) -> Topology | None:
        """Return the topology of the trace, None if the reading does not hold it."""
        trace_id = self._mask(trace_id)
        topology = self._topologies.pop(trace_id, None)
        if topology is None:
            if trace_id not in self._held:
                return None
            if len(self._topologies) >= _MOST_TOPOLOGIES:
                del self._topologies[next(iter(self._topologies))]
            topology = Topology(self._traces[self._held[trace_id][0]])
        self._topologies[trace_id] = topology
        return topology

    def span_index(self, topology: Topology, span_id: str) -> int:
        """Return the index of the span, TOP if it is not in the trace."""
        if span_id in topology.by_id or not span_id:
            return topology.by_id.get(span_id, TOP)
        trace_id = topology.trace.trace_id
        if trace_id not in self._masked_span_ids:  # a malformed id may have been masked; rare, so it comes last
            self._masked_span_ids[trace_id] = {self._mask(each): i for each, i in topology.by_id.items()}
        return self._masked_span_ids[trace_id].get(span_id, TOP)

    def finding_index(self, topology: Topology, finding: Finding) -> int:
        """Return the span that a finding is drawn below, by index: of two with one id, that of the finding's path."""
        i = self.span_index(topology, drawn_below(finding))
        client = topology.clients.get(topology.spans[i].span_id, TOP) if i != TOP else TOP
        if client == TOP or finding.path != tuple(map(self._mask, topology.names(client))):
            return i
        return client

    def flow_index(self, topology: Topology, span_id: str) -> int:
        """Return the index of a flow's span: of two with one id the client, which has the server below it."""
        i = self.span_index(topology, span_id)
        return i if i == TOP else topology.clients.get(topology.spans[i].span_id, i)


@dataclass(frozen=True, slots=True)
class TreeRoot:
    """The root of a drawn tree: a span ("" for the whole trace) of a trace ("" for a finding without a trace)."""

    trace_id: str = ""
    span_id: str = ""


@dataclass(frozen=True, slots=True)
class FlowFindings:
    """The findings of one flow."""

    root: TreeRoot
    findings: tuple[Finding, ...]

    @property
    def shape(self) -> tuple[tuple[str, ...], ...]:
        """Return what similar flows have in common: the same findings of the same entries, whatever spans are called.

        A leak is similar to one in the same place only.
        """
        return tuple(sorted(_shape_of(finding) for finding in self.findings))

    @property
    def broken(self) -> bool:
        """Return whether one of the findings breaks the contract."""
        return any(finding.breaks for finding in self.findings)


def _shape_of(finding: Finding) -> tuple[str, ...]:
    leak = finding.message if finding.id == "privacy-leak" else ""
    return finding.contract, finding.key, finding.keyword, finding.condition, finding.level, leak


def drawn_below(finding: Finding) -> str:
    """Return the id of the span that the finding is drawn below; "" for the whole trace."""
    return finding.spans[0] if finding.id in _AT_FIRST_SPAN and finding.spans else finding.span_id


def group_by_flow(
    findings: Sequence[Finding], flow_spans: Sequence[tuple[str, str]], traces: MaskedTraces
) -> list[FlowFindings]:
    """Group findings by the nearest flow at or above their span, in the order of the first finding of each.

    Findings outside of every flow are grouped by their trace.
    """
    named = {finding.trace_id for finding in findings if finding.trace_id}
    held = {trace_id for each in named if (trace_id := traces.trace_id(each)) is not None}
    flows = {flow for flow in flow_spans if flow[0] in held} if held else set[tuple[str, str]]()  # of many, a few
    groups: dict[TreeRoot, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(_tree_root(finding, flows, traces), []).append(finding)
    return [FlowFindings(root, tuple(found)) for root, found in groups.items()]


def _tree_root(finding: Finding, flows: set[tuple[str, str]], traces: MaskedTraces) -> TreeRoot:
    topology = traces.topology(finding.trace_id) if finding.trace_id else None
    if topology is None:
        return TreeRoot(finding.trace_id)
    i = traces.finding_index(topology, finding)
    while i != TOP:
        flow = (topology.trace.trace_id, topology.spans[i].span_id)
        if flow in flows:
            return TreeRoot(finding.trace_id, flow[1])
        i = topology.parent[i]
    return TreeRoot(finding.trace_id)


def group_similar(flows: Sequence[FlowFindings]) -> list[tuple[FlowFindings, list[FlowFindings]]]:
    """Return the first flow of each shape, with the other flows of that shape."""
    groups: dict[tuple[tuple[str, ...], ...], tuple[FlowFindings, list[FlowFindings]]] = {}
    for flow in flows:
        if flow.shape in groups:
            groups[flow.shape][1].append(flow)
        else:
            groups[flow.shape] = (flow, [])
    return list(groups.values())
