"""Summarize spans that were read without decoding their attributes; `records` does so for log records."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import Any, Final, NamedTuple, Protocol

from spanpact.byte_budget import ByteBudget
from spanpact.otlp import SharedValues
from spanpact.otlp.batch import Ends, SimpleRecord, SimpleSpans
from spanpact.trace.clocks import Clocks
from spanpact.trace.model import LogRecord, Resource, Scope, Span, Value
from spanpact.verification.shapes.attribute_shapes import AttributeDecoder, AttributeShapes
from spanpact.verification.shapes.lazy_record_shapes import Group, LazyRecordShapes, RawGroup
from spanpact.verification.shapes.span_shapes import NO_SHAPE, SpanShapes, SpanSummary, Unshapeable

_MOST_OF_SPANS: Final = 1 << 22  # bytes of span shapes and groups
_OF_SPAN, _REFERENCE = 200, 8  # bytes of a span without its attributes, and of an attribute's number


class LazyDecoder(AttributeDecoder, Protocol):
    """A reader of one encoding: `otlp.json.lazy` or `otlp.protobuf.lazy`. All may raise NeedsFullDecoding."""

    def read_simple_spans(self, spans: Sequence[Any]) -> SimpleSpans:
        """Return the fields of spans."""

    def split_block(self, block: Any) -> Sequence[bytes]:
        """Return the attributes between the first and the last one of a span."""

    def decode_group(self, group: Any, shared: SharedValues) -> tuple[Resource, Scope]:
        """Return the resource and the scope of a group."""

    def decode_whole_span(self, span: Any, resource: Resource, scope: Scope) -> Span:
        """Return the span with everything decoded."""

    def record_ids(self, record: Any) -> tuple[str, str]:
        """Return the trace id and the span id of a log record."""

    def read_simple_record(self, record: Any) -> SimpleRecord | None:
        """Return the parts of a log record; None for an unusual one."""

    def decode_body(self, body: bytes) -> Value:
        """Return the body of a log record."""

    def decode_whole_record(self, record: Any, resource: Resource, scope: Scope) -> LogRecord:
        """Return the log record with everything decoded."""


class _Block(NamedTuple):
    """Attributes between the first and the last one of spans: their shapes, their compared and their summed values."""

    shapes: tuple[int, ...]
    compared: tuple[Hashable, ...]
    summed: tuple[float, ...]


class _KnownShape(NamedTuple):
    """A span shape, and whether the first and the last attribute are compared with other spans."""

    shape: int
    first: bool
    last: bool


class LazySpanShapes:
    """The summaries of spans of one encoding, with the same shape numbers as those of `SpanShapes`.

    The starts of all spans are added to `clocks`.
    """

    def __init__(self, shapes: SpanShapes, decoder: LazyDecoder, shared: SharedValues, clocks: Clocks) -> None:
        self._shapes, self._decoder, self._shared, self._clocks = shapes, decoder, shared, clocks
        self._generation = 0
        self._span_budget = ByteBudget(_MOST_OF_SPANS)
        self._attributes = AttributeShapes(shapes, decoder, self._span_budget)
        self._blocks: dict[Hashable, _Block] = {}
        self._known_shapes: dict[Hashable, _KnownShape] = {}
        self._groups: dict[RawGroup, Group] = {}
        self.records = LazyRecordShapes(
            shapes, decoder, self._group_of, self._attributes, self._attributes.compared, self._span_budget
        )

    def begin(self) -> int:
        """Return the generation of the spans that follow; call it before each document."""
        generation = self._shapes.begin()
        is_new = generation != self._generation
        self._generation = generation
        if is_new or self._attributes.budget.is_spent:
            self._attributes.clear()
            self._blocks.clear()
        if is_new or self._span_budget.is_spent:
            self._attributes.clear_heads()
            self._known_shapes.clear()
            self._groups.clear()
            self.records.clear()
            self._span_budget.renew()
        return generation

    def summaries(self, groups: Iterable[tuple[RawGroup, Sequence[Any]]]) -> tuple[Sequence[str], list[SpanSummary]]:
        """Return the trace ids and the summaries of the spans of some groups."""
        spans: list[Any] = []
        of_spans: list[Group] = []
        wanted: list[tuple[Group, int, int]] = []
        for raw_group, several in groups:
            group = self._groups.get(raw_group) or self._group(raw_group)
            if several and group.wants_starts:
                wanted.append((group, len(spans), len(spans) + len(several)))
            spans += several
            of_spans += [group] * len(several)
        read = self._decoder.read_simple_spans(spans)
        shapes, compared, summed, unusual = self._find_shapes(spans, of_spans, read)
        processes = [group.process for group in of_spans]
        summaries: list[SpanSummary] = list(
            zip(
                read.starts, read.span_ids, read.parent_ids, read.ends, shapes, processes, compared, summed,
                spans, of_spans, strict=True,
            )
        )  # fmt: skip
        for i in unusual:
            summaries[i] = self._decoded_summary(spans[i], of_spans[i])
        for group, begin, end in wanted:
            self._clocks.add(group.resource, read.starts[begin:end])
            group.wants_starts = self._clocks.wants_more(group.resource)
        return read.trace_ids, summaries

    def _find_shapes(
        self, spans: Sequence[Any], groups: Sequence[Group], read: SimpleSpans
    ) -> tuple[list[int], list[tuple[Hashable, ...]], list[tuple[float, ...]], list[int]]:
        """Return for each span its shape, the values that are compared, and the numbers that are summed.

        Return also the indexes of those that must be decoded as a whole.
        """
        shape_of, values, blocks, known_shapes = (
            self._attributes.__getitem__,
            self._attributes.compared,
            self._blocks,
            self._known_shapes,
        )
        shapes: list[int] = []
        compared: list[tuple[Hashable, ...]] = []
        unusual: list[int] = []
        of_blocks: list[tuple[float, ...]] = []
        for span, group, look, attributes in zip(spans, groups, read.looks, read.attributes, strict=True):
            if attributes is None or group.process == NO_SHAPE:
                unusual.append(len(shapes))
                shapes.append(NO_SHAPE)
                compared.append(())
                of_blocks.append(())
                continue
            first, between, last = attributes
            block = blocks.get(between) or self._block(between)
            in_block, values_of_block, numbers_of_block = block
            key = group.number, look, shape_of(first), in_block, shape_of(last)
            shape, is_first, is_last = known_shapes.get(key) or self._find_shape(key, span, group, attributes)
            shapes.append(shape)
            of_blocks.append(numbers_of_block)
            if is_first and not is_last and not values_of_block:  # almost always
                compared.append((values[first],))
            else:
                of_first, of_last = (values[first],) if is_first else (), (values[last],) if is_last else ()
                compared.append((*of_first, *values_of_block, *of_last))
        return shapes, compared, self._summed(read, of_blocks), unusual

    def _summed(self, read: SimpleSpans, of_blocks: list[tuple[float, ...]]) -> list[tuple[float, ...]]:
        """Return the summed numbers of each span, given those between its first and its last attribute."""
        numbers = self._attributes.summed
        if not numbers:
            return of_blocks
        return [
            (*_number(numbers, ends[0]), *between, *_number(numbers, ends[2])) if ends else ()
            for ends, between in zip(read.attributes, of_blocks, strict=True)
        ]

    def _block(self, between: Hashable) -> _Block:
        """Return the attributes between the first and the last one; remember them if all of them come again."""
        attributes, pieces = self._attributes, self._decoder.split_block(between)
        come_again = all(piece in attributes for piece in pieces)
        shapes = tuple(map(attributes.__getitem__, pieces))
        values, numbers = attributes.compared, attributes.summed
        block = _Block(
            shapes,
            tuple([values[piece] for piece in pieces if piece in values]),
            tuple([numbers[piece] for piece in pieces if piece in numbers]),
        )
        size = sum(map(len, pieces))
        if come_again and attributes.budget.takes(size):
            self._blocks[between] = block
            attributes.budget.spend(size + _REFERENCE * len(pieces))
        return block

    def decoded(self, summary: SpanSummary) -> Span:
        """Return the span of a summary with everything decoded."""
        span, group = summary[-2:]
        return span if group is None else self._decoder.decode_whole_span(span, group.resource, group.scope)

    def _decoded_summary(self, span: Any, group: Group) -> SpanSummary:
        whole = self._decoder.decode_whole_span(span, group.resource, group.scope)
        return (*self._shapes.summary(whole)[:-2], span, group)

    def _group_of(self, raw_group: RawGroup) -> Group:
        return self._groups.get(raw_group) or self._group(raw_group)

    def _group(self, raw_group: RawGroup) -> Group:
        resource, scope = self._decoder.decode_group(raw_group, self._shared)
        try:
            process = self._shapes.resource(resource)[1]
        except (Unshapeable, RecursionError):
            process = NO_SHAPE
        group = self._groups[raw_group] = Group(resource, scope, len(self._groups), process)
        self._span_budget.spend(sum(map(len, filter(None, raw_group))))
        return group

    def _find_shape(self, key: Hashable, span: Any, group: Group, attributes: Ends) -> _KnownShape:
        """Return the shape of a span by decoding all of it."""
        whole = self._decoder.decode_whole_span(span, group.resource, group.scope)
        first, between, last = attributes
        number = len(self._decoder.split_block(between)) + bool(first) + bool(last)
        if len(whole.attributes) < number:  # a name that is there twice
            known = _KnownShape(NO_SHAPE, first=False, last=False)
        else:
            compared = self._attributes.compared
            known = _KnownShape(self._shapes.summary(whole)[4], first in compared, last in compared)
        self._known_shapes[key] = known
        self._span_budget.spend(_OF_SPAN + _REFERENCE * number)
        return known


def _number(numbers: dict[bytes, float], attribute: bytes) -> tuple[float, ...]:
    return (numbers[attribute],) if attribute in numbers else ()
