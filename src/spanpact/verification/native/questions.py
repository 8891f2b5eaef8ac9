"""Answer the core's questions about resources, attributes and spans: by decoding them, and by `SpanShapes`.

The core keeps the answers by the bytes that it asked about. None means that the document is not for the core.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Hashable, Sequence
from functools import cached_property
from typing import Concatenate, Final, ParamSpec, TypeAlias, TypeVar

from spanpact.otlp.batch import NeedsFullDecoding, SharedValues
from spanpact.trace.clocks import Clocks
from spanpact.verification.native.encodings import Encoding, GroupHandle, JsonEncoding, ProtobufEncoding
from spanpact.verification.shapes import SpanShapes
from spanpact.verification.shapes.span_shapes import NO_SHAPE, Unshapeable, comparable

_TEXT, _OTHER = b"s", b"o"
_LONGEST: Final = (1 << 63) - 1
_ORDINARY: Final = "ordinary"
_MOST_NAMES: Final = 1 << 12

NumberedShape: TypeAlias = tuple[int, bool, bool, bool]
"""The number of a span's shape, and whether it is ordered, counted while open, and maybe of another process."""
Described: TypeAlias = tuple[int, bytes | None, tuple[int, bool] | None, Sequence[float] | None]
"""The number of an attribute, its value if that is compared, the number of all clean texts of its name with whether
they are compared, and the bounds of all doubles of its name."""

_P = ParamSpec("_P")
_T = TypeVar("_T")


def _or_none(
    answer: Callable[Concatenate[Questions, _P], _T],
) -> Callable[Concatenate[Questions, _P], _T | None]:
    """Return None where the answer raises NeedsFullDecoding."""

    def answered(self: Questions, /, *args: _P.args, **kwargs: _P.kwargs) -> _T | None:
        try:
            return answer(self, *args, **kwargs)
        except NeedsFullDecoding:
            return None

    return answered


