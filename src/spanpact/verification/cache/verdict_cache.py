"""Judge traces like others that were judged before: by their shape (ADR 0011), else part by part (ADR 0040).

Every finding comes from the engine. Only complete traces without one are cached whole. Sums are not part of a shape, as
they differ in almost every trace: a trace is judged like a cached one if its own sums are within their limits too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from spanpact.contract.compiled import ContractPlan
from spanpact.engine.judging import ContractRun
from spanpact.engine.linked_spans import FindSpan
from spanpact.engine.results.mentions import LoggedIn, MentionCounter, MentionedSpans, UnmentionedNames, logged_in
from spanpact.findings import ScannedLogs
from spanpact.trace.model import Reading, Trace
from spanpact.trace.topology import Topology
from spanpact.verification.cache.cached_traces import AppliedTrace, CachedTrace, Candidate, SeenKeys, own_log_names
from spanpact.verification.cache.unmentioned_parts import unmentioned_in
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
from spanpact.verification.split_keys import Addition, BoundedTable, FoundParts, RecordedRun, TraceParts

_MOST_CACHED: Final = 1000  # traces; one takes some kilobytes for each contract
_MOST_SEEN: Final = 1 << 14  # hashes of the keys of traces that were seen once


class VerdictCache:
    """A cache of verdicts by trace shape, and by what each contract distinguishes in flows and single spans.

    For each trace, first call `apply`. If it returns False, call `begin`, let the engine judge what is left of the
    trace, and then call `store`.
    """

    def __init__(
        self,
        runs: Sequence[ContractRun],
        shapes: SpanShapes,
        parts: TraceParts,
        mentions: MentionCounter,
        roots: RootIndex,
    ) -> None:
        self.runs = runs
        self.parts = parts
        self.mentions = mentions
        self.roots = roots
        self.shapes = shapes
        self._generation = self.shapes.generation
        self._cached: BoundedTable[CachedTrace] = BoundedTable(_MOST_CACHED, self._flush)
        self._seen = SeenKeys(_MOST_SEEN)
        self._candidate: Candidate | None = None
        self.latest: CachedTrace | None = None
        """What is cached for the shape of the last trace."""
        self._applied: (
            tuple[Sequence[SpanSummary], CachedTrace | tuple[Sequence[Addition], UnmentionedNames]] | None
        ) = None
        self.hits = 0
        """The number of traces judged without the engine."""
        self.by_parts = True
        """Whether traces are judged part by part. Without that, one that has no finding is cached at once."""

    @classmethod
    def of(
        cls,
        runs: Sequence[ContractRun],
        reading: Reading,
        find_span: FindSpan,
        mentions: MentionCounter,
        roots: RootIndex,
    ) -> VerdictCache | None:
        """Return an empty cache, None if a contract looks at more than shapes hold; `reading` has source and clocks."""
        observed = ObservedProperties.of([run.contract.plan for run in runs], reading.source)
        if observed is None:
            return None
        shapes = SpanShapes(observed, reading.clocks)
        return cls(runs, shapes, TraceParts(runs, reading, find_span, shapes), mentions, roots)

    @property
    def judged_by_engine(self) -> int:
        """Return how often the engine judged some of a trace for one contract, whole traces left out."""
        return self.parts.judged_by_engine

    @property
    def applied(self) -> AppliedTrace:
        """Return what was added for the trace that `apply` has judged last."""
        assert self._applied is not None
        summaries, what = self._applied
        if isinstance(what, CachedTrace):
            return what.applied_to(summaries)
        additions, names = what
        return AppliedTrace.of(summaries, additions, names, len(names.logs))

    def apply(self, trace: Trace) -> bool:
        """Judge the trace like others that were judged before. Return whether that is possible."""
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
        shape: TraceShape | None = None,
    ) -> bool:
        """Do the same for a complete trace by the summaries of its spans and log records; one of both may lack.

        `shape` is that of the trace, if it is known already.
        """
        self._candidate = self.latest = None
        if generation != self.shapes.generation:
            return False
        if generation != self._generation:
            self._generation = generation
            self.flush()
        shape = shape or trace_shape(trace_id, scenario, summaries, self.shapes, records)
        if shape is None:
            return False
        cached = self._cached.get(shape.key)
        if cached and all(each.is_within(shape.summaries) for each in cached.with_sums):
            self._apply_whole(cached, shape, trace_id, records)
            return True
        self._candidate = candidate = Candidate(shape, trace_id, scenario, records)
        if not summaries:
            self._record(candidate)
            return False
        self._look(candidate)
        if candidate.found is None or not candidate.found.is_known:
            return False
        self._candidate = None
        self._apply_parts(candidate.found, candidate)
        return True

    def apply_rest(
        self,
        trace_id: str,
        summaries: Sequence[SpanSummary],
        records: Sequence[RecordSummary],
        shape: TraceShape | None,
        counted: Mapping[int, Addition],
    ) -> bool:
        """Do the same for a trace whose parts have contents that are known (`TraceParts.content`), and no scenario.

        `counted` are the additions of contracts that were judged by somebody else: their counts are added already.
        """
        shape = shape or trace_shape(trace_id, "", summaries, self.shapes, records)
        view = self.parts.view(shape, trace_id, "", records) if shape else None
        assert shape is not None
        assert view is not None
        self.latest = None
        self._candidate = candidate = Candidate(shape, trace_id, "", records)
        candidate.found = self.parts.look(view, counted)
        if not candidate.found.is_known:
            return False
        self._candidate = None
        self._count_parts(candidate.found, records)
        return True

    def _apply_whole(
        self, cached: CachedTrace, shape: TraceShape, trace_id: str, records: Sequence[RecordSummary]
    ) -> None:
        cached.times += 1
        self.latest = cached
        self.hits += bool(shape.summaries)
        self._applied = shape.summaries, cached
        if cached.own_names:
            self.count_own_names(cached, records, shape.record_order, logged_in(trace_id, spans=bool(shape.summaries)))
        cached.add_flows(trace_id, shape.summaries)
        for i, name in cached.roots:
            self.roots.note(name, shape.summaries[i][0], trace_id)

    def _apply_parts(self, found: FoundParts, candidate: Candidate) -> None:
        unmentioned, roots = self._count_parts(found, candidate.records)
        if self._seen.comes_again(candidate.shape.key):
            named = [not record[4] for record in candidate.records]  # by an event, so that their shape holds the name
            self._cache(candidate, found.known, unmentioned, roots, named, ScannedLogs())

    def _count_parts(
        self, found: FoundParts, records: Sequence[RecordSummary]
    ) -> tuple[UnmentionedNames, Sequence[tuple[int, str]]]:
        """Count a trace of which everything is known. Return what is not mentioned in it, and its roots wanted."""
        view = found.view
        self.hits += 1
        self.parts.count(found)
        unmentioned = unmentioned_in(view, found.known, records)
        self._applied = view.summaries, (found.known, unmentioned)
        self.mentions.add(unmentioned)
        self.mentions.count_logs(len(records), ScannedLogs())
        facts, contents = view.known.facts, view.contents
        names = [(i, facts[contents[i]].name) for i in view.roots if not view.summaries[i][2]]
        roots = [(i, name) for i, name in names if self.roots.is_wanted_name(name)]
        for i, name in roots:
            self.roots.note(name, view.summaries[i][0], view.trace_id)
        return unmentioned, roots

    def _look(self, candidate: Candidate) -> None:
        """Look at a trace part by part, if all of its shapes are known and nothing in it breaks integrity."""
        view = self.parts.view(candidate.shape, candidate.trace_id, candidate.scenario, candidate.records)
        if view and view.is_whole and self.by_parts:
            candidate.found = self.parts.look(view)

    def _record(self, candidate: Candidate) -> None:
        candidate.recorded = [RecordedRun(run) for run in self.runs]

    def judge_parts(self, topology: Topology, mentioned: MentionedSpans) -> Sequence[ContractPlan] | None:
        """Let the engine judge what is not known of the trace that `apply` was last called with.

        Return the contracts that apply to it, whose integrity is then sure; None if the engine must judge all of it.
        Add the spans that contracts mention to `mentioned`.
        """
        candidate = self._candidate
        if candidate is None:
            return None
        if candidate.found is None:
            self.parts.learn(candidate.shape, candidate.records, topology)
            self._look(candidate)
        if candidate.found is None:
            self._record(candidate)
            return None
        self._candidate = None
        self.parts.count(candidate.found)
        return self.parts.judge(candidate.found, topology, mentioned)

    def store(
        self, topology: Topology, unmentioned: UnmentionedNames, without_span: ScannedLogs, *, has_findings: bool
    ) -> None:
        """Cache the trace that the engine has just judged as a whole, unless it has findings or no shape.

        `unmentioned` is what no contract mentions in it: names, which are the same in all traces of its shape, apart
        from those of log records that do not record an event. `without_span` are its log records without a span.
        """
        candidate, self._candidate = self._candidate, None
        if candidate is None:
            return
        spans, summed = topology.spans, self.shapes.observed.summed
        additions = [each.end(candidate.shape.summaries, spans, summed) for each in candidate.recorded]
        if has_findings:
            return
        known = [each for each in additions if each]
        roots = [(i, span.name) for i, span in enumerate(spans) if self.roots.is_wanted(span)]
        named = [bool(record.event_name) for record in topology.trace.logs]
        self._cache(candidate, known, unmentioned, roots, named, without_span)

    def _cache(
        self,
        candidate: Candidate,
        additions: Sequence[Addition],
        unmentioned: UnmentionedNames,
        roots: Sequence[tuple[int, str]],
        named: Sequence[bool],
        without_span: ScannedLogs,
    ) -> None:
        """Cache a trace; `named` says of which of its log records the shape holds the name."""
        key = candidate.shape.key
        if self._cached.get(key):
            return
        self._cached.begin()
        logs = len(candidate.shape.record_order)
        own, kept = own_log_names(unmentioned, named, candidate.shape.record_order)
        self.latest = CachedTrace(additions, kept, roots, logs, without_span, own)
        self._cached.put(key, self.latest)

    def discard(self) -> None:
        """Do not cache the trace that `apply` was last called with."""
        candidate, self._candidate = self._candidate, None
        for each in candidate.recorded if candidate else ():
            each.end((), (), frozenset())

    def flush(self) -> None:
        """Add the counts of all traces judged from the cache, and empty it."""
        self._cached.clear()
        self.parts.flush()

    def count_own_names(
        self, cached: CachedTrace, records: Sequence[RecordSummary], order: Sequence[int], where: LoggedIn = "trace"
    ) -> None:
        """Count the log records of another trace that have a name of their own; `order` is that of its shape."""
        read = sorted([order[i] for i in cached.own_names])
        self.mentions.add_log_names([records[i][4] for i in read], where)

    def add_counts(self, cached: CachedTrace, times: int) -> None:
        """Add the counts of other traces of the shape of a cached one, so many times."""
        cached.times += times
        self.hits += times
        self._flush(cached)

    def _flush(self, cached: CachedTrace) -> None:
        cached.flush(self.mentions)
