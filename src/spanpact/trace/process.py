"""Decide which spans of a trace come from one process (section 6 of docs/contract-format.md).

Evidence, the strongest first: the remote flag of the child; ids of processes, containers and hosts; span kinds (a
server below a client is called from elsewhere); equal resources. Resources alone prove nothing: two hosts may have the
default one, and one process may be enriched differently from batch to batch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from spanpact.trace.model import Capability, Resource, Span
from spanpact.trace.topology import TOP, Topology

_HOSTS: Final = ("host.id", "host.name")
_UNIQUE: Final = ("container.id", "k8s.pod.uid", "k8s.pod.name", *_HOSTS, "process.pid")
_SERVICE: Final = ("service.namespace", "service.name")
_SETTING_FLAGS: Final = ("go", "java", "nodejs", "python", "rust", "webjs")
"""Languages whose OpenTelemetry SDK was seen to send both flags (ADR 0025)."""
CALLED_BY: Final = {"server": "client", "consumer": "producer"}
"""The kind of a span that answers a call, and the kind of the call."""
MOST_COMPARED: Final = 64  # distinct resources of one trace; of more, only equal ones are of one process


def same_resource(one: Resource, other: Resource) -> bool:
    """Return whether two resources have equal attributes."""
    return one is other or one.attributes == other.attributes


def one_process(one: Resource, other: Resource) -> bool | None:
    """Return whether two resources describe one process, by their ids; None where they do not show it."""
    if same_resource(one, other):
        return True
    mine, theirs = one.attributes, other.attributes
    own, others = (each.get("service.instance.id") for each in (mine, theirs))
    if own is not None and others is not None:
        if own != others:
            return False
        if all(mine.get(name) == theirs.get(name) for name in _SERVICE):
            return True
    shared = {name for name in _UNIQUE if name in mine and name in theirs}
    if any(mine[name] != theirs[name] for name in shared):
        return False
    if "container.id" in shared or ("process.pid" in shared and not shared.isdisjoint(_HOSTS)):
        return True
    return None


def flags_all_local(resource: Resource) -> bool:
    """Return whether the resource is of an SDK that flags every parent as local: Deno's."""
    attributes = resource.attributes
    return any(str(attributes.get(f"telemetry.sdk.{each}", "")).startswith("deno") for each in ("name", "language"))


def sets_flags(resource: Resource) -> bool:
    """Return whether the resource is of an SDK that is known to flag remote parents as remote."""
    attributes = resource.attributes
    known = attributes.get("telemetry.sdk.language") in _SETTING_FLAGS
    return known and attributes.get("telemetry.sdk.name") == "opentelemetry"


def flags_remote_below_remote(resource: Resource) -> bool:
    """Return whether the resource is of the SDK for Erlang and Elixir, which flags all spans below a remote child so.

    Each of its span contexts is a copy of the parent's, "remote" included.
    """
    return resource.attributes.get("telemetry.sdk.language") == "erlang"


