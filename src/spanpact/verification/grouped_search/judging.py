"""Judge the first trace of each key, and count it as often as there are traces of the key."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, NamedTuple, TypeAlias

from spanpact.contract.compiled import ContractPlan
from spanpact.engine import CompiledContract
from spanpact.findings import Report
from spanpact.sources.clickhouse.grouping import KeyParts, Totals, TraceGroups
from spanpact.trace.clocks import Clocks
from spanpact.trace.held_traces import HeldTraces
from spanpact.trace.model import Reading, Trace
from spanpact.verification.cache.cached_traces import CachedTrace
from spanpact.verification.documents.link_targets import TargetsInReadings
from spanpact.verification.grouped_search.searched_flows import FoundFlows, JudgedFlow, flows_of
from spanpact.verification.options import VerificationOptions
from spanpact.verification.verifying import Verification

_READ_AT_ONCE: Final = 200


class Place(NamedTuple):
    """A trace to judge, in the order of reading: its newest span that the search finds (ns, negative), and its id.

    `traces` have its key, and each of these has `spans`.
    """

    newest: int
    trace_id: str
    key: str
    traces: int
    spans: int


class ReadTrace(NamedTuple):
    """A trace, and its place."""

    place: Place
    trace: Trace


Read: TypeAlias = Callable[[Sequence[Place]], Sequence[ReadTrace]]


class GroupedJudge:
    """One verification. After `run`, `dirty` are the keys of which only the first trace was judged, and all must be."""

    def __init__(
        self,
        plans: Sequence[ContractPlan | CompiledContract],
        reading: Reading,
        options: VerificationOptions,
        read: Read,
        parts: KeyParts,
    ) -> None:
        assert isinstance(reading.clocks, Clocks)
        self._reading, self._read, self._parts = reading, read, parts
        self.links = TargetsInReadings()
        self.verification = Verification(plans, reading, options, find_span=self.links)
        assert self.verification.cache is not None  # as a shape holds all that the contracts look at
        self._cache = self.verification.cache
        self.dirty: set[str] = set()
        self._held = HeldTraces()
        self._flows = [FoundFlows() for _ in self.verification.runs]
        self._has_roots = False

    def run(self, places: Sequence[Place]) -> None:
        """Judge traces in the order of reading."""
        for i in range(0, len(places), _READ_AT_ONCE):
            for place, trace in self._read(places[i : i + _READ_AT_ONCE]):
                self._judge(place, trace)

    def _judge(self, place: Place, trace: Trace) -> None:
        runs = self.verification.runs
        before = [len(run.flows) for run in runs]
        self._cache.by_parts = place.traces == 1
        has_findings = self.verification.judge(trace)
        for run, flows, begin in zip(runs, self._flows, before, strict=True):
            flows.judged += [
                JudgedFlow(place.newest, place.trace_id, run.flows[i]) for i in range(begin, len(run.flows))
            ]
        if has_findings:
            self._held.append(trace)
        if place.traces > 1 and (has_findings or not self._add_alike(trace, place)):
            self.dirty.add(place.key)

    def _add_alike(self, trace: Trace, place: Place) -> bool:
        """Count the other traces of the key. Return whether all that they add is counts and flows."""
        cached = self._cache.latest
        if cached is None or cached.recorded or cached.with_sums:
            return False
        self._cache.add_counts(cached, place.traces - 1)
        self._note(cached, place)
        return True

    def _note(self, cached: CachedTrace, place: Place) -> None:
        """Note the places of the flows of a key, and whether it has roots that other traces may miss."""
        self._has_roots = self._has_roots or bool(cached.roots)
        runs = {id(run): flows for run, flows in zip(self.verification.runs, self._flows, strict=True)}
        for each in cached.with_flows:
            flows = runs[id(each.run)]
            flows.places[place.key] = list(each.flows)
            flows.counted += len(each.flows) * (place.traces - 1)

    def report(self, groups: TraceGroups, roots: Sequence[str], totals: Totals) -> Report:
        """Return the report on all traces; `roots` are the names of all roots."""
        held = self._held
        if self._has_roots and len(held):
            index = self.verification.forget_roots()
            if wanted := [each for each in roots if index.is_wanted_name(each)]:
                for name, start_ns, trace_id in groups.roots(wanted):
                    index.note(name, start_ns, trace_id)
        seen = held.shown_in(self._reading, traces=totals.traces, spans=totals.spans)
        report = self.verification.report(seen)
        results = list(report.results)
        for i, found in enumerate(self._flows):
            if found.counted:
                flows = flows_of(found, groups, self._parts, totals.spans)
                results[i] = replace(results[i], flows=len(flows), flow_spans=flows)
        return replace(report, results=tuple(results))
