"""Find the shapes of attributes by their encoded bytes; each attribute is decoded once."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Hashable, Sequence
from typing import Final, NamedTuple, Protocol

from spanpact.byte_budget import ByteBudget
from spanpact.trace.equality import is_number
from spanpact.trace.model import Value
from spanpact.verification.shapes.span_shapes import NO_SHAPE, SMALL, SpanShapes, Unshapeable, comparable

_MOST_OF_ATTRIBUTES: Final = 1 << 22  # bytes; full tables are emptied, and attributes decoded again
_NO_ATTRIBUTE: Final = -2  # the shape of no attribute


class AttributeDecoder(Protocol):
    """The part of `LazyDecoder` for attributes."""

    def split_double(self, attribute: bytes) -> tuple[bytes, float]:
        """Return the number in an attribute that is a double, after the bytes before it; b"" and 0 for another."""

    def split_text(self, attribute: bytes) -> tuple[bytes, bytes]:
        """Return the text in an attribute, as it is written, after the bytes before it; b"" twice for another."""

    def decode_attribute(self, attribute: bytes) -> tuple[str, Value]:
        """Return the name and the value of an attribute."""


class AlikeDoubles(NamedTuple):
    """The doubles of one attribute: the numbers that contracts compare them with, and the shapes between these.

    `bounds` are None where more of the number matters.
    """

    name: str
    bounds: Sequence[float] | None
    shapes: dict[int, int]


class AttributeShapes(dict[bytes, int]):
    """The shapes of attributes by their encoded bytes; a new one is found when it is first looked up.

    What matters of few of them besides is in `compared` and `summed`, by the same bytes. `head_budget` is that of what
    is known of attributes by what is before their value.
    """

    def __init__(self, shapes: SpanShapes, decoder: AttributeDecoder, head_budget: ByteBudget) -> None:
        self._shapes, self._decoder = shapes, decoder
        self.budget, self._head_budget = ByteBudget(_MOST_OF_ATTRIBUTES), head_budget
        self.compared: dict[bytes, Hashable] = {}
        self.summed: dict[bytes, float] = {}
        self._doubles: dict[bytes, AlikeDoubles] = {}
        self._alike_texts: dict[bytes, tuple[int, bool]] = {}
        self[b""] = _NO_ATTRIBUTE

    def clear(self) -> None:
        """Forget all attributes."""
        super().clear()
        self.compared.clear()
        self.summed.clear()
        self.budget.renew()
        self[b""] = _NO_ATTRIBUTE

    def clear_heads(self) -> None:
        """Forget all that is known of attributes by what is before their value."""
        self._doubles.clear()
        self._alike_texts.clear()

    def __missing__(self, attribute: bytes) -> int:
        """Return the shape of an attribute whose bytes are new: mostly a double or an id, which hardly ever repeat."""
        head, number = self._decoder.split_double(attribute)
        alike = self._doubles.get(head)
        if alike is not None and -SMALL < number < SMALL:
            name, bounds, shapes = alike
            if bounds is None:
                return self._exact_double(attribute, name, number)
            between = bisect_left(bounds, number) + bisect_right(bounds, number) if bounds else 0
            known_shape = shapes.get(between)
            if known_shape is None:
                known_shape = shapes[between] = self._shapes.double(name, number)
            return known_shape
        text_head, text = self._decoder.split_text(attribute)
        known = self._alike_texts.get(text_head)
        if known is not None and self._shapes.observed.alike.is_clean(text):
            shape, is_compared = known
            if is_compared:
                self.compared[attribute] = text.decode()
                self.budget.spend(len(attribute))
        else:
            shape = self._decoded(attribute, head, text_head, text)
        if self.budget.takes(len(attribute)):
            self[attribute] = shape
            self.budget.spend(len(attribute))
        return shape

    def _exact_double(self, attribute: bytes, name: str, number: float) -> int:
        if name in self._shapes.observed.summed:
            self.summed[attribute] = number
            self.budget.spend(len(attribute))
        return self._shapes.double(name, number)

    def _decoded(self, attribute: bytes, double_head: bytes, text_head: bytes, text: bytes) -> int:
        """Return the shape of an attribute by decoding it; remember what it shows of others with the same head."""
        name, value = self._decoder.decode_attribute(attribute)
        observed = self._shapes.observed
        if name in observed.summed and is_number(value):
            self.summed[attribute] = value
        try:
            shape = self._shapes.attribute(name, value)
            is_compared = name in observed.compared
            if is_compared:
                self.compared[attribute] = comparable(value)
                self.budget.spend(len(attribute))
        except (Unshapeable, RecursionError):
            return NO_SHAPE
        if type(value) is float and double_head and not is_compared:
            all_matters = name in observed.summed or name in observed.exact
            self._doubles[double_head] = AlikeDoubles(name, None if all_matters else observed.bounds(name), {})
            self._head_budget.spend(len(double_head))
        elif type(value) is str and text_head and observed.alike.covers(name) and observed.alike.is_clean(text):
            self._alike_texts[text_head] = shape, is_compared
            self._head_budget.spend(len(text_head))
        return shape
