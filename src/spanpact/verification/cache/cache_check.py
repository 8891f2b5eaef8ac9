"""Let the engine judge traces that the cache has judged, and stop if it says something else (ADR 0040).

A difference is a fault of spanpact, never of a trace: a check looks at something that no key of the cache holds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from spanpact.contract.compiled import ContractPlan
from spanpact.engine.judging import ContractRun, integrity_findings, judge_trace, start_run
from spanpact.engine.linked_spans import FindSpan
from spanpact.engine.results.mentions import MentionedSpans, unmentioned_names
from spanpact.errors import CacheError
from spanpact.spool import Spool
from spanpact.trace.model import Reading, Trace
from spanpact.trace.topology import Topology
from spanpact.verification.cache.cached_traces import AppliedTrace
from spanpact.verification.split_keys import Addition, RecordedRun


class CacheCheck:
    """Checks every `every`-th trace if the cache has judged it. `mask` hides what is private in a text."""

    def __init__(
        self, runs: Sequence[ContractRun], reading: Reading, find_span: FindSpan, mask: Callable[[str], str], every: int
    ) -> None:
        self._contracts = [run.contract for run in runs]
        self._reading, self._find_span, self._mask, self._every = reading, find_span, mask, every
        self._spool = Spool()
        self.count = 0
        """The number of traces checked."""

    def is_due(self, number: int) -> bool:
        """Return whether a trace should be checked if it is judged from the cache; `number` is 1 for the first trace.

        Its place decides, so that the same traces are checked with the native core, which counts most of them.
        """
        return number % self._every == 0

    def check(self, trace: Trace, applied: AppliedTrace) -> None:
        """Judge a trace by the engine alone. Raise CacheError if that does not add what the cache has `applied`."""
        self.count += 1
        topology, mentioned = Topology(trace), MentionedSpans()
        applying: list[ContractPlan] = []
        additions = {each.run.contract.plan.name: each for each in applied.additions}
        for contract in self._contracts:
            run = start_run(contract, self._reading, self._spool)
            recorded = RecordedRun(run)
            applies = judge_trace(run, topology, self._reading, self._find_span, mentioned)
            found = recorded.end(applied.summaries, topology.spans, frozenset())
            if applies.for_good:
                applying.append(contract.plan)
            known = additions.get(contract.plan.name)
            for what in _differences(found, known):
                self._stop(trace, f"{what} of contract {contract.plan.name} differ")
        if applying and any(integrity_findings(topology, self._reading, self._find_span, applying, self._mask)):
            self._stop(trace, "it breaks integrity")
        names = unmentioned_names(topology, mentioned, applicable=bool(applying))
        of_trace, spans, unplaced, logs = applied.unmentioned
        by_engine = names.trace, Counter(names.spans), Counter(names.unplaced), len(names.logs)
        if by_engine != (of_trace, Counter(spans), Counter(unplaced), logs):
            self._stop(trace, "what no contract mentions differs")

    def _stop(self, trace: Trace, why: str) -> None:
        raise CacheError(
            f"trace {self._mask(trace.trace_id)} was judged from the cache, and the engine says something else: {why}",
            hint="this is a fault of spanpact: report it, with the trace and the contract if you may",
        )


def _differences(found: Addition | None, known: Addition | None) -> Iterator[str]:
    """Yield what differs between what the engine found and what the cache added; None for nothing to add."""
    if found is None:
        yield "findings"
        return
    if list(found.flows) != list(known.flows if known else ()):
        yield "flows"
    if _counts(found) != (_counts(known) if known else Counter()):
        yield "counts"
    if (found.labelled, found.rejected) != ((known.labelled, known.rejected) if known else (0, 0)):
        yield "labelled or rejected spans"
    if [*found.recorded] != [*known.recorded] if known else found.recorded:
        yield "spans of `across`"


def _counts(addition: Addition) -> Counter[tuple[str, ...]]:
    """Return all counts of an addition: exercised ones by id and keyword, undecided ones also by their reason."""
    total: Counter[tuple[str, ...]] = Counter()
    for each in addition.counts:
        total.update(each.counts.exercised)
        total.update({(*key[:2], repr(key[2])): number for key, number in each.counts.undecided.items()})
    return total
