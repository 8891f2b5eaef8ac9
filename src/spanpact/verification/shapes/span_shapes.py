"""Give spans shape numbers: equal numbers if contracts cannot distinguish the spans.

A shape leaves out the span's place in the trace, its ids and its times. A span that only the engine should judge (it
has links, the SDK dropped data, or a number in it is not finite) has no shape.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Hashable, Sequence
from typing import Any, Final, TypeAlias

from spanpact.byte_budget import ByteBudget
from spanpact.engine.checks.keywords.exceptions import exception_texts
from spanpact.trace.attributes import IrregularAttributes, walk_values
from spanpact.trace.model import Attributes, ClockResolutions, Event, Resource, Scope, Span, Value
from spanpact.trace.process import (
    CALLED_BY,
    flags_all_local,
    flags_remote_below_remote,
    one_process,
    same_resource,
    sets_flags,
)
from spanpact.verification.shapes.observed_properties import ObservedProperties

SpanSummary: TypeAlias = tuple[int, str, str, int, int, int, tuple[Hashable, ...], tuple[float, ...], Any, Any]
"""What matters of a span: start, span id, parent id, end, shape, resource, the values that are compared with those of
other spans, the numbers that are summed, and the span itself as it was read (with its group if it was decoded lazily,
else None).

Sorted, summaries are in the order of `Topology.spans`. Two spans have one resource number if their resources are equal.
"""
NO_SHAPE: Final = -1
"""The shape of a span that has none."""

_MOST_REMEMBERED: Final = 1 << 14  # of each kind; a full table is emptied, which begins a new generation
_MOST_OF_VALUES: Final = 1 << 22  # bytes of the values of attributes
SMALL: Final = 1e12
"""Smaller numbers cannot be those of a payment card."""
_MOST_HELD: Final = 1 << 10  # resources and scopes, by identity
_RESOURCE_WEIGHT: Final = 1 << 6  # a new resource is compared with all distinct ones: remember fewer of them


class Unshapeable(Exception):
    """Raised for what only the engine should judge. Never leaves this package."""


class SpanShapes:
    """The shape numbers of spans, as some contracts see them. Numbers of different generations are unrelated."""

    def __init__(self, observed: ObservedProperties, clocks: ClockResolutions | None = None) -> None:
        self.observed = observed
        self._clocks = clocks
        self.generation = 0
        self.ordered: set[int] = set()
        self.concurrent: set[int] = set()
        self.timed: set[int] = set()
        """The shapes of spans whose times are compared with each other, in one of these ways or the other."""
        self.called: set[int] = set()
        """The shapes of spans that may be of another process than their parent."""
        self._forget()

    def begin(self) -> int:
        """Return the generation of the spans that follow; call it before each trace, or before several."""
        if max(len(self._attributes), len(self._shapes), len(self._distinct) * _RESOURCE_WEIGHT) > _MOST_REMEMBERED:
            self._forget()
        return self.generation

    def summary(self, span: Span) -> SpanSummary:
        """Return what matters of one span."""
        try:
            shape, process, compared = self._shape(span)
            summed = self.observed.summed_numbers(span.attributes) if self.observed.summed else ()
        except (Unshapeable, RecursionError):  # values may be nested to any depth
            shape, process, compared, summed = NO_SHAPE, 0, (), ()
        return span.start_ns, span.span_id, span.parent_id, span.end_ns, shape, process, compared, summed, span, None

    def _forget(self) -> None:
        self.generation += 1
        self.ordered.clear()
        self.concurrent.clear()
        self.timed.clear()
        self.called.clear()
        self._attributes: dict[Hashable, int] = {}
        self._shapes: dict[Hashable, int] = {}
        self._known: dict[type, dict[tuple[str, Value], int]] = {str: {}, bool: {}, int: {}}
        self._known_budget = ByteBudget(_MOST_OF_VALUES)
        self._doubles: dict[Hashable, int] = {}
        self._scopes: dict[int, tuple[Scope, int]] = {}
        self._resources: dict[int, tuple[Resource, int, int]] = {}
        self._distinct: list[Resource] = []
        self._resolutions: dict[int, int] = {}
        self._exact: set[int] = set()
        self._relations: dict[tuple[int, int], bool | None] = {}

    def _shape(self, span: Span) -> tuple[int, int, tuple[Hashable, ...]]:
        if span.links or span.dropped_attributes or span.dropped_events or span.dropped_links:
            raise Unshapeable
        compared: list[Hashable] = []
        attributes = self.attribute_numbers(span.attributes, compared)
        events = tuple([self._event(event, compared) for event in span.events]) if span.events else ()
        resource, process = self.resource(span.resource)
        called = span.parent_remote is True or span.kind in CALLED_BY
        shape = self._shape_number(
            called, span.name, span.kind, span.status, span.status_message, span.trace_state, span.parent_remote,
            resource, self.scope_number(span.scope), attributes, events,
        )  # fmt: skip
        return shape, process, tuple(compared)

    def _shape_number(self, called: bool, name: str, *rest: Hashable) -> int:
        key = (name, *rest)
        shape = self._shapes.get(key)
        if shape is None:
            shape = self._shapes[key] = len(self._shapes)
            if any(pattern.fits(name) for pattern in self.observed.ordered):
                self.ordered.add(shape)
            if any(pattern.fits(name) for pattern in self.observed.concurrent):
                self.concurrent.add(shape)
            self.timed = self.ordered | self.concurrent
            if called:
                self.called.add(shape)
        return shape

    def attribute(self, name: str, value: Value) -> int:
        """Return the number of an attribute: one number for all with the same test results. Raise Unshapeable."""
        if type(value) is float and -SMALL < value < SMALL:
            return self.double(name, value)
        if not isinstance(value, str | int) and not shapeable(value):
            raise Unshapeable
        results = self.observed.test_results(name, value)
        return self._attributes.setdefault(results, len(self._attributes))

    def _remember(self, name: str, value: Value) -> int:
        """Return the number of an attribute, and remember it if its value is a text, a boolean or an integer."""
        number = self.attribute(name, value)
        known, size = self._known.get(type(value)), len(value) if isinstance(value, str) else 0
        if known is not None and self._known_budget.takes(size):
            if self._known_budget.is_spent:
                self._known_budget.renew()
                for each in self._known.values():
                    each.clear()
            self._known_budget.spend(size)
            known[name, value] = number
        return number

    def number(self, key: Hashable) -> int:
        """Return the number of anything else that matters, such as a log record without its times and ids."""
        return self._attributes.setdefault(key, len(self._attributes))

    def double(self, name: str, value: float) -> int:
        """Return the number of an attribute whose value is smaller than SMALL.

        No privacy class fits such a value. Only the bounds that contracts compare it with matter, unless it is a count.
        """
        bounds = self.observed.bounds(name)
        key: Hashable = (name, bisect_left(bounds, value), bisect_right(bounds, value)) if bounds else name
        if name in self.observed.exact:
            key = name, value
        number = self._doubles.get(key)
        if number is None:
            results = self.observed.test_results(name, value)
            number = self._doubles[key] = self._attributes.setdefault(results, len(self._attributes))
        return number

    def attribute_numbers(self, attributes: Attributes, compared: list[Hashable]) -> tuple[int, ...]:
        """Return the numbers of attributes; add values that are compared with others to `compared`."""
        if type(attributes) is not dict:  # a key repeats
            raise Unshapeable
        compared_names, known_of, numbers = self.observed.compared, self._known, []
        for name, value in attributes.items():
            if name in compared_names:
                if not self.observed.type_is_known(value):
                    raise Unshapeable
                compared.append(comparable(value))
            known = known_of.get(type(value))  # by type, as 1, 1.0 and True are one key
            number = known.get((name, value)) if known is not None else None
            numbers.append(self._remember(name, value) if number is None else number)
        return tuple(numbers)

    def _event(self, event: Event, compared: list[Hashable]) -> Hashable:
        if event.dropped_attributes:
            raise Unshapeable
        numbers = self.attribute_numbers(event.attributes, compared)
        if self.observed.pairs_exceptions:
            compared += exception_texts(event)
        return event.name, numbers

    def scope_number(self, scope: Scope) -> int:
        """Return the number of a scope: one number for all with the same test results."""
        known = self._scopes.get(id(scope))
        if known is None:
            if scope.dropped_attributes:
                raise Unshapeable
            attributes = self.attribute_numbers(scope.attributes, [])
            number = self._attributes.setdefault((scope.name, scope.version, attributes), len(self._attributes))
            if len(self._scopes) >= _MOST_HELD:
                self._scopes.clear()
            known = self._scopes[id(scope)] = (scope, number)
        return known[1]

    def resource(self, resource: Resource) -> tuple[int, int]:
        """Return the number of a resource by its test results, and its number among all distinct resources."""
        known = self._resources.get(id(resource))  # the table holds the resource, so that its id stays its own
        if known is None:
            if resource.dropped_attributes:
                raise Unshapeable
            attributes = self.attribute_numbers(resource.attributes, [])
            service = repr(resource.attributes.get("service.name"))
            habits = flags_all_local(resource), flags_remote_below_remote(resource), sets_flags(resource)
            key = ("resource", service, attributes, *habits)
            number = self._attributes.setdefault(key, len(self._attributes))
            if len(self._resources) >= _MOST_HELD:
                self._resources.clear()
            known = self._resources[id(resource)] = (resource, number, self._resource_number(resource))
        return known[1:]

    def distinct_resource(self, number: int) -> Resource:
        """Return a resource by its number among all distinct ones."""
        return self._distinct[number]

    def resolutions_of(self, resources: Sequence[int]) -> tuple[int, ...] | None:
        """Return the resolutions of the times of some resources, None if all are exact."""
        if self._exact.issuperset(resources):
            return None
        known = self._resolutions
        for number in set(resources).difference(known):
            known[number] = self._clocks.resolution_ns(self._distinct[number]) if self._clocks else 1
            if known[number] == 1:
                self._exact.add(number)
        resolutions = tuple([known[number] for number in resources])
        return resolutions if max(resolutions) > 1 else None

    def one_process(self, one: int, other: int) -> bool | None:
        """Return whether the resources with these numbers describe one process; None where they do not show it."""
        pair = one, other
        if pair not in self._relations:
            if len(self._relations) >= _MOST_REMEMBERED:
                self._relations.clear()
            self._relations[pair] = one_process(self._distinct[one], self._distinct[other])
        return self._relations[pair]

    def _resource_number(self, resource: Resource) -> int:
        """Return the number of a resource among all that are distinct."""
        for number, each in enumerate(self._distinct):
            if same_resource(each, resource):
                return number
        self._distinct.append(resource)
        return len(self._distinct) - 1


def comparable(value: Value) -> Hashable:
    """Return a key that is equal for equal values, as `same_as` compares them. Raise Unshapeable for lists and maps."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false", None
    if isinstance(value, int | float):
        return value, None
    raise Unshapeable


def shapeable(value: Value) -> bool:
    """Return whether all numbers in the value are finite, and no key of a map repeats."""
    return all(
        math.isfinite(one) if isinstance(one, float) else type(one) is not IrregularAttributes
        for one in walk_values(value)
    )
