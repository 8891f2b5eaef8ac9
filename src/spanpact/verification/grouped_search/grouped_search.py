"""Verify the traces of a search by groups: ClickHouse makes keys of shapes, the engine judges one trace of each key.

All traces of a key whose first one has a finding are read and judged, and so are those without a key.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from spanpact.contract.compiled import ContractPlan
from spanpact.engine import CompiledContract
from spanpact.errors import SourceError
from spanpact.findings import Report
from spanpact.otlp.batch import NeedsFullDecoding
from spanpact.sources import ClickHouseSource
from spanpact.sources.clickhouse.grouping import NO_KEY, KeyParts, TraceGroups
from spanpact.trace.model import Reading
from spanpact.verification.grouped_search.judging import GroupedJudge, Place, ReadTrace
from spanpact.verification.grouped_search.key_parts import (
    KeyPartsFinder,
    NotGroupable,
    clocks_of,
    resources_of,
)
from spanpact.verification.options import VerificationOptions
from spanpact.verification.shapes import ObservedProperties

_LEAST_TRACES: Final = 200
"""Fewer traces are read as they are."""
_LEAST_ALIKE: Final = 5
"""Fewer traces of one key are judged one by one."""
_MOST_GROUPS: Final = 50_000
_MOST_JUDGED: Final = 0.5  # of all traces: else it is cheaper to read the search as it is


def verify_grouped_search(
    source: ClickHouseSource, plans: Sequence[ContractPlan | CompiledContract], options: VerificationOptions
) -> Report | None:
    """Return the report on a search; None where its traces cannot be grouped, or where that does not pay.

    It equals that of `live_search`. None too if the store changes meanwhile, or does not answer in time: what is wrong
    shows when the search is read as it is.
    """
    query = source.query
    limited = options.limits.seconds is not None or options.limits.mebibytes is not None
    if query is None or query.limit is not None or query.attributes or source.scenarios:
        return None
    if limited or options.hold or options.observer or options.check_every:
        return None
    try:
        return _GroupedSearch(source, plans, options).report()
    except (NotGroupable, NeedsFullDecoding, SourceError, msgspec.MsgspecError, ValueError):
        return None


class _GroupedSearch:
    """The steps of one verification."""

    def __init__(
        self,
        source: ClickHouseSource,
        plans: Sequence[ContractPlan | CompiledContract],
        options: VerificationOptions,
    ) -> None:
        self._source, self._plans, self._options = source, plans, options
        self._asked_ns = source.now_ns()
        groups = source.groups(source.completed_by(self._asked_ns))
        if groups is None:
            raise NotGroupable
        self._groups: TraceGroups = groups
        self._info = source.info
        plain = [each.plan if isinstance(each, CompiledContract) else each for each in plans]
        observed = ObservedProperties.of(plain, self._info)
        if observed is None or observed.summed or any(plan.across for plan in plain):
            raise NotGroupable
        self._plain, self._observed = plain, observed

    def report(self) -> Report:
        """Return the report. Raise NotGroupable."""
        totals = self._groups.totals()
        if totals.traces < _LEAST_TRACES:
            raise NotGroupable
        self._totals = totals
        self._resources = resources_of(self._groups)
        names, self._roots = self._groups.names()
        finder = KeyPartsFinder(self._plain, self._observed, clocks_of(self._resources))
        parts = finder.parts(self._groups.attribute_values(), names, self._resources)
        first, alone = self._found(parts)
        judge = self._judge(first, alone, parts)
        report = judge.report(self._groups, self._roots, totals)
        if self._groups.totals() != totals:
            raise NotGroupable
        return report

    def _found(self, parts: KeyParts) -> tuple[list[Place], list[Place]]:
        """Return the first traces of keys that many have, and those that are to be judged one by one."""
        spans = self._totals.spans
        groups = self._groups.groups(parts, spans, _MOST_GROUPS)
        several: dict[str, list[Place]] = {}
        for each in groups:  # the batches have keys in common
            key = f"{NO_KEY} {each.trace_id}" if each.key == NO_KEY else each.key
            several.setdefault(key, []).append(
                Place(-each.newest, each.trace_id, each.key, each.traces, each.spans // each.traces)
            )
        joined = [min(found)._replace(traces=sum(each.traces for each in found)) for found in several.values()]
        if (sum(each.traces for each in joined), sum(each.spans for each in groups)) != self._totals[:2]:
            raise NotGroupable
        first = [each for each in joined if each.key != NO_KEY and each.traces >= _LEAST_ALIKE]
        alone = [each for each in joined if each.key == NO_KEY]
        few = [each for each in joined if each.key != NO_KEY and each.traces < _LEAST_ALIKE]
        alone += self._all_of(parts, few)
        if len(first) + len(alone) > self._totals.traces * _MOST_JUDGED:
            raise NotGroupable
        return first, alone

    def _all_of(self, parts: KeyParts, some: Sequence[Place]) -> list[Place]:
        """Return all traces of some keys."""
        spans = {each.key: each.spans for each in some}
        several = [each.key for each in some if each.traces > 1]
        found = [
            Place(-each.newest, each.trace_id, each.key, 1, spans[each.key])
            for each in self._groups.traces_of(parts, several, self._totals.spans)
        ]
        return [*(each for each in some if each.traces == 1), *found]

    def _judge(self, first: Sequence[Place], alone: Sequence[Place], parts: KeyParts) -> GroupedJudge:
        """Judge the first trace of each key, and all where that is needed."""
        every = sorted(first)
        judge = self._new_judge(parts)
        judge.run(every)
        if judge.dirty:
            dirty = [each for each in every if each.key in judge.dirty]
            every = [each for each in every if each.key not in judge.dirty]
            alone = [*alone, *self._all_of(parts, dirty)]
        if alone:
            judge = self._new_judge(parts)
            judge.run(sorted([*every, *(each._replace(traces=1) for each in alone)]))
            if judge.dirty:
                raise NotGroupable
        if judge.links.traces():
            raise NotGroupable  # whether they lead somewhere, only all traces show
        return judge

    def _new_judge(self, parts: KeyParts) -> GroupedJudge:
        reading = Reading(
            self._info,
            (),
            self._source.offered,
            clocks=clocks_of(self._resources),
            growing=self._source.growing,
            left_out=self._totals.growing,
        )
        return GroupedJudge(self._plans, reading, self._options, self._read, parts)

    def _read(self, places: Sequence[Place]) -> Sequence[ReadTrace]:
        """Return traces as they are in the store. Raise NotGroupable where one has changed."""
        found = {
            trace.trace_id: trace
            for trace in self._source.read_traces([each.trace_id for each in places], self._asked_ns)
        }
        read = []
        for each in places:
            trace = found.get(each.trace_id)
            if trace is None or not trace.complete or len(trace.spans) != each.spans:
                raise NotGroupable
            read.append(ReadTrace(each, trace))
        return read
