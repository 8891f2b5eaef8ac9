"""Say what is known of the parts of a trace that was just judged: the summands of `split_keys`, by counter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias

from spanpact.verification.native.counters import Counters
from spanpact.verification.native.questions import in_64_bits
from spanpact.verification.split_keys.split_contract import FlowLook, SplitContract
from spanpact.verification.split_keys.trace_parts import TraceParts

AskedFlow: TypeAlias = tuple[int, Sequence[int]]
"""The place of the span of a flow (-1: the whole trace), and those of the spans of which the rules' answer is asked."""
AskedContract: TypeAlias = tuple[int, Sequence[int], Sequence[AskedFlow]]
"""The number of a contract, candidates of which it is asked whether they begin a flow, and flows."""
KnownEntries: TypeAlias = tuple[int, Sequence[bool]]
"""What the entries of a flow add, and which of the spans in its key they place."""
KnownRules: TypeAlias = tuple[int, int]
"""What the rules add for a flow, and once more for each of its spans."""
KnownSpan: TypeAlias = tuple[int, Sequence[int], int, bool]
"""What the rules add for a span; how many of it each rule with `count` selects, a bit for each rule that selects it,
and whether one places it."""
KnownFlow: TypeAlias = tuple[KnownEntries | None, KnownRules | None, Sequence[KnownSpan | None]]
KnownContract: TypeAlias = tuple[int, Sequence[bool | None], Sequence[KnownFlow]]
"""A counter of rejected spans, -1 if the engine must see the next one; and what was asked, None if it is not known."""


BROKEN: Final[KnownSpan] = (-1, (), 0, False)
"""What is known of a span that must be checked each time."""


class PartAnswers:
    """The answers on the parts of traces. Contracts are given by number, spans by their place in the trace at hand."""

    def __init__(self, parts: TraceParts, counters: Counters) -> None:
        self._parts, self._counters = parts, counters

    def _contract(self, number: int) -> SplitContract:
        contract = self._parts.contracts[number]
        assert isinstance(contract, SplitContract)
        return contract

    def allowances(self, contract: int, one_process: bool, resolutions: Sequence[int]) -> Sequence[int]:
        """Return by how much the times of two spans may contradict each other, sorted."""
        times = self._contract(contract).parts.times
        return in_64_bits(times.allowances_ns(one_process=one_process, resolutions=resolutions))

    def cuts(self, contract: int, resolution: int) -> Sequence[int]:
        """Return the durations at which an outcome changes, sorted."""
        return in_64_bits(self._contract(contract).parts.times.duration_cuts_ns(resolution))

    def known(self, asked: AskedContract) -> KnownContract:
        """Return what is known now of parts of the trace that was judged last."""
        number, candidates, flows = asked
        contract = self._contract(number)
        run = contract.run
        rejected = self._counters.of_rejected(run) if run.rejection else -1
        looks = [(contract.look(own), spans) for own, spans in flows]
        return (
            rejected,
            [contract.selects(i) for i in candidates],
            [self._flow(contract, look, spans) for look, spans in looks],
        )

    def _flow(self, contract: SplitContract, look: FlowLook, asked: Sequence[int]) -> KnownFlow:
        of = self._counters.of_counts
        entries = (of(look.entries.counts), look.entries.placed) if look.entries else None
        rules = (of(look.rules.counts), of(look.rules.of_each_span)) if look.rules else None
        places = {span: place for place, span in enumerate(look.spans)} if asked else {}
        return entries, rules, [self._span(contract, look, places[i]) for i in asked]

    def _span(self, contract: SplitContract, look: FlowLook, place: int) -> KnownSpan | None:
        answer = look.answers[place]
        if answer is None:
            return BROKEN if contract.must_check(look.span_keys[place]) else None
        numbers = [answer.numbers[number] for number in contract.parts.counted]
        return self._counters.of_counts(answer.counts), numbers, answer.selecting, answer.placed
