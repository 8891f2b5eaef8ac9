"""Record what the engine adds to the verification of one contract while it judges one trace."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from spanpact.contract.aggregates import Aggregate
from spanpact.contract.compiled import Matcher
from spanpact.engine.judging import ContractRun
from spanpact.engine.results.coverage import PendingCounts
from spanpact.engine.results.mentions import MentionedSpans
from spanpact.trace.equality import is_number
from spanpact.trace.model import Span
from spanpact.trace.topology import TOP
from spanpact.verification.shapes import SpanSummary
from spanpact.verification.split_keys.additions import Addition, Sum, bits_of


class RecordedRun:
    """The recording of one contract's run: created before the engine judges a trace, ended after it."""

    def __init__(self, run: ContractRun) -> None:
        self._run = run
        self._flows, self._labelled, self._rejected = len(run.flows), run.labelled, run.rejected
        self._breaches = run.results.breach_count
        run.results.begin_counts()
        run.results.begin_recording()
        run.statistics.begin_recording()

    def end(
        self,
        summaries: Sequence[SpanSummary],
        spans: Sequence[Span],
        summed: AbstractSet[str],
        mentioned: MentionedSpans | None = None,
    ) -> Addition | None:
        """Return what was added since; None if something is broken. `spans` are those of the summaries.

        `mentioned` are the spans that the contract mentions.
        """
        run = self._run
        counts, sums = run.results.end_counts(), run.results.end_recording()
        recorded = run.statistics.end_recording()
        if run.results.breach_count > self._breaches:
            return None
        index = {summary[1]: i for i, summary in enumerate(summaries)}
        flows = [run.flows[i][1] for i in range(self._flows, len(run.flows))]
        return Addition(
            run,
            () if counts.empty else [PendingCounts(run.results, counts)],
            [index[span_id] if span_id else TOP for span_id in flows],
            recorded,
            run.labelled - self._labelled,
            run.rejected - self._rejected,
            bits_of(mentioned.in_flows) if mentioned else 0,
            bits_of(mentioned.placed) if mentioned else 0,
            _sums(sums, spans, summed),
        )


def _sums(
    recorded: Sequence[tuple[Aggregate, Sequence[int]]], spans: Sequence[Span], summed: AbstractSet[str]
) -> Sequence[Sum]:
    """Return where the numbers of each sum are among the summed numbers of each span."""
    found = []
    for aggregate, selected in recorded:
        assert isinstance(aggregate.within, Matcher)
        (names,) = aggregate.names
        numbers = []
        for i in selected:
            attributes = spans[i].attributes.items()
            of_span = [name for name, value in attributes if name in summed and is_number(value)]
            if places := [place for place, name in enumerate(of_span) if name in names]:
                numbers.append((i, places))
        found.append(Sum(aggregate.within, numbers))
    return found
