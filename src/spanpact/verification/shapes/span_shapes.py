"""The form of a span: all of it that contracts can tell apart, but for its place in the trace, its ids and its times.

Forms are numbers, given out as they come: equal numbers are equal forms. A span that only the engine itself should
judge (it has links, or lost data, or a number that is none) has no form.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Hashable
from typing import Any, Final, TypeAlias

from spanpact.trace.model import Attributes, Event, Resource, Scope, Span, Value
from spanpact.trace.process import same_resource
from spanpact.verification.shapes.observed_facts import Aspects

Facts: TypeAlias = tuple[int, str, str, int, int, int, tuple[Hashable, ...], Any, Any]
"""Start, span id, parent id, end, form, resource, the values that are compared with those of other spans, and the span
itself in whatever form it came.

Sorted, facts are in the order of `Topology.spans`. Two resources have one number if they are equal (section 6).
"""
ODD: Final = -1
"""The form of a span that has none."""

_REMEMBERED: Final = 1 << 14  # of each kind: what comes after starts anew
SMALL: Final = 1e12
"""The digits of a number as large as that may be those of a payment card."""
_HELD: Final = 1 << 10  # resources and scopes, by identity
_DEARER: Final = 1 << 6  # to look for an equal resource is to compare it with all


class Oddity(Exception):
    """Something that only the engine itself should judge. Never leaves this package."""


class Forms:
    """Gives spans their forms, as some contracts see them. Forms of different `generation`s cannot be compared."""

    def __init__(self, aspects: Aspects) -> None:
        self.aspects = aspects
        self.generation = 0
        self.ordered: set[int] = set()
        self.concurrent: set[int] = set()
        """The forms of spans whose times are compared with each other."""
        self._forget()

    def begin(self) -> int:
        """To be called before the spans of a trace, or of more; the generation of the forms that follow."""
        if max(len(self._traits), len(self._forms), len(self._distinct) * _DEARER) > _REMEMBERED:
            self._forget()
        return self.generation

    def facts(self, span: Span) -> Facts:
        """The facts of one span."""
        try:
            form, resource, related = self._form(span)
        except (Oddity, RecursionError):  # values may be nested as deep as they like
            form, resource, related = ODD, 0, ()
        return span.start_ns, span.span_id, span.parent_id, span.end_ns, form, resource, related, span, None

    def _forget(self) -> None:
        self.generation += 1
        self.ordered.clear()
        self.concurrent.clear()
        self._traits: dict[Hashable, int] = {}
        self._forms: dict[Hashable, int] = {}
        self._known: dict[type, dict[tuple[str, Value], int]] = {str: {}, bool: {}, int: {}}
        self._numbers: dict[Hashable, int] = {}
        self._scopes: dict[int, tuple[Scope, int]] = {}
        self._resources: dict[int, tuple[Resource, int, int]] = {}
        self._distinct: list[Resource] = []

    def _form(self, span: Span) -> tuple[int, int, tuple[Hashable, ...]]:
        if span.links or span.dropped_attributes or span.dropped_events or span.dropped_links:
            raise Oddity
        related: list[Hashable] = []
        traits = self._carried(span.attributes, related)
        events = tuple([self._event(event, related) for event in span.events]) if span.events else ()
        resource, number = self.resource(span.resource)
        form = self.form(
            span.name, span.kind, span.status, span.status_message, span.trace_state, span.parent_remote,
            resource, self.scope(span.scope), traits, events,
        )  # fmt: skip
        return form, number, tuple(related)

    def form(self, name: str, *rest: Hashable) -> int:
        """The number of a form."""
        key = (name, *rest)
        form = self._forms.get(key)
        if form is None:
            form = self._forms[key] = len(self._forms)
            if any(pattern.fits(name) for pattern in self.aspects.ordered):
                self.ordered.add(form)
            if any(pattern.fits(name) for pattern in self.aspects.concurrent):
                self.concurrent.add(form)
        return form

    def trait(self, name: str, value: Value) -> int:
        """The number of an attribute: those of which every test says the same have one. Raises Oddity."""
        if type(value) is float and -SMALL < value < SMALL:
            return self.number(name, value)
        if not isinstance(value, str | int) and not _finite(value):
            raise Oddity
        answers = self.aspects.answers(name, value)
        trait = self._traits.setdefault(answers, len(self._traits))
        known = self._known.get(type(value))
        if known is not None:
            if len(known) >= _REMEMBERED:
                known.clear()
            known[name, value] = trait
        return trait

    def number(self, name: str, value: float) -> int:
        """The same for a number smaller than SMALL: no privacy class fits it, and it is only compared with others."""
        limits = self.aspects.limits(name)
        key = (name, bisect_left(limits, value), bisect_right(limits, value)) if limits else name
        trait = self._numbers.get(key)
        if trait is None:
            answers = self.aspects.answers(name, value)
            trait = self._numbers[key] = self._traits.setdefault(answers, len(self._traits))
        return trait

    def _carried(self, attributes: Attributes, related: list[Hashable]) -> tuple[int, ...]:
        """The traits of attributes; values that are compared with others are added to `related`."""
        compared, known_of, traits = self.aspects.related, self._known, []
        for name, value in attributes.items():
            if name in compared:
                if not self.aspects.is_sure(value):
                    raise Oddity
                related.append(comparable(value))
            known = known_of.get(type(value))  # by type, as 1, 1.0 and True are one key
            trait = known.get((name, value)) if known is not None else None
            traits.append(self.trait(name, value) if trait is None else trait)
        return tuple(traits)

    def _event(self, event: Event, related: list[Hashable]) -> Hashable:
        if event.dropped_attributes:
            raise Oddity
        return event.name, self._carried(event.attributes, related)

    def scope(self, scope: Scope) -> int:
        """What every test says of a scope."""
        known = self._scopes.get(id(scope))
        if known is None:
            traits = self._carried(scope.attributes, [])
            number = self._traits.setdefault((scope.name, scope.version, traits), len(self._traits))
            if len(self._scopes) >= _HELD:
                self._scopes.clear()
            known = self._scopes[id(scope)] = (scope, number)
        return known[1]

    def resource(self, resource: Resource) -> tuple[int, int]:
        """What every test says of a resource, and which of those that are not equal it is."""
        known = self._resources.get(id(resource))  # the table holds it, so that its id stays its own
        if known is None:
            traits = self._carried(resource.attributes, [])
            service = repr(resource.attributes.get("service.name"))
            trait = self._traits.setdefault(("resource", service, traits), len(self._traits))
            if len(self._resources) >= _HELD:
                self._resources.clear()
            known = self._resources[id(resource)] = (resource, trait, self._process(resource))
        return known[1:]

    def _process(self, resource: Resource) -> int:
        """Return the number of the process that the resource describes."""
        for number, each in enumerate(self._distinct):
            if same_resource(each, resource):
                return number
        self._distinct.append(resource)
        return len(self._distinct) - 1


def comparable(value: Value) -> Hashable:
    """Something that equals that of another value if the values are equal, as `same_as` says it."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false", None
    if isinstance(value, int | float):
        return value, None
    raise Oddity


def _finite(value: Value) -> bool:
    stack = [value]
    while stack:
        one = stack.pop()
        if isinstance(one, float) and not math.isfinite(one):
            return False
        if isinstance(one, list):
            stack.extend(one)
        elif isinstance(one, dict):
            stack.extend(one.values())
    return True
