"""What some contracts look at: every test that one of them makes of an attribute's value or of a time.

The tests are not written again: each is the compiled check of the contract itself, asked about one value alone.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from spanpact.contract.compiled import AttributeExpectation, Content, ContractPlan, Entry
from spanpact.engine.checks import Breach, Context, Outcome, Undecided
from spanpact.engine.checks.attributes import compile_attribute
from spanpact.engine.checks.leaks import attribute_leaks
from spanpact.privacy import PrivacyClass, Scanner
from spanpact.trace.clocks import allowance_ns, rounding_ns
from spanpact.trace.equality import possible_values
from spanpact.trace.model import Capability, SourceInfo, Trace, Value
from spanpact.trace.name_patterns import NamePattern
from spanpact.trace.topology import Topology

Test: TypeAlias = Callable[[Value], Hashable]


@dataclass(frozen=True, slots=True)
class Aspects:
    """All that some contracts look at, for one source.

    - `tests`: of an attribute's value, by the attribute's name; `numbers`: with which they compare it.
    - `scans`: what is forbidden in all texts, with the attributes excepted; `everything` of it at once.
    - `related`: attributes whose values are compared with each other.
    - `ordered`: names of spans whose times are compared with each other, allowing for `within_ns` in one process and
      `between_ns` else; `concurrent`: names of those of which it matters how many are open at once.
    - `cuts_ns`: at which durations an answer changes.
    - `capabilities`: what the source can carry.
    """

    tests: Mapping[str, Sequence[Test]]
    numbers: Mapping[str, Sequence[float]]
    scans: Sequence[tuple[Scanner, frozenset[str]]]
    everything: Scanner
    related: frozenset[str]
    ordered: Sequence[NamePattern]
    concurrent: Sequence[NamePattern]
    within_ns: Sequence[int]
    between_ns: Sequence[int]
    cuts_ns: Sequence[int]
    capabilities: frozenset[Capability]

    @classmethod
    def of(cls, plans: Sequence[ContractPlan], source: SourceInfo) -> Aspects | None:
        """What the contracts look at; None where one looks at more than a shape holds."""
        contents = [content for plan in plans for content in _contents(plan)]
        if any(each.matcher.same_as for content in contents for each in content.resource):
            return None
        unclear = rounding_ns(source.resolution_ns)
        return cls(
            _tests(contents, source),
            _numbers(contents),
            _scans(contents),
            Scanner(each for content in contents for each in content.forbid),
            frozenset(name for content in contents for name in _related(content)),
            [pattern for plan in plans for pattern in _ordered(plan.top)],
            [_pattern(entry) for plan in plans for entry in plan.top.walk() if entry.concurrency],
            _allowances(plans, source, same_process=True) if "resource" in source.capabilities else (),
            _allowances(plans, source, same_process=False),
            sorted({cut for content in contents for cut in _cuts(content, unclear)}),
            source.capabilities,
        )

    def limits(self, name: str) -> Sequence[float]:
        """The numbers with which tests of an attribute compare: between two of them every number is as any other."""
        return self.numbers.get(name, ())

    def answers(self, name: str, value: Value) -> tuple[Hashable, ...]:
        """What every test says of an attribute: all that a verdict depends on, but for what it is compared with."""
        answers = [test(value) for test in self.tests.get(name, ())]
        if not self._leaks(name, value, self.everything, _NOTHING):  # almost always
            return (name, *answers)
        return (name, *answers, tuple([self._leaks(name, value, scanner, exempt) for scanner, exempt in self.scans]))

    def is_sure(self, value: Value) -> bool:
        """Whether the source tells what the value is: else what it is compared with matters, too."""
        return not possible_values(value, self.capabilities)

    def _leaks(self, name: str, value: Value, scanner: Scanner, exempt: frozenset[str]) -> Hashable:
        return tuple(map(_in_short, attribute_leaks(name, value, scanner, exempt, self.capabilities)))

    def allowances_ns(self, *, one_process: bool) -> Sequence[int]:
        """By how much the times of two spans may disagree. A source without resources cannot tell processes apart."""
        return self.within_ns if one_process and self.within_ns else (*self.within_ns, *self.between_ns)

    def bucket(self, duration_ns: int) -> int:
        """Durations in one bucket are within the same bounds."""
        return bisect_right(self.cuts_ns, duration_ns)


def _allowances(plans: Sequence[ContractPlan], source: SourceInfo, *, same_process: bool) -> Sequence[int]:
    return sorted(
        {
            allowance_ns(
                tolerance_ns=plan.tolerance_ns,
                skew_ns=plan.skew_ns,
                resolution_ns=source.resolution_ns,
                same_process=same_process,
            )
            for plan in plans
        }
    )


def _contents(plan: ContractPlan) -> Iterator[Content]:
    for entry in plan.top.walk():
        yield entry.where
        yield entry.content
        for condition in entry.conditions:
            yield from (side.content for side in (*condition.when, *condition.then))
    for rule in plan.rules:
        yield rule.where
        yield rule.content


def _expectations(content: Content) -> Iterator[AttributeExpectation]:
    """The attributes of spans, and of what spans carry. Resources are under the same names: they are tested alike."""
    yield from content.attributes
    yield from content.resource
    for event in content.events:
        yield from event.attributes
    for link in content.links:
        yield from link.attributes


def _tests(contents: Sequence[Content], source: SourceInfo) -> Mapping[str, Sequence[Test]]:
    nowhere = Context(Topology(Trace("", ())), capabilities=source.capabilities, find_span=lambda *_: None)
    tests: dict[str, dict[str, Test]] = {}
    for content in contents:
        for expectation in _expectations(content):
            for name in expectation.names:
                test = _test_of(expectation, name, nowhere)
                tests.setdefault(name, {}).setdefault(repr(expectation.matcher), test)  # which tells 1, 1.0, True apart
        for names in content.exactly_one_true:
            for name in names:
                tests.setdefault(name, {}).setdefault("exactly_one_true", lambda value: value is True)
    return {name: list(several.values()) for name, several in tests.items()}


def _numbers(contents: Sequence[Content]) -> Mapping[str, Sequence[float]]:
    numbers: dict[str, set[float]] = {}
    for content in contents:
        for expectation in _expectations(content):
            matcher = expectation.matcher
            for value in (matcher.equals, matcher.at_least, matcher.at_most, *(matcher.one_of or ())):
                if isinstance(value, int | float) and value == value:
                    for name in expectation.names:
                        numbers.setdefault(name, set()).add(value)
    return {name: sorted(several) for name, several in numbers.items()}


def _test_of(expectation: AttributeExpectation, name: str, nowhere: Context) -> Test:
    """The check, asked about this one attribute: of several names each is judged by itself (section 4, aliases)."""
    judge = compile_attribute(replace(expectation, name=name, names=(name,)))

    def test(value: Value) -> Hashable:
        outcomes = judge({name: value}, nowhere)
        return tuple(map(_in_short, outcomes)) if outcomes else None

    return test


def _in_short(outcome: Outcome) -> Hashable:
    """A breach is one whatever it says: where it would be said, the engine judges the trace itself."""
    return outcome if isinstance(outcome, Undecided) else isinstance(outcome, Breach)


def _scans(contents: Sequence[Content]) -> Sequence[tuple[Scanner, frozenset[str]]]:
    asked: dict[tuple[tuple[PrivacyClass, ...], frozenset[str]], Scanner] = {}
    for content in contents:
        if content.forbid and (content.forbid, content.exempt) not in asked:
            asked[content.forbid, content.exempt] = Scanner(content.forbid)
    return [(scanner, exempt) for (_, exempt), scanner in asked.items()]


_NOTHING: frozenset[str] = frozenset()


def _related(content: Content) -> Iterator[str]:
    for expectation in _expectations(content):
        if reference := expectation.matcher.same_as:
            yield from expectation.names
            yield from reference.names or (reference.attribute,)


def _ordered(top: Entry) -> Iterator[NamePattern]:
    """The spans of entries that an order names."""
    entries = {entry.id: entry for entry in top.walk()}
    named = {id for entry in entries.values() for id in entry.order}
    named |= {id for entry in entries.values() for condition in entry.conditions for id in condition.order}
    return (_pattern(entries[id]) for id in sorted(named))


def _pattern(entry: Entry) -> NamePattern:
    return _ANY_NAME if entry.span is None else entry.span


_ANY_NAME = NamePattern(("*",))


def _cuts(content: Content, unclear_ns: int) -> Iterator[int]:
    """The least durations from which on a bound is exceeded, or no more missed (see checks.order)."""
    if bound := content.duration:
        if bound.at_most_ns is not None:
            yield bound.at_most_ns + unclear_ns + 1
        if bound.at_least_ns is not None:
            yield bound.at_least_ns - unclear_ns