class Questions:
    """The answers of one verification. `checks_keys` may be set for each document."""

    def __init__(self, shapes: SpanShapes, clocks: Clocks) -> None:
        self._shapes, self._clocks, self._shared = shapes, clocks, SharedValues()
        self._json = JsonEncoding()
        self._alike: dict[str, int | None] = {}
        self._generation = 0
        self.checks_keys = False

    @cached_property
    def _protobuf(self) -> ProtobufEncoding:
        return ProtobufEncoding()

    def _encoding(self, json: bool) -> Encoding:
        return self._json if json else self._protobuf

    @_or_none
    def group(
        self, json: bool, resource: bytes, resource_url: bytes, scope: bytes, scope_url: bytes
    ) -> tuple[GroupHandle, int]:
        """Return a handle of a resource with a scope, and the number of the resource among the distinct ones."""
        encoding = self._encoding(json)
        decoded = encoding.group(resource, resource_url, scope, scope_url, self._shared)
        try:
            process = self._shapes.resource(decoded[0])[1]
        except (Unshapeable, RecursionError):
            process = NO_SHAPE
        return GroupHandle(encoding, *decoded), process

    @_or_none
    def attribute(self, json: bool, attribute: bytes, other: bool) -> Described:
        """Describe an attribute. `other`: it is not written in the usual way."""
        name, value = self._encoding(json).attribute(attribute)
        observed, compared = self._shapes.observed, None
        if isinstance(value, str) and not other:
            alike, is_compared = self._alike_number(name), name in observed.compared
            if alike is not None and self._is_alike(name, value):
                return alike, encoded_value(value) if is_compared else None, (alike, is_compared), None
        try:
            number = self._shapes.attribute(name, value)
            if name in observed.compared:
                compared = encoded_value(comparable(value))
        except (Unshapeable, RecursionError):
            return NO_SHAPE, None, None, None
        bounds = None
        if not other and type(value) is float and name not in observed.compared | observed.exact:
            bounds = observed.bounds(name)
        return number, compared, None, bounds

    def _alike_number(self, name: str) -> int | None:
        """Return the number of all texts of a name in which no class is; None if there is no such number."""
        if self._generation != self._shapes.generation or len(self._alike) > _MOST_NAMES:
            self._generation = self._shapes.generation
            self._alike.clear()
        if name not in self._alike:
            covers = self._shapes.observed.alike.covers(name)
            self._alike[name] = self._shapes.attribute(name, _ORDINARY) if covers else None
        return self._alike[name]

    def _is_alike(self, name: str, text: str) -> bool:
        """Return whether a text has the number of the others of its name; in most that are not clean nothing leaks."""
        alike = self._shapes.observed.alike
        return len(text) <= alike.longest // 4 and not alike.scanner.scan(text, name)

    @_or_none
    def double(self, json: bool, attribute: bytes, value: float) -> int:
        """Return the number of a double of the name of this attribute."""
        return self._shapes.double(self._encoding(json).attribute(attribute)[0], value)

    @_or_none
    def shape(self, span: bytes, group: GroupHandle, attributes: int) -> NumberedShape:
        """Return the shape of a span that has so many attributes."""
        group.encoding.check_keys(span)
        decoded = group.decode(span)
        if len(decoded.attributes) < attributes:  # a name that is there twice
            return NO_SHAPE, False, False, False
        return self._numbered(self._shapes.summary(decoded)[4])

    @_or_none
    def full_shape(self, span: bytes, group: GroupHandle) -> tuple[NumberedShape, Sequence[bytes]]:
        """Return the shape of a span, and the values in it that are compared with those of other spans."""
        if self.checks_keys:
            group.encoding.check_keys(span)
        summary = self._shapes.summary(group.decode(span))
        return self._numbered(summary[4]), list(map(encoded_value, summary[6]))

    def _numbered(self, shape: int) -> NumberedShape:
        shapes = self._shapes
        return shape, shape in shapes.ordered, shape in shapes.concurrent, shape in shapes.called

    def value(self, value: bytes) -> Hashable:
        """Return a value that is compared, decoded again."""
        if value[:1] == _TEXT:
            return value[1:].decode("utf-8", "surrogatepass")
        decoded: Hashable = ast.literal_eval(value[1:].decode("utf-8", "surrogatepass"))
        return decoded

    def starts(self, group: GroupHandle, starts: Sequence[int]) -> bool:
        """Note starts of spans of a resource. Return whether more of them would change anything."""
        self._clocks.add(group.resource, starts)
        return self._clocks.wants_more(group.resource)

    def related(self, one: int, other: int) -> int:
        """Return whether two resources describe one process: 0, 1, or 2 where they do not show it."""
        related = self._shapes.one_process(one, other)
        return 2 if related is None else int(related)

    def resolution(self, process: int) -> int:
        """Return the resolution of the times of a process."""
        resolutions = self._shapes.resolutions_of((process,))
        return resolutions[0] if resolutions else 1

    def allowances(self, one_process: bool, resolutions: Sequence[int]) -> Sequence[int]:
        """Return by how much the times of two spans may contradict each other."""
        times = self._shapes.observed.times
        return in_64_bits(times.allowances_ns(one_process=one_process, resolutions=resolutions))

    def cuts(self, resolution: int) -> Sequence[int]:
        """Return the durations at which an outcome changes."""
        return in_64_bits(self._shapes.observed.times.duration_cuts_ns(resolution))


def in_64_bits(durations: Sequence[int]) -> Sequence[int]:
    """Return durations that fit into the core's numbers: none that it reads is longer than the longest of them."""
    return [min(each, _LONGEST) for each in durations]


def encoded_value(value: Hashable) -> bytes:
    """Return bytes that are equal for equal values: texts, and tuples of texts, numbers and None."""
    if isinstance(value, str):
        return _TEXT + value.encode("utf-8", "surrogatepass")
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], float) and value[0].is_integer():
        value = int(value[0]), value[1]
    return _OTHER + repr(value).encode("utf-8", "surrogatepass")