class Processes:
    """The processes of the spans of one trace, and which remote flags can be relied on.

    While spans still arrive, only spans that are connected by local parents are known to be of one process: a later
    span may show that equal resources belong to several.
    """

    def __init__(self, topology: Topology, capabilities: frozenset[Capability]) -> None:
        self._topology = topology
        self._flagged = "remote" in capabilities
        self._kinds_of_resource, self.resource_numbers = _numbered(topology.spans)
        self._relations = _relations(self._kinds_of_resource)
        self._ignored = self._emitters_without_flag() if self._flagged else frozenset()
        self._numbers = self._assign() if "resource" in capabilities else list(range(len(topology.spans)))

    def __getitem__(self, i: int) -> int:
        """Return the number of the process of span `i`: equal for spans of one process."""
        return self._numbers[i]

    def remote(self, i: int) -> bool | None:
        """Return the flag of span `i` that its parent is in another process; None where nothing reliable says so."""
        span = self._topology.spans[i]
        flag = span.parent_remote if self._flagged else None
        if flag and flags_remote_below_remote(span.resource):
            return self._is_called_by_remote(i)
        return None if flag is False and self.ignores_flag(i) else flag

    def is_flagged(self, i: int) -> bool | None:
        """Return the flag as the emitter of span `i` means it, also where kinds contradict it and the SDK sets flags.

        Propagators of such an SDK flag what they extract as remote: a caller flagged local is a context made by hand.
        """
        raw = self._topology.spans[i].parent_remote
        if raw is False and self._flagged and sets_flags(self._kinds_of_resource[self.resource_numbers[i]]):
            return False
        return self.remote(i)

    def ignores_flag(self, i: int) -> bool:
        """Return whether a flag of span `i` that its parent is local says nothing, as its emitter always sets it."""
        return self.resource_numbers[i] in self._ignored

    def _is_called_by_remote(self, i: int) -> bool | None:
        """Return whether the parent of a span that may only have inherited the flag is in another process.

        None while the parent may still come. A parent that never comes is taken for remote, so that it is no orphan.
        """
        parent, spans = self._topology.parent[i], self._topology.spans
        if parent == TOP:
            return True if self._topology.trace.complete else None
        inherits = spans[parent].parent_remote is True and self._related(i, parent) is True
        return not inherits or CALLED_BY.get(spans[i].kind) == spans[parent].kind

    def _emitters_without_flag(self) -> frozenset[int]:
        """Return the resources whose spans are all flagged local, though one has a parent in another process."""
        spans, numbers = self._topology.spans, self.resource_numbers
        ignored = {n for n, resource in enumerate(self._kinds_of_resource) if flags_all_local(resource)}
        doubted = {
            numbers[i]
            for i, span in enumerate(spans)
            if span.parent_remote is False and span.kind in CALLED_BY and span.parent_id and self._is_called(i)
        }
        if doubted:
            doubted -= {numbers[i] for i, span in enumerate(spans) if span.parent_remote}
        return frozenset(ignored | doubted)

    def _is_called(self, i: int) -> bool:
        """Return whether the parent of a server or consumer is in another process, whatever its flag says."""
        parent, numbers = self._topology.parent[i], self.resource_numbers
        if parent == TOP:  # a local parent would be exported next to the other spans of its process
            return self._topology.trace.complete and numbers.count(numbers[i]) > 1
        if self._related(i, parent) is False:
            return True
        one, other = (self._topology.spans[each].resource.attributes for each in (i, parent))
        return one.get("service.name") != other.get("service.name")

    def _related(self, i: int, j: int) -> bool | None:
        one, other = self.resource_numbers[i], self.resource_numbers[j]
        return True if one == other else self._relations(one, other)

    def _is_local(self, i: int, parent: int) -> bool:
        """Return whether span `i` is in the process of its parent."""
        flag, related = self.remote(i), self._related(i, parent)
        if flag is not None:
            return not flag and related is not False
        spans = self._topology.spans
        return related is True and CALLED_BY.get(spans[i].kind) != spans[parent].kind

    def _assign(self) -> list[int]:
        """Return the process number of each span."""
        topology, numbers = self._topology, self.resource_numbers
        segment = [-1] * len(numbers)
        segments: list[set[int]] = []  # the resources of each: spans connected by local parents
        shared: set[int] = set()  # resources that several processes have
        for i in topology.preorder:
            parent = topology.parent[i]
            if parent != TOP and self._is_local(i, parent):
                segment[i] = segment[parent]
                segments[segment[i]].add(numbers[i])
                continue
            segment[i] = len(segments)
            segments.append({numbers[i]})
            if parent != TOP and self._related(i, parent) is True:
                shared |= {numbers[i], numbers[parent]}
        if len(segments) == 1 or not topology.trace.complete:
            return segment
        merged = _merged(segments, shared, self._relations)
        return [merged[each] for each in segment]


def processes_of(topology: Topology, capabilities: frozenset[Capability]) -> Processes:
    """Return the processes of a trace; they are found once for each set of capabilities."""
    found: Processes | None = topology.processes.get(capabilities)
    if found is None:
        found = topology.processes[capabilities] = Processes(topology, capabilities)
    return found


def _numbered(spans: Sequence[Span]) -> tuple[list[Resource], list[int]]:
    """Return the distinct resources, and the number of each span's."""
    distinct: list[Resource] = []
    known: dict[int, int] = {}
    numbers = []
    for span in spans:
        number = known.get(id(span.resource))
        if number is None:
            equal = (n for n, each in enumerate(distinct) if same_resource(each, span.resource))
            number = known[id(span.resource)] = next(equal, len(distinct))
            if number == len(distinct):
                distinct.append(span.resource)
        numbers.append(number)
    return distinct, numbers


def _relations(resources: Sequence[Resource]) -> Callable[[int, int], bool | None]:
    known: dict[tuple[int, int], bool | None] = {}

    def related(one: int, other: int) -> bool | None:
        if len(resources) > MOST_COMPARED:
            return None
        pair = (one, other) if one < other else (other, one)
        if pair not in known:
            known[pair] = one_process(resources[one], resources[other])
        return known[pair]

    return related


def _merged(
    segments: Sequence[set[int]], shared: set[int], related: Callable[[int, int], bool | None]
) -> Sequence[int]:
    """Return a process number for each segment: one number for those that a resource shows to be of one process."""
    by_resource: dict[int, int] = {}
    leader = list(range(len(segments)))

    def root(each: int) -> int:
        while leader[each] != each:
            leader[each] = leader[leader[each]]
            each = leader[each]
        return each

    for number, resources in enumerate(segments):
        for resource in resources - shared:
            leader[root(number)] = root(by_resource.setdefault(resource, number))
    distinct = list(by_resource)
    for place, one in enumerate(distinct):
        for other in distinct[:place]:
            if related(one, other) is True:
                leader[root(by_resource[one])] = root(by_resource[other])
    return [root(each) for each in range(len(segments))]
