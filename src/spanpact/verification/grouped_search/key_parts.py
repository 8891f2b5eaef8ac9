"""Find what a search's spans have that contracts look at: what SQL needs to make keys of the shapes of traces.

Values of an attribute that has few are looked at one by one, as `SpanShapes` does. Of others only what surely is not
distinguished has a class: texts that are nothing but a text and fit no pattern of the privacy screen, small numbers.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Final

from spanpact.contract.compiled import AttributeExpectation, ContractPlan, Matcher
from spanpact.sources.clickhouse.grouping import KeyParts, ResourceStarts, TraceGroups
from spanpact.sources.clickhouse.rows import value_of
from spanpact.trace.clocks import COARSE_NS, Clocks
from spanpact.trace.model import Resource
from spanpact.verification.shapes import ObservedProperties, SpanShapes
from spanpact.verification.shapes.plan_contents import attributes_of, contents_of_entries, contents_of_rules
from spanpact.verification.shapes.span_shapes import Unshapeable

_MOST_BYTES: Final = 16_000  # of all values listed: servers limit URLs
_MOST_NAMES: Final = 500
_ANY_TEXT: Final = "x"
_BOUND: Final = re.compile(r"-?\d{1,9}(?:\.\d{1,6})?", re.ASCII)
_OF_VALUES: Final = frozenset(each.name for each in fields(Matcher)) - {
    "type",
    "optional",
    "presence",
    "same_as",
    "regex",
}
_OF_BOUNDS: Final = frozenset(["at_least", "at_most"])


class NotGroupable(Exception):
    """Raised where traces cannot be grouped, or where it would not pay. Never leaves this package."""


@dataclass(frozen=True, slots=True)
class SearchedResource:
    """A resource with its hash in ClickHouse: how many starts are not 0, and multiples of each of `COARSE_NS`."""

    resource: Resource
    hash: str
    number: int
    multiples: Sequence[int]


def resources_of(groups: TraceGroups) -> list[SearchedResource]:
    """Return the resources of a search."""
    return [_counted(each) for each in groups.resources(COARSE_NS)]


def _counted(found: ResourceStarts) -> SearchedResource:
    number, *multiples = found.counts
    return SearchedResource(Resource(found.attributes), found.hash, number, multiples)


def clocks_of(resources: Sequence[SearchedResource]) -> Clocks:
    """Return the clocks that the starts of all spans show."""
    found = Clocks()
    _add(found, resources)
    clocks = Clocks(found.found())
    _add(clocks, resources)
    return clocks


def _add(clocks: Clocks, resources: Sequence[SearchedResource]) -> None:
    for each in resources:
        clocks.add_counted(each.resource, each.number, each.multiples)


class KeyPartsFinder:
    """Finds the parts of keys for some contracts."""

    def __init__(self, plans: Sequence[ContractPlan], observed: ObservedProperties, clocks: Clocks) -> None:
        self._observed, self._clocks = observed, clocks
        self._shapes = SpanShapes(observed, clocks)
        self._expected: dict[str, list[Matcher]] = {}
        for expectation in _expectations(plans):
            for name in expectation.names:
                self._expected.setdefault(name, []).append(expectation.matcher)

    def parts(
        self, values: Mapping[str, Sequence[str] | None], names: Sequence[str], resources: Sequence[SearchedResource]
    ) -> KeyParts:
        """Return the parts for the attributes and the spans of a search. Raise NotGroupable."""
        observed, times = self._observed, self._observed.times
        alike, alike_texts, bounds, listed = self._sorted(values)
        if sum(len(name) + len(value) for name, value in listed) > _MOST_BYTES or len(values) > _MOST_NAMES:
            raise NotGroupable
        ordered = [each for each in names if any(pattern.fits(each) for pattern in observed.ordered)]
        concurrent = [each for each in names if any(pattern.fits(each) for pattern in observed.concurrent)]
        timed = bool(observed.ordered or observed.concurrent)
        if timed and (len(names) > _MOST_NAMES or sum(map(len, names)) > _MOST_BYTES):
            raise NotGroupable
        return KeyParts(
            listed=listed,
            alike=alike,
            alike_texts=alike_texts,
            bounds=bounds,
            leaks="|".join(f"(?:{each})" for each in observed.alike.screen.patterns),
            longest=observed.alike.longest,
            compared=sorted(observed.compared),
            names=names if timed else (),
            ordered=ordered,
            concurrent=concurrent,
            allowances_ns=sorted({*times.allowances_ns(one_process=True), *times.allowances_ns(one_process=False)}),
            cuts_ns=times.duration_cuts_ns(),
            coarse=[each.hash for each in resources if self._clocks.resolution_ns(each.resource) > 1],
            no_events=observed.pairs_exceptions,
            salt=(secrets.randbits(64), secrets.randbits(64)),
        )

    def _sorted(
        self, values: Mapping[str, Sequence[str] | None]
    ) -> tuple[list[str], list[str], dict[str, Sequence[str]], dict[tuple[str, str], int]]:
        alike, alike_texts, bounds, listed = (
            list[str](),
            list[str](),
            dict[str, Sequence[str]](),
            dict[tuple[str, str], int](),
        )
        for name, found in values.items():
            is_free = self._is_free(name)
            if is_free and name not in self._observed.tests and name not in self._observed.compared:
                alike.append(name)
            elif is_free and name not in self._observed.alike.told_apart:
                alike_texts.append(name)
            elif is_free and (of_name := self._bounds(name)) is not None:
                bounds[name] = of_name
            if found is not None:
                listed |= {(name, value): self._class(name, value) for value in found}
        return alike, alike_texts, bounds, listed

    def _is_free(self, name: str) -> bool:
        """Return whether the name says nothing of the value, and no clean text is private."""
        alike = self._observed.alike
        return alike.is_clean(_ANY_TEXT.encode()) and not alike.scanner.may_leak((name, _ANY_TEXT), name)

    def _bounds(self, name: str) -> Sequence[str] | None:
        """Return the numbers that tests compare the attribute with, if they look at nothing else."""
        observed = self._observed
        if name in observed.compared or name in observed.exact or name in observed.summed:
            return None
        looked_at = {
            each for matcher in self._expected.get(name, ()) for each in _OF_VALUES if _is_given(matcher, each)
        }
        shown = list(map(_shown, observed.bounds(name)))
        return shown if looked_at <= _OF_BOUNDS and all(map(_BOUND.fullmatch, shown)) else None

    def _class(self, name: str, stored: str) -> int:
        """Return the class of one value; 0 for one that has no shape."""
        value = value_of(stored)
        if name in self._observed.compared and not self._observed.type_is_known(value):
            return 0
        try:
            return 1 + self._shapes.attribute(name, value)
        except (Unshapeable, RecursionError):
            return 0


def _is_given(matcher: Matcher, field: str) -> bool:
    return bool(getattr(matcher, field) != getattr(_ANY, field))


_ANY: Final = Matcher()


def _shown(number: float) -> str:
    return str(int(number)) if number == int(number) else repr(number)


def _expectations(plans: Sequence[ContractPlan]) -> Iterator[AttributeExpectation]:
    for plan in plans:
        for content in (*contents_of_entries(plan), *contents_of_rules(plan)):
            yield from attributes_of(content)
            yield from content.resource
