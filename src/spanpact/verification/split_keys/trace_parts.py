"""Judge a trace contract by contract: what is known of it is counted, and the engine judges the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from spanpact.contract.compiled import ContractPlan
from spanpact.engine.judging import ContractRun
from spanpact.engine.linked_spans import FindSpan
from spanpact.engine.results.mentions import MentionedSpans
from spanpact.trace.model import Reading
from spanpact.trace.topology import Topology
from spanpact.verification.shapes import RecordSummary, SpanShapes, TraceShape
from spanpact.verification.split_keys.additions import Addition, indexes_of
from spanpact.verification.split_keys.contract_parts import may_be_split
from spanpact.verification.split_keys.split_contract import SplitContract
from spanpact.verification.split_keys.trace_view import KnownShapes, TraceView
from spanpact.verification.split_keys.whole_contract import WholeContract

_BETWEEN: Final = 64  # traces, after which tables that are full are halved


@dataclass(frozen=True, slots=True)
class FoundParts:
    """What each contract that may apply to a trace adds, by its number; None where the engine must judge."""

    view: TraceView
    additions: Mapping[int, Addition | None]

    @property
    def known(self) -> list[Addition]:
        """Return the additions that are known."""
        return [each for each in self.additions.values() if each]

    @property
    def is_known(self) -> bool:
        """Return whether the engine need not judge any of the trace."""
        return None not in self.additions.values()


class TraceParts:
    """The parts of traces that were judged before. For each trace call `look`, then `count`, then perhaps `judge`."""

    def __init__(self, runs: Sequence[ContractRun], reading: Reading, find_span: FindSpan, shapes: SpanShapes) -> None:
        self._contracts = [
            SplitContract(run, reading, find_span)
            if may_be_split(run.contract.plan)
            else WholeContract(run, reading, find_span, shapes.observed.summed)
            for run in runs
        ]
        plans = [run.contract.plan for run in runs]
        self._always = [i for i, plan in enumerate(plans) if plan.scenario or plan.top.span is None]
        self._known = KnownShapes(shapes)
        self._beginning: dict[int, Sequence[int]] = {}
        self._until_begin = 0
        self.judged_by_engine = 0
        """How often the engine judged some of a trace for one contract."""

    def view(
        self, shape: TraceShape, trace_id: str, scenario: str, records: Sequence[RecordSummary]
    ) -> TraceView | None:
        """Return a view of the trace; None if a shape in it is new, or a log record belongs to no span."""
        known, summaries = self._known, shape.summaries
        if not known.facts.keys() >= set(shape.span_shapes):
            return None
        contents: Sequence[int] = shape.span_shapes
        values = [summary[6] for summary in summaries]
        if records:
            by_span: dict[int, list[int]] = {}
            for place, i in zip(shape.record_places, shape.record_order, strict=True):
                by_span.setdefault(place, []).append(i)
            if -1 in by_span or not known.of_records.keys() >= {record[2] for record in records}:
                return None
            contents = list(contents)
            for place, indexes in by_span.items():
                contents[place], is_new = known.content(contents[place], [records[i][2] for i in indexes])
                values[place] = (*values[place], *(value for i in indexes for value in records[i][3]))
                if is_new:
                    self._learn(contents[place])
        return TraceView(shape, trace_id, scenario, known, contents, values)

    def learn(self, shape: TraceShape, records: Sequence[RecordSummary], topology: Topology) -> None:
        """Learn the shapes of a trace from its spans and log records."""
        for new in self._known.learn(shape.summaries, topology.spans):
            self._learn(new)
        self._known.learn_records(records, topology.trace.logs)

    def _learn(self, content: int) -> None:
        facts = self._known.facts[content]
        beginning = []
        for number, contract in enumerate(self._contracts):
            contract.learn(content, facts)
            pattern = contract.run.contract.plan.top.span
            if pattern is not None and pattern.fits(facts.name):
                beginning.append(number)
        self._beginning[content] = beginning

    def look(self, view: TraceView) -> FoundParts:
        """Return what is known of the trace."""
        self._until_begin -= 1
        if self._until_begin < 0:
            self._until_begin = _BETWEEN
            for contract in self._contracts:
                contract.begin()
        candidates: dict[int, list[int]] = {number: [] for number in self._always}
        for i, content in enumerate(view.contents):
            for number in self._beginning[content]:
                candidates.setdefault(number, []).append(i)
        contracts = self._contracts
        return FoundParts(
            view, {number: contracts[number].find(view, candidates[number]) for number in sorted(candidates)}
        )

    def count(self, found: FoundParts) -> None:
        """Count what is known of the trace."""
        for addition in found.known:
            addition.add_counts(1)
            addition.add_flows(found.view.trace_id, found.view.summaries)

    def judge(self, found: FoundParts, topology: Topology, mentioned: MentionedSpans) -> list[ContractPlan]:
        """Let the engine judge what is not known of the trace. Return the contracts that apply to it."""
        plans = []
        for number, addition in found.additions.items():
            contract = self._contracts[number]
            if addition:
                mentioned.in_flows.update(indexes_of(addition.in_flows))
                mentioned.placed.update(indexes_of(addition.placed))
                applies = addition.applies
            else:
                self.judged_by_engine += 1
                applies = contract.judge(found.view, topology, mentioned)
            if applies:
                plans.append(contract.run.contract.plan)
        return plans

    def flush(self) -> None:
        """Add all that was counted, and forget all shapes."""
        for contract in self._contracts:
            contract.flush()
        self._known.clear()
        self._beginning.clear()
