"""The facts of spans that were read only in part: each attribute is looked at once, and then known by its bytes."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple, Protocol

from spanpact.otlp import SharedValues
from spanpact.otlp.batch import SimpleSpan
from spanpact.trace.model import Resource, Scope, Span, Value
from spanpact.verification.shapes.span_shapes import ODD, SMALL, Facts, Forms, Oddity, comparable

_REMEMBERED: Final = 1 << 15  # attributes; what comes after starts anew
_DEARER: Final = 1 << 5  # groups, in whose numbers forms are counted once more


class RawReader(Protocol):
    """How to read one encoding: `lazy_json` and `lazy_protobuf` are such. Any of it may raise NeedsFullDecoding."""

    def read_simple_span(self, span: Any) -> SimpleSpan | None:
        """What is in a plain span; None where there is more in it than in most."""

    def decode_group(self, group: Any, shared: SharedValues) -> tuple[Resource, Scope]:
        """The resource and the scope of a group."""

    def split_double(self, piece: bytes) -> tuple[bytes, float]:
        """What stands before the number in an attribute that is one, and the number; nothing and 0 for another."""

    def decode_attribute(self, piece: bytes) -> tuple[str, Value]:
        """Name and value of an attribute."""

    def decode_whole_span(self, span: Any, resource: Resource, scope: Scope) -> Span:
        """The whole span."""


class _Look(NamedTuple):
    """A form, and which attributes of its spans are compared with others."""

    form: int
    places: tuple[int, ...]


class Group(NamedTuple):
    """Resource and scope of some spans, which of those groups it is that were seen, and which of all resources."""

    resource: Resource
    scope: Scope
    number: int
    process: int


class RawForms:
    """Gives the facts of spans of one encoding; forms are those of `Forms`, whatever way a span came."""

    def __init__(self, forms: Forms, reader: RawReader, shared: SharedValues) -> None:
        self._forms, self._reader, self._shared = forms, reader, shared
        self._generation = 0
        self._pieces = _Pieces(self._look_at)
        self._values: dict[bytes, Hashable] = {}
        self._heads: dict[bytes, str] = {}
        self._looks: dict[Hashable, _Look] = {}
        self._groups: dict[Hashable, Group] = {}

    def begin(self) -> int:
        """To be called before the spans of a document; the generation of the forms that follow."""
        generation = self._forms.begin()
        most = max(
            len(self._pieces), len(self._values), len(self._heads), len(self._looks), len(self._groups) * _DEARER
        )
        if generation != self._generation or most > _REMEMBERED:
            self._generation = generation
            self._pieces.clear()
            self._values.clear()
            self._heads.clear()
            self._looks.clear()
            self._groups.clear()
        return generation

    def facts(self, raw: Hashable, spans: Iterable[Any]) -> Iterator[Facts]:
        """The facts of the spans of one group."""
        group = self._groups.get(raw) or self._group(raw)
        _, _, number, process = group
        plain, pieces, looks, values = (
            self._reader.read_simple_span,
            self._pieces.__getitem__,
            self._looks,
            self._values,
        )
        for span in spans:
            found = plain(span)
            if found is None or process == ODD:
                yield self._in_full(span, group)
                continue
            start, span_id, parent_id, end, rest, cut = found
            traits = tuple(map(pieces, cut))
            look = looks.get((number, rest, traits))
            if look is None:
                look = looks[number, rest, traits] = self._look(span, group, cut)
            form, places = look
            related = tuple([values[cut[i]] for i in places]) if places else ()
            yield start, span_id, parent_id, end, form, process, related, span, group

    def span_of(self, facts: Facts) -> Span:
        """The whole span."""
        span, group = facts[-2:]
        return span if group is None else self._reader.decode_whole_span(span, group.resource, group.scope)

    def _in_full(self, span: Any, group: Group) -> Facts:
        whole = self._reader.decode_whole_span(span, group.resource, group.scope)
        return (*self._forms.facts(whole)[:-2], span, group)

    def _group(self, raw: Hashable) -> Group:
        resource, scope = self._reader.decode_group(raw, self._shared)
        try:
            process = self._forms.resource(resource)[1]
        except (Oddity, RecursionError):
            process = ODD
        group = self._groups[raw] = Group(resource, scope, len(self._groups), process)
        return group

    def _look(self, span: Any, group: Group, cut: Sequence[bytes]) -> _Look:
        """The form of the first span of a look: the same as if it had come by another way."""
        whole = self._reader.decode_whole_span(span, group.resource, group.scope)
        places = tuple([i for i, piece in enumerate(cut) if piece in self._values])
        if len(whole.attributes) < len(cut):  # a name that is there twice
            return _Look(ODD, places)
        return _Look(self._forms.facts(whole)[4], places)

    def _look_at(self, piece: bytes) -> int:
        """The trait of an attribute that is not known by its bytes: mostly a number, which hardly ever comes twice."""
        head, number = self._reader.split_double(piece)
        name = self._heads.get(head)
        if name is not None and -SMALL < number < SMALL:
            return self._forms.number(name, number)
        name, value = self._reader.decode_attribute(piece)
        try:
            trait = self._forms.trait(name, value)
            if name in self._forms.aspects.related:
                self._values[piece] = comparable(value)
            elif head and type(value) is float:
                self._heads[head] = name
        except (Oddity, RecursionError):
            trait = ODD
        self._pieces[piece] = trait
        return trait


class _Pieces(dict[bytes, int]):
    """The traits of attributes by their bytes, found out when they are asked for."""

    def __init__(self, look_at: Callable[[bytes], int]) -> None:
        self._look_at = look_at

    def __missing__(self, piece: bytes) -> int:
        return self._look_at(piece)
