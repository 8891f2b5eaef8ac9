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
        self.contracts = [
            SplitContract(run, reading, find_span)
            if may_be_split(run.contract.plan)
            else WholeContract(run, reading, find_span, shapes.observed.summed)
            for run in runs
        ]
        plans = [run.contract.plan for run in runs]
        self.always = [i for i, plan in enumerate(plans) if plan.scenario or plan.top.span is None]
        self.known = KnownShapes(shapes)
        self.beginning: dict[int, Sequence[int]] = {}
        """By content, the numbers of the contracts whose `span` fits its name."""
        self._until_begin = 0
        self.judged_by_engine = 0
        """How often the engine judged some of a trace for one contract."""

    def view(
        self, shape: TraceShape, trace_id: str, scenario: str, records: Sequence[RecordSummary]
    ) -> TraceView | None:
        """Return a view of the trace; None if a shape in it is new, or a log record belongs to no span."""
        known, summaries = self.known, shape.summaries
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
                contents[place] = self._content(contents[place], [records[i][2] for i in indexes])
                values[place] = (*values[place], *(value for i in indexes for value in records[i][3]))
        return TraceView(shape, trace_id, scenario, known, contents, values)

    def content(self, shape: int, records: Sequence[int]) -> int | None:
        """Return the content of spans of a shape with log records of these shapes; None if one is not known."""
        known = self.known
        if shape not in known.facts or not known.of_records.keys() >= set(records):
            return None
        return self._content(shape, records) if records else shape

    def _content(self, shape: int, records: Sequence[int]) -> int:
        content, is_new = self.known.content(shape, records)
        if is_new:
            self._learn(content)
        return content

    def learn(self, shape: TraceShape, records: Sequence[RecordSummary], topology: Topology) -> None:
        """Learn the shapes of a trace from its spans and log records."""
        for new in self.known.learn(shape.summaries, topology.spans):
            self._learn(new)
        self.known.learn_records(records, topology.trace.logs)

    def _learn(self, content: int) -> None:
        facts = self.known.facts[content]
        beginning = []
        for number, contract in enumerate(self.contracts):
            contract.learn(content, facts)
            pattern = contract.run.contract.plan.top.span
            if pattern is not None and pattern.fits(facts.name):
                beginning.append(number)
        self.beginning[content] = beginning

    def look(self, view: TraceView, counted: Mapping[int, Addition] | None = None) -> FoundParts:
        """Return what is known of the trace. `counted` is what some contracts add, by number, where that is known."""
        self._until_begin -= 1
        if self._until_begin < 0:
            self._until_begin = _BETWEEN
            for contract in self.contracts:
                contract.begin()
        candidates: dict[int, list[int]] = {number: [] for number in self.always}
        for i, content in enumerate(view.contents):
            for number in self.beginning[content]:
                candidates.setdefault(number, []).append(i)
        additions: dict[int, Addition | None] = {}
        for number in sorted(candidates):
            known = counted and counted.get(number)
            additions[number] = known or self.contracts[number].find(view, candidates[number])
        return FoundParts(view, additions)

    def count(self, found: FoundParts) -> None:
        """Count what is known of the trace."""
        for addition in found.known:
            addition.add_counts(1)
            addition.add_flows(found.view.trace_id, found.view.summaries)

    def judge(self, found: FoundParts, topology: Topology, mentioned: MentionedSpans) -> list[ContractPlan]:
        """Let the engine judge what is not known of the trace. Return the contracts that apply to it."""
        plans = []
        for number, addition in found.additions.items():
            contract = self.contracts[number]
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
        for contract in self.contracts:
            contract.flush()
        self.known.clear()
        self.beginning.clear()
