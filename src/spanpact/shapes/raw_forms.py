"""The facts of spans that were read only in part: each attribute is looked at once, and then known by its bytes."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, Final, NamedTuple, Protocol, TypeAlias, TypeVar

from spanpact.model import Resource, Scope, Span, Value
from spanpact.shapes.forms import ODD, Facts, Forms, Oddity, comparable

_REMEMBERED: Final = 1 << 15  # attributes; what comes after starts anew

Plain: TypeAlias = tuple[int, str, str, int, Hashable, list[bytes]]
"""Start, span id, parent id, end, all else of a plain span, and its attributes as pieces of bytes."""


class RawGroup(Protocol):
    """Spans of one resource and scope, read in part."""

    @property
    def resource(self) -> Resource: ...

    @property
    def scope(self) -> Scope: ...


_Group = TypeVar("_Group", bound=RawGroup, contravariant=True)


class RawReader(Protocol[_Group]):
    """How to read the spans of one encoding: `raw_json` and `raw_protobuf` are such."""

    def plain(self, span: Any) -> Plain | None:
        """What is in a plain span; None where there is more in it than in most."""

    def read_piece(self, piece: bytes) -> tuple[str, Value]:
        """Name and value of an attribute."""

    def read_span(self, span: Any, group: _Group) -> Span:
        """The whole span."""


class _Look(NamedTuple):
    """A form, and which attributes of its spans are compared with others."""

    form: int
    places: tuple[int, ...]


class RawForms:
    """Gives the facts of spans of one encoding; forms are those of `Forms`, whatever way a span came."""

    def __init__(self, forms: Forms, reader: RawReader[Any]) -> None:
        self._forms, self._reader = forms, reader
        self._generation = 0
        self._pieces = _Pieces(self._look_at)
        self._values: dict[bytes, Hashable] = {}
        self._looks: dict[Hashable, _Look] = {}
        self._groups: dict[tuple[int, int], tuple[RawGroup, int, int]] = {}

    def begin(self) -> int:
        """To be called before the spans of a document; the generation of the forms that follow."""
        generation = self._forms.begin()
        if generation != self._generation or max(len(self._pieces), len(self._values)) > _REMEMBERED:
            self._generation = generation
            self._pieces.clear()
            self._values.clear()
            self._looks.clear()
            self._groups.clear()
        return generation

    def facts_of(self, group: RawGroup) -> Callable[[Any], Facts]:
        """What gives the facts of the spans of one group."""
        known = self._groups.get((id(group.resource), id(group.scope)))
        if known is None:
            known = self._group(group)
        _, number, process = known
        plain, pieces, looks, values = self._reader.plain, self._pieces.__getitem__, self._looks, self._values

        def facts(span: Any) -> Facts:
            found = plain(span)
            if found is None or process < 0:
                return (*self._forms.facts(self._reader.read_span(span, group))[:7], span, group)
            start, span_id, parent_id, end, rest, cut = found
            traits = tuple(map(pieces, cut))
            look = looks.get((number, rest, traits))
            if look is None:
                look = looks[number, rest, traits] = self._look(span, group, cut)
            form, places = look
            related = tuple([values[cut[i]] for i in places]) if places else ()
            return start, span_id, parent_id, end, form, process, related, span, group

        return facts

    def _group(self, group: RawGroup) -> tuple[RawGroup, int, int]:
        """The group is held, so that the ids by which it is known stay its own."""
        try:
            _, process = self._forms.resource(group.resource)
        except (Oddity, RecursionError):
            process = ODD
        known = (group, len(self._groups), process)
        self._groups[id(group.resource), id(group.scope)] = known
        return known

    def _look(self, span: Any, group: RawGroup, cut: list[bytes]) -> _Look:
        """The form of the first span of a look: the same as if it had come by another way."""
        whole = self._reader.read_span(span, group)
        places = tuple([i for i, piece in enumerate(cut) if piece in self._values])
        if len(whole.attributes) < len(cut):  # a name that is there twice
            return _Look(ODD, places)
        return _Look(self._forms.facts(whole)[4], places)

    def _look_at(self, piece: bytes) -> int:
        name, value = self._reader.read_piece(piece)
        try:
            trait = self._forms.trait(name, value)
            if name in self._forms.aspects.related:
                self._values[piece] = comparable(value)
        except (Oddity, RecursionError):
            trait = ODD
        if type(value) is not float:  # hardly any of which comes twice
            self._pieces[piece] = trait
        return trait


class _Pieces(dict[bytes, int]):
    """The traits of attributes by their bytes, found out when they are asked for."""

    def __init__(self, look_at: Callable[[bytes], int]) -> None:
        self._look_at = look_at

    def __missing__(self, piece: bytes) -> int:
        return self._look_at(piece)
