"""What all rules of a contract say of one span, so that spans with the same content need not be checked again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from spanpact.engine.checks import Context
from spanpact.engine.results.collector import ResultCollector
from spanpact.engine.results.coverage import PendingCounts
from spanpact.engine.rules.compiled_rules import CompiledRule
from spanpact.engine.rules.selections import check_alone


@dataclass(frozen=True, slots=True)
class SpanAnswer:
    """What the rules say of one span in which none is broken: what it adds to the counts of its flow.

    `numbers` has for each rule how many of this span, or of its events, it selects. `selecting` has a bit for each rule
    that selects something, the first rule's the lowest. `placed`: whether a rule about spans selects it.
    """

    counts: PendingCounts
    numbers: tuple[int, ...]
    selecting: int
    placed: bool


class Asked(NamedTuple):
    """The answer for one span, None if it must be checked; `is_final`: whether that is so for all spans like it."""

    answer: SpanAnswer | None
    is_final: bool = True


def ask_rules(rules: Sequence[CompiledRule], i: int, context: Context, results: ResultCollector) -> Asked:
    """Return what the rules say of a span of a complete trace; nothing where it must be checked on each span.

    That is where a rule is broken, and where it is undecided whether a rule selects the span. Where something is
    undecided that `results`, to which the answer belongs, does not count yet, it must be checked this time: what is
    undecided is reported in the order in which it was found first.
    """
    scratch = ResultCollector(results.expectations)
    numbers = []
    for rule in rules:
        number = check_alone(rule, i, context, scratch)
        if number is None or scratch.breach_count:
            return Asked(None)
        numbers.append(number)
    counts = results.pending(scratch)
    if counts is None:
        return Asked(None, is_final=False)
    selecting = sum(1 << place for place, number in enumerate(numbers) if number)
    placed = any(number and rule.plan.event is None for rule, number in zip(rules, numbers, strict=True))
    return Asked(SpanAnswer(counts, tuple(numbers), selecting, placed))
