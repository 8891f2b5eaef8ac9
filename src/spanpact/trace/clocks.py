"""Decide how far two times may differ before the difference means something. All times are in nanoseconds.

The clock of a process may be coarser than its source. `Clocks` infers its resolution from the starts of all spans of a
resource, because some SDKs cut starts only: that of JavaScript reads a start from a clock of whole milliseconds, and
adds the time that another, finer clock has measured since (`ends_by_another_clock`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from spanpact.trace.equality import value_key
from spanpact.trace.model import Resource, Span, Trace

COARSE_NS: Final = (1_000_000, 1_000)
"""The resolutions that are inferred, the coarsest first."""
ENOUGH: Final = 5
"""The number of whole starts that decide. An SDK that is known to cut its starts needs one."""
_MOST_GIVEN: Final = 100
"""The SDK for JavaScript cuts its starts if one in so many is whole: callers may give exact ones for other spans."""
_CUT_STARTS: Final = ("nodejs", "webjs")
_LANGUAGE: Final = "telemetry.sdk.language"
_SDK: Final = "telemetry.sdk.name"
_EMITTER: Final = ("service.namespace", "service.name", _SDK, _LANGUAGE)
_MOST_REMEMBERED: Final = 1 << 12
_MOST_WAITING: Final = 1 << 8


def rounding_ns(resolution_ns: int) -> int:
    """Return by how much a duration may differ from what a source of this resolution shows."""
    return resolution_ns - 1


def allowance_ns(*, tolerance_ns: int, skew_ns: int, resolution_ns: int, same_process: bool) -> int:
    """Return how far the times of two spans may contradict each other (section 6 of docs/contract-format.md).

    `tolerance_ns` and `skew_ns` are the contract's, `resolution_ns` is that of the coarser time. The skew of clocks is
    only allowed between processes.
    """
    return tolerance_ns + rounding_ns(resolution_ns) + (0 if same_process else skew_ns)


def two_source_allowance_ns(resolution_ns: int) -> int:
    """Return how far two sources may differ on one time, given the coarser resolution of the two.

    A source of whole microseconds may cut both start and duration: an end is then off by up to two units.
    """
    return 2 * resolution_ns if resolution_ns > 1 else 0


@dataclass(slots=True)
class _Starts:
    """The starts of some spans: how many, and of which unit all of them are multiples (then 1: more change nothing).

    `is_cut`: made by the SDK for JavaScript; then `whole` of them are whole milliseconds. `waiting` were added and not
    counted yet: many are counted at once, as a group of spans is often one span.
    """

    service: str = ""
    emitter: int = 0
    is_cut: bool = False
    added: bool = False
    number: int = 0
    whole: int = 0
    unit_ns: int = COARSE_NS[0]
    waiting: list[int] = field(default_factory=list)

    def add(self, starts: Iterable[int]) -> None:
        self.added = True
        self.waiting.extend(starts)
        if len(self.waiting) > _MOST_WAITING:
            self.count()

    def count(self) -> None:
        """Count the starts that wait. Those that are 0 are no times."""
        if not self.waiting:
            return
        starts = [start for start in self.waiting if start]
        self.waiting.clear()
        self.number += len(starts)
        if self.is_cut:
            self.whole += len([start for start in starts if not start % COARSE_NS[0]])
        while self.unit_ns > 1 and any(start % self.unit_ns for start in starts):
            self.unit_ns = next((unit for unit in COARSE_NS if unit < self.unit_ns), 1)


class FoundResolution(NamedTuple):
    """The resolution of a resource's times, and the coarsest that it may turn out to have when more spans come."""

    unit_ns: int
    possible_ns: int


_EXACT: Final = FoundResolution(1, 1)


