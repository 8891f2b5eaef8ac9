"""Merge the results of partitions, judge the traces that they have left, and report on all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from spanpact.engine.judging import ContractRun
from spanpact.engine.results.mentions import MOST_NAMES, MentionCounter, NameCounter
from spanpact.findings import Report, ScannedLogs
from spanpact.trace.held_traces import HeldTraces
from spanpact.trace.model import Trace
from spanpact.verification.partitions.first_numbers import merged_tables
from spanpact.verification.partitions.partition_result import ContractPart, NamesPart, PartitionResult
from spanpact.verification.partitions.partition_verification import NumberedVerification

_LAST: Final = 1 << 64


class WholeVerification(NumberedVerification):
    """The verification of the traces that partitions have left, in the order of their numbers: call `judge_left`.

    `merge` adds the results of the partitions and returns the report.
    """

    def judge_left(self, left: Iterable[tuple[int, Trace]], held: HeldTraces) -> None:
        """Judge traces, those without spans after the others. Those with findings are added to `held`."""
        without_spans: list[tuple[int, Trace]] = []
        for number, trace in left:
            if not trace.spans:
                without_spans.append((number, trace))
                continue
            self.begin(number)
            if self.judge(trace):
                held.append(trace)
            self.note(number, trace)
        for number, trace in without_spans:  # what is found in them comes last
            self.begin(_LAST + number)
            self.scan_logs(trace)
            self.note(_LAST + number, trace)

    def merge(self, results: Sequence[PartitionResult], held: HeldTraces) -> Report:
        """Return the report on what was judged here and in the partitions; it shows the traces held."""
        own = self.result()
        parts = [own, *results]
        for i, run in enumerate(self._runs):
            _merge_contract(run, own.contracts[i], [part.contracts[i] for part in results], listed=self._list_flows)
        self._merge_mentions(parts)
        self._roots.replace_noted([root for part in parts for root in part.roots])
        self._unfinished = sum(part.unfinished for part in parts)
        if self._cache:  # its counts are in `own`
            self._cache.flush()
            self._cache = None
        traces, spans = sum(part.traces for part in parts), sum(part.spans for part in parts)
        return self.report(held.shown_in(self._reading, traces=traces, spans=spans))

    def _merge_mentions(self, parts: Sequence[PartitionResult]) -> None:
        mentions = MentionCounter()
        for i, counter in enumerate(mentions.counters()):
            _merge_names(counter, [part.names[i] for part in parts])
        without = [part.without_span for part in parts]
        scanned = ScannedLogs(sum(each.count for each in without), sum(each.scanned for each in without))
        mentions.count_logs(sum(part.logs for part in parts), ScannedLogs())
        mentions.without_span = scanned
        self._mentions = mentions


def _merge_contract(run: ContractRun, own: ContractPart, others: Sequence[ContractPart], *, listed: bool) -> None:
    """Add what the others have counted to the run that has counted `own`."""
    parts = [own, *others]
    exercises: dict[tuple[str, str], tuple[int, int]] = {}
    for part in parts:
        for key, (reached, exercised) in part.exercises.items():
            known = exercises.get(key, (0, 0))
            exercises[key] = known[0] + reached, known[1] + exercised
    run.results.replace_counts(exercises, merged_tables([part.undecided for part in parts]))
    run.labelled, run.rejected = sum(part.labelled for part in parts), sum(part.rejected for part in parts)
    run.rejection = min((part.rejection for part in parts if part.rejection), default=(0, ""))[1]
    for part in others:
        run.statistics.add_counts(part.across)
    still = {entry: merged_tables([part.stood_still[entry] for part in parts]) for entry in own.stood_still}
    run.statistics.replace_tables(still)
    first: dict[str, tuple[int, str]] = {}
    for number, rule, why in sorted((each for part in parts for each in part.of_rules), key=lambda each: each[0]):
        if rule not in first:
            first[rule] = number, rule
            run.statistics.undecided[rule] = why
    if listed:
        run.flows = run.flows.like()
        for _, trace_id, span_id in sorted((each for part in parts for each in part.listed), key=lambda each: each[0]):
            run.flows.append(trace_id, span_id)
    else:
        run.unlisted = sum(part.flows for part in others)


def _merge_names(counter: NameCounter, parts: Sequence[NamesPart]) -> None:
    """Count what the parts have counted: by name those that come first, as one counter of all traces does."""
    longer = {short: name for part in parts for short, name in part.longer.items()}
    names = list(merged_tables([part.names for part in parts]).items())[:MOST_NAMES]
    counter.count = sum(part.count for part in parts)
    counter.names.update(names)
    counter.longer.update({short: longer[short] for short, _ in names if short in longer})
