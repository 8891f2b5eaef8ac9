"""Count what spans and log records hold, one batch after another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from spanpact.engine.checks.values.matching import type_of
from spanpact.trace.attributes import pairs_of
from spanpact.trace.clocks import Clocks
from spanpact.trace.equality import value_key
from spanpact.trace.model import Attributes, LogRecord, Resource, Span, Value
from spanpact.trace_summary.parents import Parentage, ParentFinder
from spanpact.trace_summary.summary import AttributeSummary, Holder, NameSummary, ServiceSummary, TraceSummary

MOST_NAMES: Final = 10_000
"""Pairs of a service and a name, and attributes: those beyond are only counted."""
MOST_VALUES: Final = 10
"""Distinct values of an attribute that are kept."""
LONGEST: Final = 500
"""Characters of a name or a value that is kept."""


@dataclass(slots=True)
class _Name:
    """The spans of one service and name so far, by kind."""

    kinds: Counter[str] = field(default_factory=Counter)
    errors: int = 0


@dataclass(slots=True)
class _Attribute:
    """One attribute so far: how often it had a value of each type, and its first values by a key."""

    types: Counter[str] = field(default_factory=Counter)
    values: dict[str, tuple[Value, int]] = field(default_factory=dict)
    other_values: int = 0


class SummaryCounter:
    """Counts spans and log records. `values`: keep the first values of each attribute, too."""

    def __init__(self, *, values: bool = False) -> None:
        self._with_values = values
        self._names: dict[tuple[str, str], _Name] = {}
        self._numbers: dict[tuple[str, str], int] = {}
        self._attributes: dict[tuple[Holder, str], _Attribute] = {}
        self._clocks = Clocks()
        self._parents = ParentFinder()
        self._spans = self._logs = self._other_names = self._other_attributes = 0

    def add(self, spans: Sequence[Span], logs: Iterable[LogRecord] = ()) -> None:
        """Count the spans and log records of one batch."""
        self._clocks.add_spans(spans)
        resources: dict[int, tuple[Resource, int]] = {}
        for span in spans:
            resources[id(span.resource)] = span.resource, resources.get(id(span.resource), (None, 0))[1] + 1
            self._add_span(span)
        for resource, number in resources.values():
            self._add_attributes("resource", resource.attributes, number)
        for log in logs:
            self._logs += 1
            self._add_attributes("log", log.attributes)

    def _add_span(self, span: Span) -> None:
        self._spans += 1
        key = _kept(str(span.resource.attributes.get("service.name", ""))), _kept(span.name)
        name = self._names.get(key)
        if name is None and len(self._names) < MOST_NAMES:
            name = self._names[key] = _Name()
            self._numbers[key] = len(self._numbers)
        if name is None:
            self._other_names += 1
        else:
            name.kinds[span.kind] += 1
            name.errors += span.status == "error"
        self._parents.add(span, self._numbers.get(key, -1))
        self._add_attributes("span", span.attributes)
        for event in span.events:
            self._add_attributes("event", event.attributes)
        for link in span.links:
            self._add_attributes("link", link.attributes)

    def _add_attributes(self, holder: Holder, attributes: Attributes, number: int = 1) -> None:
        for name, value in pairs_of(attributes):
            key = holder, _kept(name)
            attribute = self._attributes.get(key)
            if attribute is None:
                if len(self._attributes) >= MOST_NAMES:
                    self._other_attributes += number
                    continue
                attribute = self._attributes[key] = _Attribute()
            attribute.types[type_of(value)] += number
            if self._with_values:
                _add_value(attribute, value, number)

    def summary(self, source: str, *, resolution_ns: int = 1) -> TraceSummary:
        """Return what was counted of a source, whose times have this resolution at best."""
        parentage = self._parents.parentage()
        clocks = dict(self._clocks.coarse())  # sorted: the coarsest of a service is the last
        services: dict[str, list[NameSummary]] = {}
        for (service, name), counted in self._names.items():
            services.setdefault(service, []).append(self._name(service, name, counted, parentage))
        return TraceSummary(
            source,
            parentage.traces,
            self._spans,
            self._logs,
            parentage.roots.total(),
            parentage.orphans.total(),
            [_service(name, names, clocks, resolution_ns) for name, names in sorted(services.items())],
            [
                AttributeSummary(holder, name, dict(each.types), list(each.values.values()), each.other_values)
                for (holder, name), each in sorted(self._attributes.items(), key=_in_order)
            ],
            self._other_names,
            self._other_attributes,
        )

    def _name(self, service: str, name: str, counted: _Name, parentage: Parentage) -> NameSummary:
        number = self._numbers[service, name]
        spans = counted.kinds.total()
        roots, orphans = parentage.roots[number], parentage.orphans[number]
        return NameSummary(name, spans, dict(counted.kinds), counted.errors, roots, orphans)


def _service(name: str, names: Sequence[NameSummary], clocks: Mapping[str, int], resolution_ns: int) -> ServiceSummary:
    by_number = sorted(names, key=lambda each: (-each.spans, each.name))
    return ServiceSummary(name, sum(each.spans for each in names), max(clocks.get(name, 1), resolution_ns), by_number)


def _in_order(item: tuple[tuple[Holder, str], _Attribute]) -> tuple[int, str]:
    holders: Sequence[Holder] = ("resource", "span", "event", "link", "log")
    (holder, name), _ = item
    return holders.index(holder), name


def _kept(text: str) -> str:
    """Return a text, or what stands for one that is too long: a cut could make private data unrecognizable."""
    return text if len(text) <= LONGEST else f"(longer than {LONGEST} characters)"


def _add_value(attribute: _Attribute, value: Value, number: int) -> None:
    key = value_key(value)
    known = attribute.values.get(key)
    if known is None and (len(attribute.values) >= MOST_VALUES or len(key) > LONGEST):
        attribute.other_values += number
    else:
        attribute.values[key] = value, number + (known[1] if known else 0)