class Clocks:
    """The resolution of each resource's times, inferred from the spans that were added.

    A resolution does not change once it was asked for. `known` gives resolutions that were found before, as `found`
    returns them.
    """

    def __init__(self, known: Mapping[int, FoundResolution] | None = None) -> None:
        self._known = known
        self._starts: dict[int, _Starts] = {}
        self._emitters: dict[int, _Starts] = {}
        self._by_object: dict[int, tuple[Resource, int, _Starts]] = {}
        self._used: dict[int, int] = {}
        self._used_as_possible: dict[int, int] = {}  # 0: different ones

    @classmethod
    def of(cls, traces: Iterable[Trace]) -> Clocks:
        """Return the clocks of all spans of some traces."""
        clocks = cls()
        for trace in traces:
            clocks.add_spans(trace.spans)
        return clocks

    def add_spans(self, spans: Iterable[Span]) -> None:
        """Add spans of any resources."""
        starts: dict[int, tuple[Resource, list[int]]] = {}
        for span in spans:
            known = starts.get(id(span.resource))
            if known is None:
                known = starts[id(span.resource)] = span.resource, []
            known[1].append(span.start_ns)
        for resource, several in starts.values():
            self.add(resource, several)

    def add(self, resource: Resource, starts: Iterable[int]) -> None:
        """Add the starts of some spans of one resource; those that are 0 are no times."""
        _, _, own = self._by_object.get(id(resource)) or self._remember(resource)
        if own.is_cut:
            own.add(starts)
        elif own.unit_ns > 1:
            times = list(starts)
            own.add(times)
            self._emitters[own.emitter].add(times)

    def add_counted(self, resource: Resource, number: int, multiples: Sequence[int]) -> None:
        """Add spans of one resource that somebody else has counted.

        `number` of their starts are not 0; `multiples` are how many of these are multiples of each of `COARSE_NS`.
        """
        unit_ns = next((unit for unit, fitting in zip(COARSE_NS, multiples, strict=True) if fitting == number), 1)
        _, _, own = self._by_object.get(id(resource)) or self._remember(resource)
        for starts in (own,) if own.is_cut else (own, self._emitters[own.emitter]):
            starts.added = True
            starts.number += number
            starts.whole += multiples[0]
            starts.unit_ns = min(starts.unit_ns, unit_ns)

    def wants_more(self, resource: Resource) -> bool:
        """Return whether more starts of a resource may change anything; once they do not, they never do."""
        _, _, own = self._by_object.get(id(resource)) or self._remember(resource)
        return own.is_cut or own.unit_ns > 1

    def resolution_ns(self, resource: Resource) -> int:
        """Return the resolution of a resource's times."""
        _, key, _ = self._by_object.get(id(resource)) or self._remember(resource)
        used = self._used.get(key)
        if used is None:
            used = self._used[key] = (
                self._inferred(key) if self._known is None else self._known.get(key, _EXACT).unit_ns
            )
        return used

    def possible_ns(self, resource: Resource) -> int:
        """Return the coarsest resolution that the resource may turn out to have when more spans come."""
        _, key, _ = self._by_object.get(id(resource)) or self._remember(resource)
        possible = self._possible(key) if self._known is None else self._known.get(key, _EXACT).possible_ns
        if self._used_as_possible.setdefault(key, possible) != possible:
            self._used_as_possible[key] = 0
        return possible

    def found(self) -> dict[int, FoundResolution]:
        """Return the resolutions that all spans added show, by a key of the resource; those of 1 ns are left out."""
        found = {key: FoundResolution(self._inferred(key), self._possible(key)) for key in self._starts}
        return {key: each for key, each in found.items() if each != _EXACT}

    def all_as_used(self) -> bool:
        """Return whether every resolution that was asked for is the one that all spans added show."""
        as_used = all(self._inferred(key) == used for key, used in self._used.items())
        return as_used and all(self._possible(key) == used for key, used in self._used_as_possible.items())

    def coarse(self) -> Sequence[tuple[str, int]]:
        """Return the service names of resources whose times are coarser than 1 ns, sorted, with their resolution."""
        return sorted({(self._starts[key].service, unit) for key, (unit, _) in self.found().items() if unit > 1})

    def _possible(self, key: int) -> int:
        starts = self._starts[key]
        if not starts.added:
            return 1
        starts.count()
        return COARSE_NS[0] if starts.is_cut else starts.unit_ns

    def _inferred(self, key: int) -> int:
        """Return what the starts of a resource show: if they are few, what all of its emitter show."""
        own = self._starts.get(key)
        if own is None:
            return 1
        own.count()
        if not own.number:
            return 1
        if own.is_cut:
            return COARSE_NS[0] if own.whole * _MOST_GIVEN >= own.number else own.unit_ns
        if own.unit_ns == 1 or own.number >= ENOUGH:
            return own.unit_ns
        emitter = self._emitters[own.emitter]
        emitter.count()
        return min(own.unit_ns, emitter.unit_ns) if emitter.number >= ENOUGH else 1

    def _remember(self, resource: Resource) -> tuple[Resource, int, _Starts]:
        """Return the resource, a key that is equal for equal resources, and the starts of all resources of this key."""
        if len(self._by_object) >= _MOST_REMEMBERED:
            self._by_object.clear()
        key = hash(value_key(resource.attributes))
        own = self._starts.get(key)
        if own is None:
            own = self._starts[key] = _no_starts(resource)
            self._emitters.setdefault(own.emitter, _Starts())
        known = self._by_object[id(resource)] = resource, key, own  # which holds the resource: its id stays its own
        return known


def _no_starts(resource: Resource) -> _Starts:
    attributes = resource.attributes
    emitter = hash(value_key([attributes.get(name) for name in _EMITTER]))
    return _Starts(str(attributes.get("service.name", "")), emitter, _cuts_starts(resource))


def _cuts_starts(resource: Resource) -> bool:
    """Return whether the resource is of the SDK for JavaScript of OpenTelemetry."""
    attributes = resource.attributes
    return attributes.get(_LANGUAGE) in _CUT_STARTS and attributes.get(_SDK, "opentelemetry") == "opentelemetry"


def ends_by_another_clock(span: Span, resolution_ns: int) -> bool:
    """Return whether the end of the span is its start plus what a second clock has measured since that was first read.

    The SDK for JavaScript does so for each span whose caller gives no start. If the process pauses between reading the
    two clocks, the end is too early by the length of the pause, which may be of any length. It is over when the first
    child starts. `resolution_ns` is that of the span's times: starts that are finer are not of that clock.
    """
    is_cut = resolution_ns >= COARSE_NS[0] and not span.start_ns % COARSE_NS[0]
    return is_cut and _cuts_starts(span.resource)


def frozen_resources(
    resources: Sequence[int], times: Sequence[tuple[int, int]], parents: Sequence[int]
) -> frozenset[int]:
    """Return the resources whose clock stood still: all times of their spans are one instant, and one is in another.

    The arguments have the number of the resource, the start and the end, and the index of the parent (negative: not in
    the trace) of each span.
    """
    instants: dict[int, set[int]] = {}
    for resource, both in zip(resources, times, strict=True):
        instants.setdefault(resource, set()).update(both)
    still = {resource for resource, several in instants.items() if len(several) == 1}
    within = {resources[i] for i, parent in enumerate(parents) if parent >= 0 and resources[i] == resources[parent]}
    return frozenset(still & within)
