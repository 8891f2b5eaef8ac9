"""Traces that were judged already: another of the same shape adds to every count what the first one added (ADR 0011).

Only a complete trace in which nothing was found becomes a precedent. A finding is always the engine's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from spanpact.contract.compiled import ContractPlan
from spanpact.engine.across import AcrossStatistics, EntrySpans
from spanpact.engine.collector import ResultCollector
from spanpact.engine.coverage import Counts
from spanpact.engine.flow_spans import FlowSpans
from spanpact.trace.model import SourceInfo, Trace
from spanpact.trace.topology import TOP
from spanpact.verification.shapes import Aspects, Facts, Forms, Shape, shape_of

_MOST: Final = 1000  # a precedent takes some kilobytes for each contract; after so many they start anew


class Judged(Protocol):
    """What the verification of one contract keeps, as far as a trace adds to it."""

    results: ResultCollector
    statistics: AcrossStatistics
    flows: FlowSpans
    labelled: int


@dataclass(frozen=True, slots=True)
class _Part:
    """What a precedent added to one contract: counts, flows by the place of their span, spans for `across`."""

    judged: Judged
    gain: Counts
    flows: Sequence[int]
    members: Sequence[EntrySpans]
    labelled: int


@dataclass(slots=True)
class _Precedent:
    """What one trace added, and how many others like it there were whose counts are not added yet."""

    parts: Sequence[_Part]
    flowing: Sequence[_Part]
    """Those that have flows."""
    times: int = 0


@dataclass(frozen=True, slots=True)
class _Case:
    """A trace that the engine is about to judge, and how things stood before."""

    shape: Shape
    marks: Sequence[tuple[Counts, int, int]]


class Precedents:
    """Judges traces by others of their shape. First `follow`; where it says no, the engine judges, then `note`."""

    def __init__(self, judged: Sequence[Judged], aspects: Aspects) -> None:
        self._judged = judged
        self.forms = Forms(aspects)
        self._generation = self.forms.generation
        self._known: dict[object, _Precedent] = {}
        self._case: _Case | None = None
        self.followed = 0
        """How many traces were judged by a precedent."""

    @classmethod
    def of(cls, judged: Sequence[Judged], plans: Sequence[ContractPlan], source: SourceInfo) -> Precedents | None:
        """None where a contract looks at more than shapes hold."""
        aspects = Aspects.of(plans, source)
        return None if aspects is None else cls(judged, aspects)

    def follow(self, trace: Trace) -> bool:
        """Whether a trace of the same shape was judged before; then this one is judged with it."""
        self._case = None
        if not trace.complete or trace.logs or not trace.spans:
            return False
        generation = self.forms.begin()
        facts = [self.forms.facts(span) for span in trace.spans]
        return self.follow_facts(trace.trace_id, trace.scenario, facts, generation)

    def follow_facts(self, trace_id: str, scenario: str, facts: Sequence[Facts], generation: int) -> bool:
        """The same for a complete trace without log records, by its facts, whose forms are of this generation."""
        self._case = None
        if generation != self.forms.generation:
            return False
        if generation != self._generation:
            self._generation = generation
            self.settle()
        shape = shape_of(trace_id, scenario, facts, self.forms)
        if shape is None:
            return False
        precedent = self._known.get(shape.key)
        if precedent is None:
            marks = [(each.results.counts(), len(each.flows), each.labelled) for each in self._judged]
            self._case = _Case(shape, marks)
            for each in self._judged:
                each.statistics.begin_recording()
            return False
        precedent.times += 1
        self.followed += 1
        _add_flows(precedent, trace_id, shape)
        return True

    def note(self, *, amiss: bool) -> None:
        """The engine has judged the trace that had no precedent, and says whether anything is amiss."""
        case, self._case = self._case, None
        if case is None:
            return
        noted = [each.statistics.end_recording() for each in self._judged]
        if amiss:
            return
        parts = []
        for judged, members, (mark, flows, labelled) in zip(self._judged, noted, case.marks, strict=True):
            gain = judged.results.counts_since(mark)
            places = _places([judged.flows[i] for i in range(flows, len(judged.flows))], case.shape)
            parts.append(_Part(judged, gain, places, members, judged.labelled - labelled))
        if len(self._known) >= _MOST:
            self.settle()
        counting = [part for part in parts if part.labelled or not part.gain.empty]
        self._known[case.shape.key] = _Precedent(counting, [part for part in parts if part.flows])

    def settle(self) -> None:
        """Adds the counts of all traces that followed a precedent; after this there are none."""
        for precedent in self._known.values():
            for part in precedent.parts if precedent.times else ():
                part.judged.results.add(part.gain, precedent.times)
                part.judged.labelled += part.labelled * precedent.times
        self._known.clear()


def _add_flows(precedent: _Precedent, trace_id: str, shape: Shape) -> None:
    facts = shape.facts
    for part in precedent.flowing:
        append = part.judged.flows.append_well_formed
        for i in part.flows:
            append(trace_id, facts[i][1] if i != TOP else "")
        if part.members:
            part.judged.statistics.add_recorded(trace_id, part.members, lambda i: (facts[i][0], facts[i][3]))


def _places(flows: Sequence[tuple[str, str]], shape: Shape) -> list[int]:
    index = {fact[1]: i for i, fact in enumerate(shape.facts)}
    return [index[span_id] if span_id else TOP for _, span_id in flows]
