"""Which attributes of spans have a column: those that contracts name, and those whose values vary.

A value that does not vary is part of a span's content, of which an archive has few, also where it has a column.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal, NamedTuple, TypeAlias

from spanpact.trace.model import Value

Kind: TypeAlias = Literal["text", "int", "double", "json"]

_MOST_COLUMNS: Final = 256
_MOST_FIXED: Final = 32  # values of one attribute that are part of contents
_MOST_NAMES: Final = 10_000  # of attributes whose values are counted
_LONGEST_NAME: Final = 200
LEAST, MOST = -(1 << 63), (1 << 63) - 1
"""The bounds of the integers that a column holds."""


class AttributeColumn(NamedTuple):
    """A column of `spans`: its name, the attribute whose values it holds, and their kind."""

    column: str
    attribute: str
    kind: Kind


def kind_of(value: Value) -> Kind | None:
    """Return the kind of column that holds a value; None for booleans and the empty value, which do not vary."""
    if isinstance(value, str):
        return "text" if value.isascii() or _is_unicode(value) else "json"
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int):
        return "int" if LEAST <= value <= MOST else "json"
    return "double" if isinstance(value, float) else "json"


def _is_unicode(text: str) -> bool:
    """Return whether UTF-8 can encode the text: it cannot encode lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


class AttributeColumns:
    """The columns of attributes so far. `wanted` are attributes that have one from their first value on."""

    def __init__(self, wanted: Iterable[str] = (), known: Iterable[AttributeColumn] = ()) -> None:
        self._wanted = frozenset(wanted)
        self._columns: dict[tuple[str, Kind], AttributeColumn] = {}
        self._used: set[str] = set()
        self._fixed: dict[tuple[str, Kind], set[Value | str]] = {}
        self._varying: set[tuple[str, Kind]] = set()
        for column in known:
            self._add(column)

    @property
    def all(self) -> list[AttributeColumn]:
        """Return all columns, in the order in which they were made."""
        return list(self._columns.values())

    def column_for(self, name: str, kind: Kind, value: Value | str) -> tuple[AttributeColumn | None, bool]:
        """Return the column of a value, and whether the attribute varies: if not, its value is part of the content.

        Nested values are given as their JSON.
        """
        key = name, kind
        column = self._columns.get(key)
        if column is not None and key in self._varying:
            return column, True
        if column is None and name in self._wanted:
            column = self._new(name, kind)
        if self._varies(key, value):
            column = column or self._new(name, kind)
            if column is not None:
                self._varying.add(key)
                del self._fixed[key]
                return column, True
        return column, False

    def _varies(self, key: tuple[str, Kind], value: Value | str) -> bool:
        """Return whether an attribute has more values than contents should hold."""
        fixed = self._fixed.get(key)
        if fixed is None:
            if len(self._fixed) >= _MOST_NAMES:
                self._fixed.clear()
            fixed = self._fixed[key] = set()
        if len(fixed) <= _MOST_FIXED:
            fixed.add(value)
        return len(fixed) > _MOST_FIXED

    def _new(self, name: str, kind: Kind) -> AttributeColumn | None:
        """Return a new column; None for a name that cannot be one, and if there are too many."""
        if len(self._columns) >= _MOST_COLUMNS:
            return None
        if not (name.isprintable() and len(name) <= _LONGEST_NAME and _is_unicode(name)):
            return None
        return self._add(AttributeColumn(self._unused(f"{kind}.{name}"), name, kind))

    def _add(self, column: AttributeColumn) -> AttributeColumn:
        self._used.add(column.column.lower())
        self._columns[column.attribute, column.kind] = column
        return column

    def _unused(self, name: str) -> str:
        """Return a name for a column: SQL does not distinguish capital letters, attributes do."""
        number, unused = 2, name
        while unused.lower() in self._used:
            unused, number = f"{name}~{number}", number + 1
        return unused
