"""Summarize spans that were read without decoding their attributes; `records` does so for log records.

Each attribute is decoded once; from then on its shape is looked up by its encoded bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple, Protocol

from spanpact.byte_budget import ByteBudget
from spanpact.otlp import SharedValues
from spanpact.otlp.batch import SimpleRecord, SimpleSpan
from spanpact.trace.equality import is_number
from spanpact.trace.model import LogRecord, Resource, Scope, Span, Value
from spanpact.verification.shapes.lazy_record_shapes import Group, LazyRecordShapes, RawGroup
from spanpact.verification.shapes.span_shapes import (
    NO_SHAPE,
    SMALL,
    SpanShapes,
    SpanSummary,
    Unshapeable,
    comparable,
)

_MOST_OF_ATTRIBUTES: Final = 1 << 22  # bytes; full tables are emptied, and attributes decoded again
_MOST_OF_SPANS: Final = 1 << 22  # bytes of span shapes and groups
_OF_SPAN, _REFERENCE = 200, 8  # bytes of a span without its attributes, and of an attribute's number


class LazyDecoder(Protocol):
    """A reader of one encoding: `otlp.json.lazy` or `otlp.protobuf.lazy`. All may raise NeedsFullDecoding."""

    def read_simple_span(self, span: Any) -> SimpleSpan | None:
        """Return the parts of a span without events or links; None for another."""

    def decode_group(self, group: Any, shared: SharedValues) -> tuple[Resource, Scope]:
        """Return the resource and the scope of a group."""

    def split_double(self, attribute: bytes) -> tuple[bytes, float]:
        """Return the number in an attribute that is a double, after the bytes before it; b"" and 0 for another."""

    def split_text(self, attribute: bytes) -> tuple[bytes, bytes]:
        """Return the text in an attribute, as it is written, after the bytes before it; b"" twice for another."""

    def decode_attribute(self, attribute: bytes) -> tuple[str, Value]:
        """Return the name and the value of an attribute."""

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


class _KnownShape(NamedTuple):
    """A span shape, and the positions of those attributes that are compared with other spans, and of those summed."""

    shape: int
    compared: tuple[int, ...]
    summed: tuple[int, ...]


class LazySpanShapes:
    """The summaries of spans of one encoding, with the same shape numbers as those of `SpanShapes`."""

    def __init__(self, shapes: SpanShapes, decoder: LazyDecoder, shared: SharedValues) -> None:
        self._shapes, self._decoder, self._shared = shapes, decoder, shared
        self._generation = 0
        self._attribute_budget, self._span_budget = ByteBudget(_MOST_OF_ATTRIBUTES), ByteBudget(_MOST_OF_SPANS)
        self._attributes = _AttributeShapes(self._attribute)
        self._compared_values: dict[bytes, Hashable] = {}
        self._summed_numbers: dict[bytes, float] = {}
        self._double_names: dict[bytes, str] = {}
        self._alike_texts: dict[bytes, tuple[int, bool]] = {}
        self._known_shapes: dict[Hashable, _KnownShape] = {}
        self._groups: dict[RawGroup, Group] = {}
        self.records = LazyRecordShapes(
            shapes, decoder, self._group_of, self._attributes, self._compared_values, self._span_budget
        )

    def begin(self) -> int:
        """Return the generation of the spans that follow; call it before each document."""
        generation = self._shapes.begin()
        is_new = generation != self._generation
        self._generation = generation
        if is_new or self._attribute_budget.is_spent:
            self._attributes.clear()
            self._compared_values.clear()
            self._summed_numbers.clear()
            self._attribute_budget.renew()
        if is_new or self._span_budget.is_spent:
            self._double_names.clear()
            self._alike_texts.clear()
            self._known_shapes.clear()
            self._groups.clear()
            self.records.clear()
            self._span_budget.renew()
        return generation

    def summaries(self, raw_group: RawGroup, spans: Iterable[Any]) -> Iterator[SpanSummary]:
        """Yield the summaries of the spans of one group."""
        group = self._group_of(raw_group)
        _, _, number, process = group
        read, shape_of = self._decoder.read_simple_span, self._attributes.__getitem__
        known_shapes, values, numbers = self._known_shapes, self._compared_values, self._summed_numbers
        for span in spans:
            simple = read(span)
            if simple is None or process == NO_SHAPE:
                yield self._decoded_summary(span, group)
                continue
            start, span_id, parent_id, end, rest, attributes = simple
            attribute_shapes = tuple(map(shape_of, attributes))
            known = known_shapes.get((number, rest, attribute_shapes))
            if known is None:
                known = self._find_shape(span, group, attributes)
                known_shapes[number, rest, attribute_shapes] = known
                self._span_budget.spend(_OF_SPAN + _REFERENCE * len(attributes))
            shape, positions, of_numbers = known
            compared = tuple([values[attributes[i]] for i in positions]) if positions else ()
            summed = tuple([numbers[attributes[i]] for i in of_numbers]) if of_numbers else ()
            yield start, span_id, parent_id, end, shape, process, compared, summed, span, group

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

    def _find_shape(self, span: Any, group: Group, attributes: Sequence[bytes]) -> _KnownShape:
        """Return the shape of a span by decoding all of it."""
        whole = self._decoder.decode_whole_span(span, group.resource, group.scope)
        if len(whole.attributes) < len(attributes):  # a name that is there twice
            return _KnownShape(NO_SHAPE, (), ())
        compared = tuple([i for i, attribute in enumerate(attributes) if attribute in self._compared_values])
        summed = tuple([i for i, attribute in enumerate(attributes) if attribute in self._summed_numbers])
        return _KnownShape(self._shapes.summary(whole)[4], compared, summed)

    def _attribute(self, attribute: bytes) -> int:
        """Return the shape of an attribute whose bytes are new: mostly a double or an id, which hardly ever repeat."""
        head, number = self._decoder.split_double(attribute)
        name = self._double_names.get(head)
        if name is not None and -SMALL < number < SMALL:
            if name in self._shapes.observed.summed:
                self._summed_numbers[attribute] = number
                self._attribute_budget.spend(len(attribute))
            return self._shapes.double(name, number)
        text_head, text = self._decoder.split_text(attribute)
        alike = self._alike_texts.get(text_head)
        if alike is not None and self._shapes.observed.alike.is_clean(text):
            shape, is_compared = alike
            if is_compared:
                self._compared_values[attribute] = text.decode()
                self._attribute_budget.spend(len(attribute))
        else:
            shape = self._decoded_attribute(attribute, head, text_head, text)
        if self._attribute_budget.takes(len(attribute)):
            self._attributes[attribute] = shape
            self._attribute_budget.spend(len(attribute))
        return shape

    def _decoded_attribute(self, attribute: bytes, double_head: bytes, text_head: bytes, text: bytes) -> int:
        """Return the shape of an attribute by decoding it; remember what it shows of others with the same head."""
        name, value = self._decoder.decode_attribute(attribute)
        observed = self._shapes.observed
        if name in observed.summed and is_number(value):
            self._summed_numbers[attribute] = value
        try:
            shape = self._shapes.attribute(name, value)
            is_compared = name in observed.compared
            if is_compared:
                self._compared_values[attribute] = comparable(value)
                self._attribute_budget.spend(len(attribute))
        except (Unshapeable, RecursionError):
            return NO_SHAPE
        if type(value) is float and double_head and not is_compared:
            self._double_names[double_head] = name
            self._span_budget.spend(len(double_head))
        elif type(value) is str and text_head and observed.alike.covers(name) and observed.alike.is_clean(text):
            self._alike_texts[text_head] = shape, is_compared
            self._span_budget.spend(len(text_head))
        return shape


class _AttributeShapes(dict[bytes, int]):
    """The shapes of attributes by their encoded bytes; a new one is found when it is first looked up."""

    def __init__(self, find: Callable[[bytes], int]) -> None:
        self._find = find

    def __missing__(self, attribute: bytes) -> int:
        return self._find(attribute)
