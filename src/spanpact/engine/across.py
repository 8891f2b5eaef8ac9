"""Step 5: `across`, statements about all flows of a contract together (section 2).

They are sampling, duration percentiles, error rate and distinct names.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from spanpact.contract.compiled import ContractPlan, Statement
from spanpact.engine.binomial_test import binomial_p_value
from spanpact.engine.checks import Breach, Context, Undecided
from spanpact.engine.checks.clocks import clock_stood_still
from spanpact.engine.checks.outcomes import INCOMPLETE
from spanpact.engine.checks.values.shown import shown_ns
from spanpact.engine.distinct_names import DistinctNames
from spanpact.engine.durations import Durations
from spanpact.engine.flows.flow import Flow
from spanpact.engine.results.collector import ResultCollector
from spanpact.engine.results.masking import masker
from spanpact.engine.rules import CompiledRule, spans_of_rule
from spanpact.spool import Spool
from spanpact.trace.model import Reading
from spanpact.trace.topology import TOP


class EntrySpans(NamedTuple):
    """An entry, its spans in one flow whose clock ran, how many failed, and those whose clock stood still.

    Traces of one shape have the same: it holds which clocks stood still, and the names of their services.
    """

    entry: str
    indexes: Sequence[int]
    errors: int
    stood_still: Sequence[Undecided]


class AcrossCounts(NamedTuple):
    """What the statements of a contract need of some traces: by entry durations and errors, by statement names.

    What is ordered is not here: `tables` has it.
    """

    traces: int
    durations: Mapping[str, tuple[bytes, list[int]]]
    errors: Mapping[str, int]
    names: Mapping[str, tuple[frozenset[str], bool]]


Times: TypeAlias = Callable[[int], tuple[int, int]]
"""Return the start and the end, in nanoseconds, of the span with this index."""


class AcrossStatistics:
    """The statistics of all flows that the statements of a contract need, and their judgement after the last trace."""

    def __init__(self, plan: ContractPlan, rules: Sequence[CompiledRule], reading: Reading, spool: Spool) -> None:
        self._plan = plan
        self._reading = reading
        self._traces = 0
        self._last_trace: str | None = None
        self._complete = True
        self._cut: Undecided | None = None
        named = {each.of for each in plan.across}
        self._rules = {each.plan.id: each for each in rules if each.plan.id in named}
        self._undecided: dict[str, Undecided] = {}
        self._names = {s.id: DistinctNames(s.distinct_names) for s in plan.across if s.distinct_names is not None}
        self._durations = {s.of: Durations(spool) for s in plan.across if s.distinct_names is None}
        self._errors: dict[str, int] = dict.fromkeys(self._durations, 0)
        self._stood_still: dict[str, Counter[Undecided]] = {of: Counter() for of in self._durations}
        self._recorded: list[EntrySpans] | None = None

    def note_incomplete(self) -> None:
        """Note that a trace is incomplete: flows may still come in it."""
        self._complete = False

    def note_cut(self, why: Undecided) -> None:
        """Note that not all traces were judged: no statement about all of them can be decided."""
        self._cut = why

    def add(self, flow: Flow, context: Context) -> None:
        """Add one flow of a trace."""
        if not self._plan.across:
            return
        self._count_trace(flow.topology.trace.trace_id)
        spans = flow.topology.spans
        of_rules = {id: self._spans_of_rule(rule, flow, context) for id, rule in self._rules.items()}
        selected = {**flow.members, **of_rules}
        if self._names:
            self._add_names(flow, {**selected, "": flow.spans})
        for entry in self._durations:
            members = selected.get(entry, ())
            still = [i for i in members if context.stood_still(spans[i])]
            entry_spans = EntrySpans(
                entry,
                [i for i in members if i not in still] if still else members,
                sum(spans[i].status == "error" for i in members),
                [clock_stood_still(spans[i]) for i in still],
            )
            self._count(entry_spans, lambda i: (spans[i].start_ns, spans[i].end_ns))
            if self._recorded is not None:
                self._recorded.append(entry_spans)

    def _add_names(self, flow: Flow, selected: Mapping[str, Sequence[int]]) -> None:
        for statement in self._plan.across:
            names = self._names.get(statement.id)
            if names is not None:
                for i in selected.get(statement.of, ()):
                    names.add(flow.topology.spans[i].name)

    def _spans_of_rule(self, rule: CompiledRule, flow: Flow, context: Context) -> Sequence[int]:
        found = spans_of_rule(rule, flow.spans, context)
        if isinstance(found, Undecided):
            self._undecided.setdefault(rule.plan.id, found)
            return ()
        return found

    def begin_recording(self) -> None:
        """Record what is added from now on, of one trace, until `end_recording`."""
        self._recorded = []

    def end_recording(self) -> Sequence[EntrySpans]:
        """Return what was added since `begin_recording`, and stop recording."""
        recorded, self._recorded = self._recorded, None
        return recorded or ()

    def add_recorded(self, trace_id: str, recorded: Sequence[EntrySpans], times: Times) -> None:
        """Add the flows of a complete trace that has the same spans by entry as those recorded, and its own times."""
        self._count_trace(trace_id)
        for each in recorded:
            self._count(each, times)

    def _count_trace(self, trace_id: str) -> None:
        """Count a trace: its flows come one after another."""
        self._traces += trace_id != self._last_trace
        self._last_trace = trace_id

    def _count(self, entry_spans: EntrySpans, times: Times) -> None:
        entry, indexes, errors, stood_still = entry_spans
        self._durations[entry].extend([end - start for start, end in map(times, indexes) if end])
        self._errors[entry] += errors
        if stood_still:
            self._stood_still[entry].update(stood_still)

    def counts(self) -> AcrossCounts:
        """Return what was added so far, apart from `tables`."""
        durations = {entry: each.packed() for entry, each in self._durations.items()}
        return AcrossCounts(
            self._traces, durations, dict(self._errors), {id: each.found() for id, each in self._names.items()}
        )

    def add_counts(self, counts: AcrossCounts) -> None:
        """Add what was counted on other traces."""
        self._traces += counts.traces
        for entry, packed in counts.durations.items():
            self._durations[entry].add_packed(*packed)
        for entry, errors in counts.errors.items():
            self._errors[entry] += errors
        for id, (names, has_more) in counts.names.items():
            self._names[id].add_found(names, has_more=has_more)

    def tables(self) -> dict[str, dict[Undecided, int]]:
        """Return what is in the order in which it was found first: by entry, how often a clock stood still."""
        return dict(self._stood_still)

    def replace_tables(self, tables: Mapping[str, Mapping[Undecided, int]]) -> None:
        """Put others in their place."""
        self._stood_still = {entry: Counter(table) for entry, table in tables.items()}

    @property
    def undecided(self) -> dict[str, Undecided]:
        """Return why the spans of a rule are not known, by the rule's id, of the first trace with such a span."""
        return self._undecided

    def judge(self, results: ResultCollector) -> None:
        """Judge every statement."""
        for statement in self._plan.across:
            keyword = statement.keyword
            if statement.percentiles:
                for why, times in self._stood_still[statement.of].items():
                    results.mark_undecided(statement.id, keyword, why, times)
            for outcome in self._outcomes(statement):
                if isinstance(outcome, Undecided):
                    results.mark_undecided(statement.id, keyword, outcome)
                    break
                results.record_breach(statement.id, keyword, outcome, None, TOP)
            else:
                names = self._names.get(statement.id)
                results.mark_reached(statement.id, keyword, exercised=names is None or len(names) > 0)

    def _outcomes(self, statement: Statement) -> Iterator[Breach | Undecided]:
        if self._cut:
            yield self._cut
        elif not self._complete:
            yield INCOMPLETE
        elif statement.sampling is not None:
            yield from self._sampling(statement, statement.sampling)
        elif statement.of in self._undecided:
            yield self._undecided[statement.of]
        elif statement.distinct_names is not None:
            whose = f"the spans of {statement.of}" if statement.of else "the spans"
            if breach := self._names[statement.id].breach(whose, masker(self._plan.classes)):
                yield breach
        else:
            yield from self._of_spans(statement)

    def _of_spans(self, statement: Statement) -> Iterator[Breach | Undecided]:
        durations, still = self._durations[statement.of], self._stood_still[statement.of].total()
        number = len(durations) + (still if statement.error_rate is not None else 0)
        if number < statement.samples:
            clock = " with a clock that ran" if number < len(durations) + still else ""
            yield Undecided("too-few", f"{number} spans of {statement.of}{clock}; {statement.samples} are needed")
        elif statement.error_rate is not None:
            yield from self._error_rate(statement, statement.error_rate, number)
        else:
            for percent, bound in statement.percentiles:
                observed = durations.at_rank(max(0, math.ceil(percent / 100 * len(durations)) - 1))  # nearest rank
                if observed > bound:
                    message = f"p{percent:g} of {statement.of} is too long"
                    yield Breach("duration", message, f"at most {shown_ns(bound)}", shown_ns(observed))

    def _error_rate(self, statement: Statement, bound: float, number: int) -> Iterator[Breach]:
        rate = self._errors[statement.of] / number
        if rate > bound:
            yield Breach("error-rate", f"{statement.of} fails too often", f"at most {bound:g}", f"{rate:.4g}")

    def _sampling(self, statement: Statement, wanted: float) -> Iterator[Breach | Undecided]:
        offered, sampled = self._reading.offered, self._traces
        if offered is None or "offered" not in self._reading.source.capabilities:
            yield Undecided("capability", "the number of offered requests is not declared")
        elif offered < statement.samples:
            yield Undecided("too-few", f"{offered} requests offered; {statement.samples} are needed")
        elif sampled > offered or binomial_p_value(sampled, offered, wanted) < 1 - statement.confidence:
            observed = f"{sampled} of {offered} ({sampled / offered:.4g})"
            yield Breach("sampling-rate", "the share of traced requests is out of bounds", f"{wanted:g}", observed)
