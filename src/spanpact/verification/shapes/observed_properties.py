"""List what some contracts look at: every test that one of them makes of an attribute's value or of a time.

The tests of values are the compiled checks of the contracts themselves, called with one value alone.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import TypeAlias

from spanpact.contract.aggregates import AggregateKeyword
from spanpact.contract.compiled import AttributeExpectation, Content, ContractPlan, Entry, Via
from spanpact.engine.checks import Breach, Context, Outcome, Undecided
from spanpact.engine.checks.between_spans.aggregates import may_be_number
from spanpact.engine.checks.keywords.attributes import compile_attribute
from spanpact.engine.checks.keywords.exceptions import EXCEPTION_ATTRIBUTES
from spanpact.engine.checks.keywords.leaks import attribute_leaks, body_leaks
from spanpact.engine.checks.keywords.limits import excess_of
from spanpact.privacy import PrivacyClass, Scanner
from spanpact.trace.equality import is_number, possible_values
from spanpact.trace.model import Attributes, Capability, SourceInfo, Trace, Value
from spanpact.trace.name_patterns import NamePattern
from spanpact.trace.topology import Topology
from spanpact.verification.shapes.alike_texts import AlikeTexts
from spanpact.verification.shapes.observed_times import ObservedTimes
from spanpact.verification.shapes.plan_contents import (
    attributes_of,
    compared_names,
    contents_of_entries,
    contents_of_rules,
)

Test: TypeAlias = Callable[[Value], Hashable]


@dataclass(frozen=True, slots=True)
class ObservedProperties:
    """All that some contracts look at in the traces of one source.

    - `tests`: the tests of an attribute's value, by name; `numbers`: the numbers they compare it with, sorted.
    - `lengths`: what `limits` allow texts to be long.
    - `scans`: scanners of all texts, each with the attributes exempt from it; `all_classes` scans for all at once.
    - `compared`: attributes whose values are compared with each other (`same_as`, `distinct`, `repeats`); `exact`:
      those that are compared with a number of spans; `summed`: those whose numbers are summed, apart from the shape.
    - `ordered`: names of spans whose times are compared with each other, `concurrent`: names of those that are counted
      while open; `times`: the differences of times that matter.
    - `pairs_exceptions`: whether an event and a log record that report one exception are to be recognised.
    - `alike`: the texts that no test tells apart.
    - `capabilities`: what the source can carry.
    """

    tests: Mapping[str, Sequence[Test]]
    numbers: Mapping[str, Sequence[float]]
    lengths: Sequence[int]
    scans: Sequence[tuple[Scanner, frozenset[str]]]
    all_classes: Scanner
    compared: frozenset[str]
    exact: frozenset[str]
    summed: frozenset[str]
    ordered: Sequence[NamePattern]
    concurrent: Sequence[NamePattern]
    times: ObservedTimes
    pairs_exceptions: bool
    alike: AlikeTexts
    capabilities: frozenset[Capability]

    @classmethod
    def of(cls, plans: Sequence[ContractPlan], source: SourceInfo) -> ObservedProperties | None:
        """Return what the contracts look at in traces of this source; None if one looks at more than a shape holds."""
        contents = [content for plan in plans for content in _contents(plan)]
        if not may_be_observed(plans):
            return None
        exact, summed = frozenset(_exact(plans)), frozenset(_aggregated(plans, "sum"))
        lengths = sorted({each.limits.length for each in contents if each.limits and each.limits.length is not None})
        all_classes = Scanner(each for content in contents for each in content.forbid)
        expectations = [expectation for content in contents for expectation in _expectations(content)]
        return cls(
            _tests(contents, exact, summed, source, exceptions=_ways_of_events(plans) != {"span"}),
            _numbers(contents),
            lengths,
            _scans(contents),
            all_classes,
            frozenset(name for content in contents for name in _compared(content)).union(
                _aggregated(plans, "distinct"), _aggregated(plans, "repeats")
            ),
            exact,
            summed,
            [pattern for plan in plans for pattern in _ordered(plan.top)],
            [_pattern(entry) for plan in plans for entry in plan.top.walk() if entry.concurrency],
            ObservedTimes([(plan, list(_contents(plan))) for plan in plans], source),
            "either" in _ways_of_events(plans),
            AlikeTexts.of(all_classes, expectations, exact | summed, lengths, source.capabilities),
            source.capabilities,
        )

    def bounds(self, name: str) -> Sequence[float]:
        """Return the numbers that tests compare an attribute with: all numbers between two of them give one result."""
        return self.numbers.get(name, ())

    def summed_numbers(self, attributes: Attributes) -> tuple[float, ...]:
        """Return the numbers of a span that are summed, in the order of its attributes."""
        return tuple([value for name, value in attributes.items() if name in self.summed and is_number(value)])

    def test_results(self, name: str, value: Value) -> tuple[Hashable, ...]:
        """Return the result of every test of an attribute: all that a verdict depends on, apart from `same_as`."""
        tests = self.tests.get(name)
        results = [test(value) for test in tests] if tests else []
        if self.lengths:
            results += [excess_of(value, most, self.capabilities) != 0 for most in self.lengths]
        if not attribute_leaks(name, value, self.all_classes, _NO_EXEMPTIONS, self.capabilities):  # almost always
            return (name, *results)
        return (name, *results, tuple([self._leaks(name, value, scanner, exempt) for scanner, exempt in self.scans]))

    def body_results(self, body: Value) -> Hashable:
        """Return what each scanner finds in the body of a log record."""
        if not body_leaks(body, self.all_classes, self.capabilities):  # almost always
            return None
        return tuple(
            [tuple(map(_result_key, body_leaks(body, scanner, self.capabilities))) for scanner, _ in self.scans]
        )

    def type_is_known(self, value: Value) -> bool:
        """Return whether the source shows the value's type: else the result of `same_as` depends on the other value."""
        return not possible_values(value, self.capabilities)

    def _leaks(self, name: str, value: Value, scanner: Scanner, exempt: frozenset[str]) -> Hashable:
        return tuple(map(_result_key, attribute_leaks(name, value, scanner, exempt, self.capabilities)))


