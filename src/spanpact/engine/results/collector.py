"""Collect what the judging of one contract gives: findings, what could not be checked, coverage."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from spanpact.contract.aggregates import Aggregate
from spanpact.contract.compiled import ANY
from spanpact.engine.checks import Breach, Outcome, Undecided
from spanpact.engine.checks.outcomes import INCOMPLETE
from spanpact.engine.early_decisions import OpenEntry, may_be_undone
from spanpact.engine.results.coverage import CoverageCounter
from spanpact.engine.results.expectations import ContractExpectations, ExpectationKey
from spanpact.engine.results.masking import abridged
from spanpact.errors import Place
from spanpact.findings import Edit, Finding, NotChecked
from spanpact.trace.model import Span
from spanpact.trace.topology import TOP, Topology

_CONTRACT_TEXTS = frozenset(
    ["attribute-missing", "attribute-type", "attribute-value", "kind", "scope", "status", "status-message"]
)
"""Findings whose `expected` is a literal of the contract: masked, it would look like what was observed."""


class ResultCollector(CoverageCounter):
    """The findings, gaps and coverage of one contract so far. All texts are masked here.

    Set `complete` and `span_may_move` before recording:
    - `complete`: whether the trace being judged is complete. If not, only what further spans cannot undo is a finding.
    - `span_may_move`: whether the span being judged may still be assigned elsewhere. Then nothing of it is a finding.
    """

    def __init__(self, expectations: ContractExpectations) -> None:
        super().__init__(expectations)
        self.complete = True
        self.span_may_move = False
        self.breach_count = 0
        """The number of breaches recorded, repeated ones and those that may be undone included."""
        self._findings: dict[tuple[str, ...], Finding] = {}
        self._broken: set[ExpectationKey] = set()
        self._involved: set[str] = set()
        self._waiting: set[ExpectationKey] = set()
        self._sums: list[tuple[Aggregate, Sequence[int]]] | None = None

    def begin_recording(self) -> None:
        """Record the spans of each sum from now on, in one trace, until `end_recording`."""
        self._sums = []

    def end_recording(self) -> Sequence[tuple[Aggregate, Sequence[int]]]:
        """Return each sum that was kept since `begin_recording`, with its rule's spans, and stop recording."""
        sums, self._sums = self._sums, None
        return sums or ()

    def note_sum(self, aggregate: Aggregate, spans: Sequence[int]) -> None:
        """Note the spans of a sum that is kept."""
        if self._sums is not None:
            self._sums.append((aggregate, spans))

    def begin_flow(self) -> None:
        """Begin another flow: an ambiguity matters only where a finding is in the same flow."""
        self._involved = set(self.expectations.compared_entries)
        self._waiting = set()

    def mark_involved(self, entries: Iterable[str]) -> None:
        """Note entries that are part of a finding that another entry carries (`order`)."""
        self._involved.update(entries)

    def is_involved(self, entry: str) -> bool:
        """Return whether the entry is part of a finding, or of a condition or `same_as`: an ambiguity matters."""
        return entry in self._involved

    def mark_undecided(self, id: str, keyword: str, why: Undecided, times: int = 1) -> None:
        """Count that the expectation could not be decided at its place, or at several places."""
        super().mark_undecided(id, keyword, why, times)
        if why is INCOMPLETE:
            self._waiting.add((id, keyword))

    def mark_open_entry(self, open_entry: OpenEntry) -> None:
        """Count the expectations of an entry that may get more spans as undecided, once in each flow."""
        entry = open_entry.entry
        for id in (entry.id, *(entry.ids_of_content if open_entry.has_spans else entry.ids_within)):
            for keyword in self.expectations.keywords_by_id.get(id, ()):
                if (id, keyword) not in self._waiting and _is_open(open_entry, keyword):
                    self.mark_undecided(id, keyword, INCOMPLETE)

    def mark_kept_so_far(self, id: str, keyword: str) -> None:
        """Count the expectation as undecided if the trace is incomplete: spans still to come may break it."""
        if not self.complete:
            self.mark_undecided(id, keyword, INCOMPLETE)

    def record(self, id: str, keyword: str, outcomes: Sequence[Outcome], topology: Topology, i: int) -> None:
        """Record what the check of one expectation returned for span `i`."""
        if not outcomes:
            self.mark_reached(id, keyword)
            return
        decided = False
        for outcome in outcomes:
            if isinstance(outcome, Breach):
                decided = True
                self.record_breach(id, keyword, outcome, topology, i)
            elif isinstance(outcome, Undecided):
                self.mark_undecided(id, keyword, outcome)
        self.mark_reached(id, keyword, exercised=decided)

    def record_breach(
        self,
        entry: str,
        keyword: str,
        breach: Breach,
        topology: Topology | None,
        i: int,
        *,
        place: Place | None = None,
        condition: str = "",
        spans: Sequence[int] = (),
    ) -> None:
        """Record a finding at span `i` (TOP: at the trace); equal findings, of nested flows say, are kept once."""
        self.breach_count += 1
        if not self.complete and (self.span_may_move or may_be_undone(breach, keyword, i)):
            self.mark_undecided(condition or entry, "then" if condition else keyword, INCOMPLETE)
            return
        span: Span | None = topology.spans[i] if topology and i != TOP else None
        span_id = span.span_id if span else ""
        trace_id = topology.trace.trace_id if topology else ""
        existence = keyword in ("span", "count", "event", "link")
        detail = "" if existence else breach.message + breach.observed
        key = (entry, breach.id, "" if existence else keyword, trace_id, span_id, detail)
        self._involved.add(entry)
        self._broken |= {(entry, keyword), (condition, "then")}
        if key in self._findings:
            return
        safe = self._safe_text
        selecting = self.expectations.selecting
        names = (*selecting.get(condition, ()), *selecting.get(entry, ()))
        self._findings[key] = Finding(
            breach.id,
            entry,
            safe(breach.message),
            contract=self.expectations.plan.name,
            keyword=keyword,
            place=place or self.expectations.places.get((entry, keyword)),
            trace_id=safe(trace_id),
            span_id=safe(span_id),
            path=tuple(map(safe, topology.names(i))) if topology and span else (),
            expected=abridged(breach.expected) if breach.id in _CONTRACT_TEXTS else safe(breach.expected),
            observed=safe(breach.observed, breach.attribute),
            condition=condition,
            hint=safe(breach.hint),
            spans=tuple(safe(topology.spans[j].span_id) for j in spans) if topology else (),
            attributes=tuple(dict.fromkeys(names)),
            nearest=self._safe_edit(breach.nearest),
        )

    def _safe_edit(self, edit: Edit | None) -> Edit | None:
        safe = self._safe_text
        if edit is None:
            return None
        return Edit(safe(edit.span), edit.change, safe(edit.now), safe(edit.wanted), safe(edit.why))

    def _safe_text(self, text: str, attribute: str = "") -> str:
        return abridged(self.expectations.mask(text, attribute))

    @property
    def findings(self) -> list[Finding]:
        """Return the findings in the order in which they were recorded, without the levels of the contract."""
        return list(self._findings.values())

    def not_checked(self) -> tuple[NotChecked, ...]:
        """Return what could not be decided, and how often.

        An expectation that is broken is not reported as incomplete: no further span can change it.
        """
        places = self.expectations.places
        return tuple(
            NotChecked(id, keyword, why.reason, self._safe_text(why.detail), count, places.get((id, keyword)))
            for (id, keyword, why), count in self._undecided.items()
            if why.reason != "incomplete" or (id, keyword) not in self._broken
        )


def _is_open(open_entry: OpenEntry, keyword: str) -> bool:
    """Return whether further spans of the entry may break this keyword of it."""
    entry, has_spans, may_repeat = open_entry
    if keyword == "span":
        return may_repeat and entry.plan.count != ANY
    return keyword != "concurrency" or may_repeat or not has_spans
