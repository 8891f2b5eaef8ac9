"""Attributes that a plain dict cannot hold: a key that occurs more than once, and values that are never sent.

OTLP has attributes, and maps, as lists of pairs. A key should occur once, but emitters send it twice. Such a list
becomes `IrregularAttributes`. Where no key repeats, attributes are a plain dict and nothing is paid.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from spanpact.trace.model import Attributes, Value

Pair = tuple[str, Value]


class IrregularAttributes(dict[str, Value]):
    """Attributes with the last value of each key; `pairs` are all of them as they were sent.

    `unsent` are the names of attributes that the emitter holds and no exporter sends; they are not among the others.
    """

    __slots__ = ("pairs", "unsent")

    def __init__(self, pairs: Iterable[Pair], unsent: Iterable[str] = ()) -> None:
        self.pairs: Sequence[Pair] = tuple(pairs)
        self.unsent = frozenset(unsent)
        super().__init__(self.pairs)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, dict) and sorted(self.pairs, key=_key) == sorted(pairs_of(other), key=_key)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.pairs!r}, {sorted(self.unsent)!r})"

    def __setitem__(self, name: str, value: Value) -> None:
        self.pairs = (*(pair for pair in self.pairs if pair[0] != name), (name, value))
        super().__setitem__(name, value)

    def pop(self, name: str, /, *default: Any) -> Any:
        """Take all values of the name out, and return the last one."""
        self.pairs = tuple(pair for pair in self.pairs if pair[0] != name)
        return super().pop(name, *default)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.pairs, self.unsent)


def _key(pair: Pair) -> str:
    return pair[0]


def attributes_of(pairs: Sequence[Pair]) -> Attributes:
    """Return the attributes of a list of pairs: a plain dict unless a key repeats."""
    attributes = dict(pairs)
    return attributes if len(attributes) == len(pairs) else IrregularAttributes(pairs)


def pairs_of(attributes: Attributes) -> Iterable[Pair]:
    """Return all names and values, also those of a key that repeats."""
    return attributes.pairs if isinstance(attributes, IrregularAttributes) else attributes.items()


def values_of(attributes: Attributes, name: str) -> Sequence[Value]:
    """Return all values of a name, in the order in which they were sent; none if it is not there."""
    if isinstance(attributes, IrregularAttributes):
        return [value for key, value in attributes.pairs if key == name]
    return (attributes[name],) if name in attributes else ()


def filtered(attributes: Attributes, keep: Callable[[str], bool]) -> Attributes:
    """Return the attributes whose name `keep` accepts."""
    return attributes_of([pair for pair in pairs_of(attributes) if keep(pair[0])])


def repeated_keys(attributes: Attributes) -> Iterable[str]:
    """Return the keys that occur more than once, in the order of the attributes."""
    if not isinstance(attributes, IrregularAttributes):
        return ()
    return [name for name in attributes if len(values_of(attributes, name)) > 1]


def walk_values(value: Value) -> Iterator[Value]:
    """Yield a value, and all values in its lists and maps, those of repeated keys included."""
    stack = [value]
    while stack:
        one = stack.pop()
        yield one
        if isinstance(one, list):
            stack.extend(one)
        elif isinstance(one, dict):
            stack.extend(each for _, each in pairs_of(one))
