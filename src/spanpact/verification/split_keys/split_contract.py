"""Judge flows like others with the same keys, contract by contract; see the docstring of this package."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from spanpact.engine.assignment.candidates import selects
from spanpact.engine.checks import Context, Undecided
from spanpact.engine.flows.flow import Flow
from spanpact.engine.judging import ContractRun, judge_trace, trace_context
from spanpact.engine.linked_spans import FindSpan
from spanpact.engine.results.collector import ResultCollector
from spanpact.engine.results.coverage import Counts, PendingCounts
from spanpact.engine.results.mentions import MentionedSpans
from spanpact.engine.rules import SpanAnswer, ask_rules, flow_counts
from spanpact.trace.model import Reading, Span, Trace
from spanpact.trace.topology import TOP, Topology
from spanpact.verification.split_keys.additions import Addition, bits_of
from spanpact.verification.split_keys.bounded_table import BoundedTable
from spanpact.verification.split_keys.contract_parts import ContractParts
from spanpact.verification.split_keys.flow_keys import FlowKey, FlowKeys
from spanpact.verification.split_keys.span_contents import SpanClass, SpanContents, equal_values
from spanpact.verification.split_keys.trace_view import ContentFacts, TraceView

_MOST_FLOWS: Final = 1 << 12  # keys of flows that are remembered
_MOST_ANSWERS: Final = 1 << 14  # contents of spans that are remembered


@dataclass(frozen=True, slots=True)
class EntriesAnswer:
    """What the entries of a flow add, and which of the spans in its key they place."""

    counts: PendingCounts
    placed: Sequence[bool]


class RulesAnswer(NamedTuple):
    """What the rules say of a flow as a whole: once, and once more for each of its spans."""

    counts: PendingCounts
    of_each_span: PendingCounts


@dataclass(slots=True)
class FlowLook:
    """What is known of one flow of a trace. `entries` and `rules` are None where the engine must judge it."""

    spans: Sequence[int]
    span_keys: Sequence[Hashable]
    key: FlowKey | None
    answers: Sequence[SpanAnswer | None]
    entries: EntriesAnswer | None
    rules: RulesAnswer | None


class SplitContract:
    """The judging of one contract by split keys. For each trace call `find`; where it returns None, call `judge`."""

    def __init__(self, run: ContractRun, reading: Reading, find_span: FindSpan) -> None:
        self.run = run
        self._reading, self._find_span = reading, find_span
        contract = run.contract
        self._top, self._rules = contract.top, contract.rules
        self.parts = ContractParts.of(contract.plan, reading.source)
        self.contents = SpanContents(self.parts)
        self.keys = FlowKeys(contract.top, self.parts, self.contents)
        self._selected: dict[SpanClass, bool] = {}
        self._entries: BoundedTable[EntriesAnswer] = BoundedTable(_MOST_FLOWS, lambda each: each.counts.flush())
        self._of_flows: dict[Hashable, RulesAnswer | None] = {}
        self._of_spans: dict[Hashable, SpanAnswer | None] = {}
        any_trace = Topology(Trace("", (Span("", "", ""),)))
        self._any_trace = Context(any_trace, capabilities=reading.source.capabilities, find_span=find_span)

    # the contents of spans

    def learn(self, content: int, facts: ContentFacts) -> None:
        """Learn a new content of spans."""
        self.contents.learn(content, facts)
        self.keys.learn(content, facts.name)

    def begin(self) -> None:
        """Forget what is too much; call it before each trace."""
        if self.keys.is_full:
            self._entries.clear()
            self.keys.clear()
        self._entries.begin()
        if len(self._of_spans) + len(self._of_flows) > _MOST_ANSWERS:
            self._forget_rules()

    def flush(self) -> None:
        """Add all that was counted, and forget all contents."""
        self._entries.clear()
        self._forget_rules()
        self._selected.clear()
        self.contents.clear()
        self.keys.forget_contents()

    def _forget_rules(self) -> None:
        for answer in self._of_spans.values():
            if answer:
                answer.counts.flush()
        for of_flow in self._of_flows.values():
            for counts in of_flow or ():
                counts.flush()
        self._of_spans.clear()
        self._of_flows.clear()

    # one trace

    def find(self, view: TraceView, candidates: Sequence[int]) -> Addition | None:
        """Return what a trace adds if that is known; None if the engine must judge it.

        `candidates` are the spans whose name fits the flow's own span.
        """
        self._looks: dict[int, FlowLook] = {}
        self._view = view
        plan = self.run.contract.plan
        if plan.scenario and plan.scenario != view.scenario:
            return Addition(self.run)
        classes = self._classes = self.contents.classes(view)
        owns = self._own_spans(classes, candidates)
        if owns is None or (plan.scenario and not owns):
            return None
        rejected = len(candidates) - len(owns) if self._top.plan.span else 0
        if rejected and not self.run.rejection:
            return None
        looks = [self.look(own) for own in owns]
        if [look for look in looks if not (look.entries and look.rules)]:
            return None
        return self._addition(owns, looks, rejected)

    def _own_spans(self, classes: Sequence[SpanClass], candidates: Sequence[int]) -> Sequence[int] | None:
        """Return the spans that begin a flow; None if that is not known."""
        if self._top.plan.span is None:
            return (TOP,)
        if not self._top.where:
            return candidates
        selected = [self._selected.get(classes[i]) for i in candidates]
        if None in selected:
            return None
        return [i for i, each in zip(candidates, selected, strict=True) if each]

    def selects(self, i: int) -> bool | None:
        """Return whether a candidate of the trace at hand begins a flow; None if that is not known."""
        return self._selected.get(self._classes[i])

    def must_check(self, span_key: Hashable) -> bool:
        """Return whether every span with this key must be checked: as far as known, a rule is broken by it."""
        return span_key in self._of_spans and self._of_spans[span_key] is None

    def look(self, own: int) -> FlowLook:
        """Return what is known by now of the flow of a span of the trace at hand."""
        view, classes = self._view, self._classes
        below = view.below(own)
        spans = below if own == TOP else [own, *below]
        span_keys = self._span_keys(own, spans)
        answers = list(map(self._of_spans.get, span_keys))
        key = self.keys.key(view, classes, own)
        entries = self._entries.get(key.key) if key else None
        look = self._looks[own] = FlowLook(spans, span_keys, key, answers, entries, None)
        if look.entries and None not in answers:
            look.rules = self._rules_of_flow(answers)
        return look

    def _span_keys(self, own: int, spans: Sequence[int]) -> Sequence[Hashable]:
        """Return the key of each span of a flow: all that the rules can distinguish of it."""
        classes = self._classes
        if not self.parts.compared_by_rules:
            return [classes[i] for i in spans]
        view = self._view
        referred = self.contents.referred(view, own)
        places, contents, values = self.contents.of_rules, view.contents, view.values
        if len(referred) == 1 and len(referred[0]) == 1:  # almost always
            wanted = referred[0][0]
            keys: list[Hashable] = []
            for i in spans:
                of_span = places[contents[i]]
                if len(of_span) == 1:
                    keys.append((classes[i], values[i][of_span[0]] == wanted))
                elif not of_span:
                    keys.append((classes[i], None))
                else:
                    keys.append((classes[i], equal_values(referred, [values[i][place] for place in of_span])))
            return keys
        return [
            (classes[i], equal_values(referred, [values[i][place] for place in places[contents[i]]])) for i in spans
        ]

    def _rules_of_flow(self, answers: Sequence[SpanAnswer | None]) -> RulesAnswer | None:
        """Return what the rules say of a flow as a whole; None if they are broken, or it must be judged first."""
        selecting = 0
        for answer in answers:
            assert answer is not None
            selecting |= answer.selecting
        counted = tuple([sum([a.numbers[n] for a in answers if a]) for n in self.parts.counted])
        key = selecting, counted
        if key in self._of_flows:
            return self._of_flows[key]
        numbers = [selecting >> number & 1 for number in range(len(self._rules))]
        for number, times in zip(self.parts.counted, counted, strict=True):
            numbers[number] = times
        results = self.run.results
        once, more = ResultCollector(results.expectations), ResultCollector(results.expectations)
        flow_counts(self._rules, numbers, 0, self._any_trace, once)
        if once.breach_count:
            self._of_flows[key] = None
            return None
        counts = results.pending(once)
        if counts is None:
            return None
        flow_counts(self._rules, numbers, 1, self._any_trace, more)
        found = self._of_flows[key] = RulesAnswer(counts, PendingCounts(results, more.counts_since(once.counts())))
        return found

    def _addition(self, owns: Sequence[int], looks: Sequence[FlowLook], rejected: int) -> Addition:
        counts: list[PendingCounts] = []
        in_flows = placed = 0
        for look in looks:
            counts += _counts_of(look)
            own = bits_of(look.spans)
            in_flows |= own
            unplaced = [answer for answer in look.answers if not (answer and answer.placed)]
            placed |= bits_of(_placed(look)) if unplaced else own
        return Addition(
            self.run,
            counts,
            list(owns),
            labelled=int(bool(self.run.contract.plan.scenario)),
            rejected=rejected,
            in_flows=in_flows,
            placed=placed,
        )

    # what the engine judges

    def judge(self, view: TraceView, topology: Topology, mentioned: MentionedSpans) -> bool:
        """Let the engine judge what `find` did not know of the trace. Return whether the contract applies to it."""
        if self._top.where:
            context = trace_context(self.run.contract.plan, topology, self._reading, self._find_span)
            pattern = self._top.plan.span
            for i in topology.named_below(TOP, pattern) if pattern else ():
                outcome = selects(self._top, i, context)
                if not isinstance(outcome, Undecided):
                    self._selected[self._classes[i]] = outcome
        return judge_trace(self.run, topology, self._reading, self._find_span, mentioned, self).now

    def apply(self, i: int, mentioned: MentionedSpans) -> bool:
        """Count a flow like one that was judged before, if there is one (`FlowMemory`)."""
        look = self._looks.get(i) or self.look(i)
        if not (look.entries and look.rules):
            return False
        for each in _counts_of(look):
            each.times += 1
        mentioned.placed.update(_placed(look))
        return True

    def apply_entries(self, i: int) -> bool:
        """Count the entries of a flow like those of one that was judged before, if there is one (`FlowMemory`)."""
        entries = self._looks[i].entries
        if entries:
            entries.counts.times += 1
        return entries is not None

    def answers(self, flow: Flow, context: Context) -> Sequence[SpanAnswer | None]:
        """Return what the rules say of each span of a flow (`FlowMemory`)."""
        own = flow.placement.span
        spans = flow.spans
        answers: list[SpanAnswer | None] = []
        for i, key in zip(spans, self._span_keys(own, spans), strict=True):
            answer = self._of_spans.get(key)
            if answer is None and key not in self._of_spans:
                answer, is_final = ask_rules(self._rules, i, context, self.run.results)
                if is_final:
                    self._of_spans[key] = answer
            if answer is not None:
                answer.counts.times += 1
            answers.append(answer)
        return answers

    def note_entries(self, flow: Flow, counts: Counts) -> None:
        """Remember what the entries of a flow add (`FlowMemory`)."""
        key = self._looks[flow.placement.span].key
        if key is not None and self._entries.get(key.key) is None:
            used = set(flow.placement.used_spans())
            self._entries.put(
                key.key, EntriesAnswer(PendingCounts(self.run.results, counts), [i in used for i in key.spans])
            )


def _counts_of(look: FlowLook) -> Sequence[PendingCounts]:
    """Return what a flow that is known adds, each as often as it does."""
    assert look.entries is not None
    assert look.rules is not None
    of_spans = [answer.counts for answer in look.answers if answer]
    of_each = [] if look.rules.of_each_span.counts.empty else [look.rules.of_each_span] * len(look.spans)
    return [look.entries.counts, look.rules.counts, *of_each, *of_spans]


def _placed(look: FlowLook) -> Sequence[int]:
    """Return the spans of a flow that is known which entries or rules place; TOP is none."""
    assert look.entries is not None
    assert look.key is not None
    found = [i for i, answer in zip(look.spans, look.answers, strict=True) if answer and answer.placed]
    if len(found) < len(look.spans):
        found += [i for i, placed in zip(look.key.spans, look.entries.placed, strict=True) if placed and i != TOP]
    return found
