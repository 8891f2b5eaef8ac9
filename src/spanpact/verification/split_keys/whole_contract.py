"""Judge traces like others of the same shape, for a contract that may not be split (`contract_parts`)."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Final

from spanpact.engine.judging import ContractRun, judge_trace
from spanpact.engine.linked_spans import FindSpan
from spanpact.engine.results.mentions import MentionedSpans
from spanpact.trace.model import Reading
from spanpact.trace.topology import Topology
from spanpact.verification.split_keys.additions import Addition
from spanpact.verification.split_keys.bounded_table import BoundedTable
from spanpact.verification.split_keys.recorded_runs import RecordedRun
from spanpact.verification.split_keys.trace_view import ContentFacts, TraceView

_MOST_TRACES: Final = 1000  # a trace takes some kilobytes


class WholeContract:
    """The judging of one contract by whole traces. For each trace call `find`; where it returns None, call `judge`."""

    def __init__(self, run: ContractRun, reading: Reading, find_span: FindSpan, summed: AbstractSet[str]) -> None:
        self.run = run
        self._reading, self._find_span, self._summed = reading, find_span, summed
        self._known: BoundedTable[Addition] = BoundedTable(_MOST_TRACES, Addition.flush)

    def learn(self, content: int, facts: ContentFacts) -> None:
        """Learn a new content of spans: nothing of it matters."""

    def begin(self) -> None:
        """Forget what is too much; call it before each trace."""
        self._known.begin()

    def flush(self) -> None:
        """Add all that was counted, and forget it."""
        self._known.clear()

    def find(self, view: TraceView, candidates: Sequence[int]) -> Addition | None:
        """Return what a trace adds if that is known; None if the engine must judge it."""
        known = self._known.get(view.key)
        return known if known and known.is_within(view.summaries) else None

    def judge(self, view: TraceView, topology: Topology, mentioned: MentionedSpans) -> bool:
        """Let the engine judge the trace, and remember it if nothing is broken. Return whether the contract applies."""
        own, recorded = MentionedSpans(), RecordedRun(self.run)
        applies = judge_trace(self.run, topology, self._reading, self._find_span, own).now
        addition = recorded.end(view.summaries, topology.spans, self._summed, own)
        if addition and self._known.get(view.key) is None:
            self._known.put(view.key, addition)
        mentioned.in_flows |= own.in_flows
        mentioned.placed |= own.placed
        return applies
