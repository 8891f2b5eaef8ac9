"""One trace as split keys see it: the shapes of its spans and their tree, without decoding a span."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import cached_property
from typing import Any, Final, NamedTuple

from spanpact.engine.checks.keywords.exceptions import exception_texts
from spanpact.trace.model import Attributes, Event, LogRecord, Resource, Span
from spanpact.trace.process import Processes, flags_remote_below_remote
from spanpact.trace.topology import TOP
from spanpact.verification.shapes import RecordSummary, SpanShapes, SpanSummary, TraceShape

_ELSEWHERE: Final = -2  # the parent of a span whose parent is not in the trace (shapes.trace_shapes)

EXCEPTION: Final = "(exception)"
"""The name of what tells the exceptions of a span apart, among the values that are compared. No attribute has it."""


class ContentFacts(NamedTuple):
    """What all spans of one content have in common.

    `compared` are the names of their values that are compared with others, in the same order; the first `of_span` of
    them are attributes of the span itself, the others of its events and log records. `may_be_orphan`: without its
    parent in the trace, such a span may break integrity.
    """

    name: str
    kind: str
    parent_remote: bool | None
    compared: tuple[str, ...]
    of_span: int
    may_be_orphan: bool


class RecordFacts(NamedTuple):
    """What all log records of one shape have in common: the event, and the names of the values that are compared."""

    event_name: str
    compared: tuple[str, ...]


class KnownShapes:
    """The facts of the shapes of one generation, each found on the first span or log record that has it.

    A *content* is a span's shape with those of its log records. Where it has none its number is that of the shape.
    """

    def __init__(self, shapes: SpanShapes) -> None:
        self.shapes = shapes
        self.facts: dict[int, ContentFacts] = {}
        """By content; those of spans without log records by their shape."""
        self.of_records: dict[int, RecordFacts] = {}
        self._contents: dict[tuple[int, tuple[int, ...]], int] = {}

    def learn(self, summaries: Sequence[SpanSummary], spans: Sequence[Span]) -> list[int]:
        """Learn the shapes of the spans; return those that are new."""
        new = []
        for summary, span in zip(summaries, spans, strict=True):
            if summary[4] not in self.facts:
                self.facts[summary[4]] = self._of_span(span)
                new.append(summary[4])
        return new

    def learn_records(self, summaries: Sequence[RecordSummary], records: Sequence[LogRecord]) -> None:
        """Learn the shapes of log records."""
        for summary, record in zip(summaries, records, strict=True):
            if summary[2] not in self.of_records:
                names = (*self._compared(record.attributes), *self._of_exception(record))
                self.of_records[summary[2]] = RecordFacts(record.event_name, names)

    def content(self, shape: int, records: Sequence[int]) -> tuple[int, bool]:
        """Return the content of a span with log records of these shapes, and whether it is new."""
        key = shape, tuple(records)
        number = self._contents.get(key)
        if number is not None:
            return number, False
        number = self._contents[key] = -1 - len(self._contents)
        facts = self.facts[shape]
        of_records = [name for record in records for name in self.of_records[record].compared]
        self.facts[number] = facts._replace(compared=(*facts.compared, *of_records))
        return number, True

    def clear(self) -> None:
        """Forget everything, as shapes of another generation are unrelated."""
        self.facts.clear()
        self.of_records.clear()
        self._contents.clear()

    def _of_span(self, span: Span) -> ContentFacts:
        own = self._compared(span.attributes)
        of_events = [
            name for each in span.events for name in (*self._compared(each.attributes), *self._of_exception(each))
        ]
        flag = span.parent_remote if "remote" in self.shapes.observed.capabilities else None
        called = flag is None and span.kind in ("server", "consumer")
        surely_remote = called or (flag is True and not flags_remote_below_remote(span.resource))
        return ContentFacts(span.name, span.kind, span.parent_remote, (*own, *of_events), len(own), not surely_remote)

    def _compared(self, attributes: Attributes) -> list[str]:
        wanted = self.shapes.observed.compared
        return [name for name in attributes if name in wanted]

    def _of_exception(self, carrier: Event | LogRecord) -> list[str]:
        return [EXCEPTION for _ in exception_texts(carrier)] if self.shapes.observed.pairs_exceptions else []


class TraceView:
    """One trace by the summaries of its spans, which are in the order of `Topology.spans`.

    - `contents`: the content of each span; `values`: its values that are compared with others;
    - `parents`: the index of each span's parent, negative where it has none in the trace (-1: no parent id, -2: it is
      elsewhere);
    - `still`: whether the clock of each span stood still; `resolutions`: those of their times in ns; None if trivial.
    """

    def __init__(
        self,
        shape: TraceShape,
        trace_id: str,
        scenario: str,
        known: KnownShapes,
        contents: Sequence[int],
        values: Sequence[Sequence[Hashable]],
    ) -> None:
        self.trace_id, self.scenario, self.known = trace_id, scenario, known
        self.key, self.summaries = shape.key, shape.summaries
        self.contents, self.values, self.parents = contents, values, shape.parents
        self.still, self.resolutions = shape.still, shape.resolutions
        self._several_resources = shape.is_of_several_resources
        self._children, self.roots = _children_and_roots(self.parents)

    def children(self, i: int) -> Sequence[int]:
        """Return the children of span `i` by start; of TOP, the spans without a parent in the trace."""
        return self._children[i] if i >= 0 else self.roots

    def below(self, i: int) -> Sequence[int]:
        """Return all spans below span `i`, by start."""
        if i == TOP:
            return range(len(self.parents))
        children = self._children
        below = list(children[i])
        for each in below:  # which grows
            below += children[each]
        below.sort()
        return below

    @cached_property
    def is_whole(self) -> bool:
        """Return whether the trace surely has one root and every parent, so that nothing breaks integrity.

        Nothing else can: a trace that breaks another part of it has no shape.
        """
        roots = 0
        for i in self.roots:
            if self.parents[i] != _ELSEWHERE:
                roots += 1
            elif self.known.facts[self.contents[i]].may_be_orphan:
                return False
        return roots <= 1

    @cached_property
    def is_one_process(self) -> bool:
        """Return whether all spans are surely of one process."""
        return not self._several_resources and all(self.parents[i] < 0 for i in self._called)

    @cached_property
    def has_flags_by_shape(self) -> bool:
        """Return whether the remote flag of each span means what its shape says, whatever other spans there are."""
        return not self._several_resources and all(self.parents[i] == TOP for i in self._called)

    @cached_property
    def _called(self) -> Sequence[int]:
        called = self.known.shapes.called
        return [i for i, summary in enumerate(self.summaries) if summary[4] in called] if called else ()

    @cached_property
    def processes(self) -> Processes:
        """Return the processes of the spans."""
        return processes_of_shapes(self.known, [(each[4], each[5]) for each in self.summaries], self.parents)

    def service(self, i: int) -> object:
        """Return the service name of span `i`."""
        return self.known.shapes.distinct_resource(self.summaries[i][5]).attributes.get("service.name")


def processes_of_shapes(known: KnownShapes, spans: Sequence[tuple[int, int]], parents: Sequence[int]) -> Processes:
    """Return the processes of the spans of a complete trace, each given by its shape and the number of its resource.

    `parents` as in `TraceView`.
    """
    shapes = known.shapes
    decisive = [
        _SpanOfProcess(shapes.distinct_resource(resource), facts.parent_remote, facts.kind, parent != TOP)
        for (shape, resource), parent in zip(spans, parents, strict=True)
        for facts in (known.facts[shape],)
    ]
    children, roots = _children_and_roots(parents)
    order = list(roots)
    for i in order:  # which grows
        order += children[i]
    tree: Any = _Tree(decisive, [max(parent, TOP) for parent in parents], order)
    return Processes(tree, shapes.observed.capabilities)


def _children_and_roots(parents: Sequence[int]) -> tuple[list[list[int]], list[int]]:
    """Return the children of each span, and the spans without a parent in the trace, each by start."""
    children: list[list[int]] = [[] for _ in parents]
    roots: list[int] = []
    for i, parent in enumerate(parents):
        (children[parent] if parent >= 0 else roots).append(i)
    return children, roots


class _SpanOfProcess(NamedTuple):
    """What decides of which process a span is."""

    resource: Resource
    parent_remote: bool | None
    kind: str
    parent_id: bool  # whether it has one


class _Complete(NamedTuple):
    complete: bool = True


class _Tree(NamedTuple):
    """What `Processes` reads of a topology."""

    spans: Sequence[_SpanOfProcess]
    parent: Sequence[int]
    preorder: Sequence[int]
    trace: _Complete = _Complete()
