"""Judge the traces of a partition. Those with findings are left to who judges the whole: their order matters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from spanpact.contract.compiled import ContractPlan
from spanpact.engine import CompiledContract
from spanpact.engine.compiled_contract import compiled
from spanpact.engine.judging import ContractRun
from spanpact.engine.linked_spans import FindSpan
from spanpact.engine.results.mentions import MentionCounter
from spanpact.otlp.batch import NeedsFullDecoding
from spanpact.trace.model import Reading, Span, Trace
from spanpact.verification.options import DEFAULT_OPTIONS, VerificationOptions
from spanpact.verification.partitions.first_numbers import FirstNumbers
from spanpact.verification.partitions.partition_result import ContractPart, NamesPart, PartitionResult
from spanpact.verification.shapes import record_summary
from spanpact.verification.verifying import Verification

_MOST_NAMES: Final = 100_000  # of each kind; the whole shows the first thousand of all partitions
_TRIALS: Final = 256  # traces judged by one trial verification, which keeps something of each


class NumberedVerification(Verification):
    """A verification that knows in which trace, by number, it has found first what it counts.

    Call `note` after each trace, and judge the traces in the order of their numbers. `list_flows`: the result has the
    ids of all flows, not only their number.
    """

    def __init__(
        self,
        plans: Sequence[ContractPlan | CompiledContract],
        reading: Reading,
        options: VerificationOptions = DEFAULT_OPTIONS,
        *,
        find_span: FindSpan,
        list_flows: bool = False,
        use_cache: bool = True,
    ) -> None:
        super().__init__(
            plans, reading, options, find_span=find_span, use_cache=use_cache, mentions=MentionCounter(_MOST_NAMES)
        )
        self._list_flows = list_flows
        self._traces = self._spans = 0
        self._undecided = [FirstNumbers(run.results.undecided) for run in self._runs]
        self._still = [
            {entry: FirstNumbers(table) for entry, table in run.statistics.tables().items()} for run in self._runs
        ]
        self._of_rules = [FirstNumbers(run.statistics.undecided) for run in self._runs]
        self._flows = [FirstNumbers(run.flows) for run in self._runs] if list_flows else []
        self._names = [FirstNumbers(counter.names) for counter in self._mentions.counters()]
        self._watched = [*self._undecided, *self._of_rules, *self._flows, *self._names]
        self._watched += [watch for tables in self._still for watch in tables.values()]
        self._rejections: list[tuple[int, str] | None] = [None] * len(self._runs)

    def begin(self, number: int) -> None:
        """Note the number of the trace that is judged next."""
        self._roots.number = number

    def note(self, number: int, trace: Trace) -> None:
        """Note that a trace was judged, and is counted."""
        self._traces += bool(trace.spans)
        self._spans += len(trace.spans)
        for watch in self._watched:
            watch.note(number)
        for i, run in enumerate(self._runs):
            if run.rejection and self._rejections[i] is None:
                self._rejections[i] = number, run.rejection

    def result(self) -> PartitionResult:
        """Return all that was counted."""
        if self._cache:
            self._cache.flush()
        return PartitionResult(
            self._traces,
            self._spans,
            self._unfinished,
            [self._contract(i, run) for i, run in enumerate(self._runs)],
            [
                NamesPart(counter.count, watch.of(counter.names), dict(counter.longer))
                for watch, counter in zip(self._names, self._mentions.counters(), strict=True)
            ],
            self._mentions.all_logs,
            self._mentions.without_span,
            self._roots.noted(),
        )

    def _contract(self, i: int, run: ContractRun) -> ContractPart:
        numbers = self._flows[i].numbers() if self._list_flows else []
        of_rules = run.statistics.undecided
        return ContractPart(
            run.results.exercises(),
            self._undecided[i].of(run.results.undecided),
            len(run.flows),
            run.labelled,
            run.rejected,
            self._rejections[i],
            [(number, *flow) for number, flow in zip(numbers, run.flows, strict=True)] if numbers else [],
            run.statistics.counts(),
            {entry: self._still[i][entry].of(table) for entry, table in run.statistics.tables().items()},
            [(number, *each) for number, each in zip(self._of_rules[i].numbers(), of_rules.items(), strict=True)],
        )


class PartitionVerification(NumberedVerification):
    """The verification of one partition. `reading` has the source, its clocks and how many requests were offered."""

    def __init__(
        self,
        plans: Sequence[ContractPlan | CompiledContract],
        reading: Reading,
        options: VerificationOptions = DEFAULT_OPTIONS,
        *,
        list_flows: bool = False,
    ) -> None:
        self._contracts = list(map(compiled, plans))
        self._elsewhere = _Elsewhere()
        super().__init__(self._contracts, reading, options, find_span=self._elsewhere, list_flows=list_flows)
        self._trial: Verification | None = None
        self._trials = 0

    def take(self, number: int, trace: Trace) -> bool:
        """Judge a trace and count it. Return False, and count nothing, where only the whole can judge it.

        Its place in the order of reading is `number`; traces come in this order. Such a trace has findings, is
        incomplete, or links to another trace; one without spans has log records in which something is found.
        """
        if not trace.complete:
            return False
        self.begin(number)
        taken = self._take(trace) if trace.spans else self._take_logs(trace)
        if taken:
            self.note(number, trace)
        return taken

    def _take(self, trace: Trace) -> bool:
        if self._cache and self._cache.apply(trace):
            return True
        if self._is_clean(trace):
            self.judge_uncached(trace)
            return True
        if self._cache:
            self._cache.discard()
        return False

    def _take_logs(self, trace: Trace) -> bool:
        if self._cache:
            generation = self._cache.shapes.begin()
            records = [record_summary(record, self._cache.shapes) for record in trace.logs]
            if self._cache.apply_summaries(trace.trace_id, trace.scenario, (), generation, records):
                return True
        return self.scan_clean_logs(trace)

    def _is_clean(self, trace: Trace) -> bool:
        """Return whether the engine finds nothing in a trace, without looking at another one."""
        if self._trial is None or self._trials >= _TRIALS:
            self._trial = Verification(self._contracts, self._reading, find_span=self._elsewhere, use_cache=False)
            self._trials = 0
        self._trials += 1
        self._elsewhere.is_asked = False
        try:
            has_findings = self._trial.judge_uncached(trace)
        except NeedsFullDecoding:
            has_findings = True
        if has_findings or self._elsewhere.is_asked:
            self._trial = None
            return False
        return True


class _Elsewhere:
    """Notes that a contract asks about a span of another trace, which may be in another partition."""

    def __init__(self) -> None:
        self.is_asked = False

    def __call__(self, trace_id: str, span_id: str) -> Span | None:
        """Raise NeedsFullDecoding: the span is not known here."""
        raise NeedsFullDecoding

    def lacks(self, trace_id: str, span_id: str) -> bool:
        """Note the question, and return False."""
        self.is_asked = True
        return False
