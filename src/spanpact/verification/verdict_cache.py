"""Cache verdicts by trace shape: another trace of a shape adds to every count what the first one added (ADR 0011).

Only complete traces without a finding are cached. Every finding comes from the engine. Sums are not part of a shape, as
they differ in almost every trace: a trace is judged like a cached one if its own sums are within their limits too.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Final, NamedTuple, Protocol

from spanpact.contract.aggregates import Aggregate
from spanpact.contract.compiled import ContractPlan, Matcher
from spanpact.engine.across import AcrossStatistics, EntrySpans
from spanpact.engine.checks.aggregates import is_sum_within
from spanpact.engine.flows.flow_spans import FlowSpans
from spanpact.engine.results.collector import ResultCollector
from spanpact.engine.results.coverage import Counts
from spanpact.engine.results.mentions import MentionCounter, UnmentionedNames, logged_in
from spanpact.findings import ScannedLogs
from spanpact.trace.equality import is_number
from spanpact.trace.model import Reading, Span, Trace
from spanpact.trace.topology import TOP, Topology
from spanpact.verification.lost_context import RootIndex
from spanpact.verification.shapes import (
    ObservedProperties,
    RecordSummary,
    SpanShapes,
    SpanSummary,
    TraceShape,
    record_summary,
    trace_shape,
)

_MOST_CACHED: Final = 1000  # a cached verdict takes some kilobytes for each contract; a full cache is emptied


class ContractState(Protocol):
    """The state of one contract's verification, to which each trace adds."""

    results: ResultCollector
    statistics: AcrossStatistics
    flows: FlowSpans
    labelled: int
    rejected: int


@dataclass(frozen=True, slots=True)
class _Addition:
    """The addition of a cached trace to one contract: counts, flows by the index of their span, spans for `across`."""

    state: ContractState
    counts: Counts
    flows: Sequence[int]
    recorded: Sequence[EntrySpans]
    labelled: int
    rejected: int


class _Sum(NamedTuple):
    """A sum in the traces of one shape: its limits, and the span and the places of the numbers that each span adds."""

    within: Matcher
    numbers: Sequence[tuple[int, Sequence[int]]]


