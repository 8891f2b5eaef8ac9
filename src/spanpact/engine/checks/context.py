"""What a check may ask about the surroundings of a span: its trace, its source, the tolerances of the contract."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import TypeAlias

from spanpact.contract.compiled import Reference
from spanpact.trace.clocks import allowance_ns, frozen_resources
from spanpact.trace.model import ALL_CAPABILITIES, Capability, ClockResolutions, LogRecord, Span, Value
from spanpact.trace.process import Processes, processes_of
from spanpact.trace.topology import TOP, Topology

ValuesOf: TypeAlias = Callable[[Reference], Sequence[Value]]
"""Return the values that an attribute has on the spans of an entry of the flow: what `same_as` compares with."""


@dataclass(slots=True, eq=False, repr=False)
class Context:
    """The surroundings of a span; one context for each trace and contract.

    `capabilities` and `resolution_ns` are the source's; `tolerance_ns`, `skew_ns` and `fixed_resolution_ns` the
    contract's, the last in place of what `clocks` infer. `find_span` finds the target of a link by trace and span id,
    `lacks_span` says whether another trace was read whole and has no such span.
    `mask` hides what is private in a text that is to be cut: findings are masked as a whole later.
    `values_of` is None until the spans are assigned, because `same_as` never steers the assignment.
    """

    topology: Topology
    _: KW_ONLY
    capabilities: frozenset[Capability] = ALL_CAPABILITIES
    find_span: Callable[[str, str], Span | None]
    lacks_span: Callable[[str, str], bool] = lambda *_: False
    tolerance_ns: int = 0
    skew_ns: int = 0
    resolution_ns: int = 1
    fixed_resolution_ns: int | None = None
    clocks: ClockResolutions | None = None
    mask: Callable[[str], str] = str
    values_of: ValuesOf | None = field(default=None, init=False)
    _logs: Mapping[str, Sequence[LogRecord]] | None = field(default=None, init=False)
    _frozen: frozenset[int] | None = field(default=None, init=False)

    def logs_of(self, span: Span) -> Sequence[LogRecord]:
        """Return the log records that carry this span's trace id and span id."""
        if self._logs is None:
            logs: dict[str, list[LogRecord]] = {}
            for record in self.topology.trace.logs:
                logs.setdefault(record.span_id, []).append(record)
            self._logs = logs
        records = self._logs.get(span.span_id, ())
        return self._of_its_half(span, records) if records and span.span_id in self.topology.clients else records

    def _of_its_half(self, span: Span, records: Sequence[LogRecord]) -> Sequence[LogRecord]:
        """Return the log records of a client or of the server with its id: by resource, all others are the server's."""
        client = self.topology.spans[self.topology.clients[span.span_id]]
        of_client = [record for record in records if record.resource.attributes == client.resource.attributes]
        return of_client if span is client else [record for record in records if record not in of_client]

    def parent_of(self, span: Span) -> Span | None:
        """Return the parent, None where it is not in the trace."""
        i = self.topology.parent[self.topology.index_of(span)]
        return None if i == TOP else self.topology.spans[i]

    def has_id_of_its_client(self, span: Span) -> bool:
        """Return whether the span is a server that shares the id of its client, which is in another process."""
        return span.span_id in self.topology.clients and span.kind == "server"

    @property
    def complete(self) -> bool:
        """Return whether no more spans of the trace will come."""
        return self.topology.trace.complete

    def is_final(self, span: Span) -> bool:
        """Return whether nothing of the span will change: while spans still arrive, one that has not ended may."""
        return self.topology.trace.complete or span.end_ns != 0

    def remote(self, span: Span) -> bool | None:
        """Return the flag that the span's parent is in another process; None where no reliable flag says so."""
        if span.parent_remote is None or "remote" not in self.capabilities:
            return None
        return self.processes.remote(self.topology.index_of(span))

    def flagged_remote(self, span: Span) -> bool | None:
        """Return the flag as its emitter means it, whatever kinds say; None where no reliable flag says so."""
        if span.parent_remote is None or "remote" not in self.capabilities:
            return None
        return self.processes.is_flagged(self.topology.index_of(span))

    @property
    def processes(self) -> Processes:
        """Return the processes of the trace's spans."""
        return processes_of(self.topology, self.capabilities)

    def same_process(self, one: Span, other: Span) -> bool:
        """Return whether two spans are known to come from one process (section 6)."""
        processes, index_of = self.processes, self.topology.index_of
        return processes[index_of(one)] == processes[index_of(other)]

    def allowance_ns(self, one: Span, other: Span) -> int:
        """Return how far the times of two spans may contradict each other (section 6)."""
        return allowance_ns(
            tolerance_ns=self.tolerance_ns,
            skew_ns=self.skew_ns,
            resolution_ns=max(self.resolution_of(one), self.resolution_of(other)),
            same_process=self.same_process(one, other),
        )

    def resolution_of(self, span: Span) -> int:
        """Return the resolution of a span's times; while spans still arrive, the coarsest that these may show."""
        inferred = self.fixed_resolution_ns
        if inferred is None:
            if self.clocks is None:
                return self.resolution_ns
            find = self.clocks.resolution_ns if self.complete else self.clocks.possible_ns
            inferred = find(span.resource)
        return max(self.resolution_ns, inferred)

    def stood_still(self, span: Span) -> bool:
        """Return whether the clock of the span's resource stood still in this trace."""
        if span.start_ns != span.end_ns:
            return False
        numbers = self.processes.resource_numbers
        if self._frozen is None:
            times = [(each.start_ns, each.end_ns) for each in self.topology.spans]
            self._frozen = frozen_resources(numbers, times, self.topology.parent)
        return numbers[self.topology.index_of(span)] in self._frozen