def may_be_observed(plans: Sequence[ContractPlan]) -> bool:
    """Return whether a shape holds all that the contracts look at: none compares a resource or a name by `same_as`."""
    contents = [content for plan in plans for content in _contents(plan)]
    resources = any(each.matcher.same_as for content in contents for each in content.resource)
    return not resources and not any(content.name and content.name.same_as for content in contents)


def sum_attributes(plans: Sequence[ContractPlan]) -> bool:
    """Return whether a contract sums the numbers of an attribute."""
    return any(_aggregated(plans, "sum"))


def _contents(plan: ContractPlan) -> Iterator[Content]:
    yield from contents_of_entries(plan)
    yield from contents_of_rules(plan)


def _expectations(content: Content) -> Iterator[AttributeExpectation]:
    """Yield the attributes of spans and of what they carry. Resource attributes of the same name are tested alike."""
    yield from attributes_of(content)
    yield from content.resource


def _tests(
    contents: Sequence[Content],
    exact: AbstractSet[str],
    summed: AbstractSet[str],
    source: SourceInfo,
    *,
    exceptions: bool,
) -> Mapping[str, Sequence[Test]]:
    empty = Context(Topology(Trace("", ())), capabilities=source.capabilities, find_span=lambda *_: None)

    def number(value: Value) -> Hashable:
        return is_number(value) or ("maybe" if may_be_number(value, source.capabilities) else False)

    tests: dict[str, dict[str, Test]] = {
        name: {"exact": lambda value: value if is_number(value) else ("no number", number(value))} for name in exact
    }
    for name in summed:
        tests.setdefault(name, {})["summed"] = number
    for name in EXCEPTION_ATTRIBUTES if exceptions else ():
        tests.setdefault(name, {})["exception"] = lambda value: isinstance(value, str)
    for content in contents:
        for expectation in _expectations(content):
            key = repr(expectation.matcher)  # distinguishes 1, 1.0, True
            for name in expectation.names:
                of_name = tests.setdefault(name, {})
                if key not in of_name:
                    of_name[key] = _test_of(expectation, name, empty)
        for names in content.exactly_one_true:
            for name in names:
                tests.setdefault(name, {}).setdefault("exactly_one_true", lambda value: value is True)
    return {name: list(several.values()) for name, several in tests.items()}


def _ways_of_events(plans: Sequence[ContractPlan]) -> AbstractSet[Via]:
    """Return where contracts look for events: among those of spans, or in log records."""
    of_spans = {event.via for plan in plans for content in _contents(plan) for event in content.events}
    return {"span", *of_spans, *(rule.via for plan in plans for rule in plan.rules)}


def _exact(plans: Sequence[ContractPlan]) -> Iterator[str]:
    """Yield the attributes of which the very number matters, not only between which bounds it is."""
    for plan in plans:
        for entry in plan.top.walk():
            yield from entry.same_count.names if entry.same_count else ()


def _aggregated(plans: Sequence[ContractPlan], keyword: AggregateKeyword) -> Iterator[str]:
    aggregates = (each for plan in plans for rule in plan.rules for each in rule.aggregates)
    return (name for each in aggregates if each.keyword == keyword for name in each.all_names)


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


def _test_of(expectation: AttributeExpectation, name: str, empty: Context) -> Test:
    """Return the check of this one name of the attribute: aliases are judged one by one (section 4)."""
    judge = compile_attribute(replace(expectation, name=name, names=(name,)))

    def test(value: Value) -> Hashable:
        outcomes = judge({name: value}, empty)
        return tuple(map(_result_key, outcomes)) if outcomes else None

    return test


def _result_key(outcome: Outcome) -> Hashable:
    """Return a key of an outcome. All breaches are alike: a trace with a finding is judged by the engine."""
    return outcome if isinstance(outcome, Undecided) else isinstance(outcome, Breach)


def _scans(contents: Sequence[Content]) -> Sequence[tuple[Scanner, frozenset[str]]]:
    scanners: dict[tuple[tuple[PrivacyClass, ...], frozenset[str]], Scanner] = {}
    for content in contents:
        if content.forbid and (content.forbid, content.exempt) not in scanners:
            scanners[content.forbid, content.exempt] = Scanner(content.forbid)
    return [(scanner, exempt) for (_, exempt), scanner in scanners.items()]


_NO_EXEMPTIONS: frozenset[str] = frozenset()


def _compared(content: Content) -> Iterator[str]:
    for expectation in _expectations(content):
        yield from compared_names(expectation)


def _ordered(top: Entry) -> Iterator[NamePattern]:
    """Yield the names of the spans of entries that an order names."""
    entries = {entry.id: entry for entry in top.walk()}
    named = {id for entry in entries.values() for id in entry.order}
    named |= {id for entry in entries.values() for condition in entry.conditions for id in condition.order}
    return (_pattern(entries[id]) for id in sorted(named))


def _pattern(entry: Entry) -> NamePattern:
    return _ANY_NAME if entry.span is None else entry.span


_ANY_NAME = NamePattern(("*",))