@dataclass(slots=True)
class _CachedVerdict:
    """The additions of one trace, and the number of traces of its shape whose counts are not added yet.

    `unmentioned` is None where contracts mention all of it. `roots` are the index and the name of each root that the
    index of roots wants. Of its `logs` records, `without_span` belong to no span. Those of `own_names`, by their place
    in the shape, are mentioned by none, and have another name in each trace.
    """

    counted: Sequence[_Addition]
    with_flows: Sequence[_Addition]
    unmentioned: UnmentionedNames | None
    roots: Sequence[tuple[int, str]]
    sums: Sequence[_Sum]
    logs: int
    without_span: ScannedLogs
    own_names: Sequence[int]
    times: int = 0


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A trace that the engine is about to judge, and for each contract the counts, flows and labels before it."""

    shape: TraceShape
    before: Sequence[tuple[Counts, int, int, int]]


class VerdictCache:
    """A cache of verdicts by trace shape.

    For each trace, first call `apply`. If it returns False, let the engine judge the trace and then call `store`.
    """

    def __init__(
        self, states: Sequence[ContractState], shapes: SpanShapes, mentions: MentionCounter, roots: RootIndex
    ) -> None:
        self._states = states
        self._mentions = mentions
        self._roots = roots
        self.shapes = shapes
        self._generation = self.shapes.generation
        self._cached: dict[object, _CachedVerdict] = {}
        self._candidate: _Candidate | None = None
        self.hits = 0
        """The number of traces judged without the engine."""

    @classmethod
    def of(
        cls,
        states: Sequence[ContractState],
        plans: Sequence[ContractPlan],
        reading: Reading,
        mentions: MentionCounter,
        roots: RootIndex,
    ) -> VerdictCache | None:
        """Return an empty cache, None if a contract looks at more than shapes hold; `reading` has source and clocks."""
        observed = ObservedProperties.of(plans, reading.source)
        return None if observed is None else cls(states, SpanShapes(observed, reading.clocks), mentions, roots)

    def apply(self, trace: Trace) -> bool:
        """Judge the trace like a cached one of its shape. Return whether there is one."""
        self._candidate = None
        if not trace.complete or not trace.spans:
            return False
        generation = self.shapes.begin()
        summaries = [self.shapes.summary(span) for span in trace.spans]
        records = [record_summary(record, self.shapes) for record in trace.logs]
        return self.apply_summaries(trace.trace_id, trace.scenario, summaries, generation, records)

    def apply_summaries(
        self,
        trace_id: str,
        scenario: str,
        summaries: Sequence[SpanSummary],
        generation: int,
        records: Sequence[RecordSummary] = (),
    ) -> bool:
        """Do the same for a complete trace by the summaries of its spans and log records; one of both may lack."""
        self._candidate = None
        if generation != self.shapes.generation:
            return False
        if generation != self._generation:
            self._generation = generation
            self.flush()
        shape = trace_shape(trace_id, scenario, summaries, self.shapes, records)
        if shape is None:
            return False
        cached = self._cached.get(shape.key)
        if cached is None:
            before = [(each.results.counts(), len(each.flows), each.labelled, each.rejected) for each in self._states]
            self._candidate = _Candidate(shape, before)
            for each in self._states:
                each.statistics.begin_recording()
                each.results.begin_recording()
            return False
        if cached.sums and not _are_within(cached.sums, shape):
            return False
        cached.times += 1
        self.hits += bool(summaries)
        if cached.own_names:
            read = sorted([shape.record_order[i] for i in cached.own_names])
            self._mentions.add_log_names([records[i][4] for i in read], logged_in(trace_id, spans=bool(summaries)))
        _add_flows(cached, trace_id, shape)
        for i, name in cached.roots:
            self._roots.note(name, shape.summaries[i][0], trace_id)
        return True

    def store(
        self, topology: Topology, unmentioned: UnmentionedNames, without_span: ScannedLogs, *, has_findings: bool
    ) -> None:
        """Cache the trace that the engine has just judged, unless it has findings or no shape.

        `unmentioned` is what no contract mentions in it: names, which are the same in all traces of its shape, apart
        from those of log records that do not record an event. `without_span` are its log records without a span.
        """
        candidate, self._candidate = self._candidate, None
        if candidate is None:
            return
        recordings = [each.statistics.end_recording() for each in self._states]
        summed = [each for state in self._states for each in state.results.end_recording()]
        if has_findings:
            return
        added = []
        for state, recorded, before in zip(self._states, recordings, candidate.before, strict=True):
            counts, flows, labelled, rejected = before
            new_flows = _span_indexes([state.flows[i] for i in range(flows, len(state.flows))], candidate.shape)
            new_counts = state.results.counts_since(counts)
            seen = state.labelled - labelled, state.rejected - rejected
            added.append(_Addition(state, new_counts, new_flows, recorded, *seen))
        if len(self._cached) >= _MOST_CACHED:
            self.flush()
        counted = [each for each in added if each.labelled or each.rejected or not each.counts.empty]
        with_flows = [each for each in added if each.flows]
        spans, logs = topology.spans, topology.trace.logs
        own = {i for i in unmentioned.log_indexes if not logs[i].event_name}
        own_names = [place for place, i in enumerate(candidate.shape.record_order) if i in own]
        shared = [name for i, name in zip(unmentioned.log_indexes, unmentioned.logs, strict=True) if i not in own]
        unmentioned = replace(unmentioned, logs=shared, log_indexes=())
        kept = None if unmentioned.empty else unmentioned
        roots = [(i, span.name) for i, span in enumerate(spans) if self._roots.is_wanted(span)]
        sums = _sums(summed, spans, self.shapes.observed.summed)
        self._cached[candidate.shape.key] = _CachedVerdict(
            counted, with_flows, kept, roots, sums, len(logs), without_span, own_names
        )

    def discard(self) -> None:
        """Do not cache the trace that `apply` was last called with."""
        candidate, self._candidate = self._candidate, None
        for state in self._states if candidate else ():
            state.statistics.end_recording()
            state.results.end_recording()

    def flush(self) -> None:
        """Add the counts of all traces judged from the cache, and empty it."""
        for cached in self._cached.values():
            for addition in cached.counted if cached.times else ():
                addition.state.results.add(addition.counts, cached.times)
                addition.state.labelled += addition.labelled * cached.times
                addition.state.rejected += addition.rejected * cached.times
            if cached.unmentioned and cached.times:
                self._mentions.add(cached.unmentioned, cached.times)
            if cached.logs and cached.times:
                self._mentions.count_logs(cached.logs, cached.without_span, cached.times)
        self._cached.clear()


def _add_flows(cached: _CachedVerdict, trace_id: str, shape: TraceShape) -> None:
    summaries = shape.summaries
    for addition in cached.with_flows:
        append = addition.state.flows.append_well_formed
        for i in addition.flows:
            append(trace_id, summaries[i][1] if i != TOP else "")
        if addition.recorded:
            addition.state.statistics.add_recorded(
                trace_id, addition.recorded, lambda i: (summaries[i][0], summaries[i][3])
            )


def _span_indexes(flows: Sequence[tuple[str, str]], shape: TraceShape) -> list[int]:
    index = {summary[1]: i for i, summary in enumerate(shape.summaries)}
    return [index[span_id] if span_id else TOP for _, span_id in flows]


def _sums(
    recorded: Sequence[tuple[Aggregate, Sequence[int]]], spans: Sequence[Span], summed: AbstractSet[str]
) -> Sequence[_Sum]:
    """Return where the numbers of each sum are among the summed numbers of each span."""
    found = []
    for aggregate, selected in recorded:
        assert isinstance(aggregate.within, Matcher)
        (names,) = aggregate.names
        numbers = []
        for i in selected:
            attributes = spans[i].attributes.items()
            of_span = [name for name, value in attributes if name in summed and is_number(value)]
            if places := [place for place, name in enumerate(of_span) if name in names]:
                numbers.append((i, places))
        found.append(_Sum(aggregate.within, numbers))
    return found


def _are_within(sums: Sequence[_Sum], shape: TraceShape) -> bool:
    summaries = shape.summaries
    for within, numbers in sums:
        values = [[summaries[i][7][place] for place in places] for i, places in numbers]
        if values and not is_sum_within(values, within):
            return False
    return True
