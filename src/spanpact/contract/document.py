"""A contract document as a tree of nodes that know their place: the one form between files, Python and the loader.

`yaml_document.from_yaml` makes it from a file's text, `from_python` here from plain Python values.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from spanpact.errors import ContractError, Place

MAX_DEPTH: Final = 32
MAX_NODES: Final = 10_000
_INT64: Final = range(-(2**63), 2**63)

ScalarValue: TypeAlias = bool | int | float | str | None


@dataclass(frozen=True, slots=True)
class Location:
    """Where a node stands: its place in a file (None in Python), and its path of keys (`children.lookup`)."""

    place: Place | None = None
    path: str = ""

    def error(self, message: str, *, hint: str = "") -> ContractError:
        """A `ContractError` that names this location: by its place, or by its path where there is no file."""
        prefix = "" if self.place or not self.path else f"{self.path}: "
        return ContractError(prefix + message, place=self.place, hint=hint)


@dataclass(frozen=True, slots=True)
class Scalar:
    """A single value: text, number, boolean or null."""

    value: ScalarValue
    location: Location = field(default=Location(), compare=False)


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list of nodes."""

    items: tuple[Node, ...]
    location: Location = field(default=Location(), compare=False)


@dataclass(frozen=True, slots=True)
class Mapping:
    """Nodes by key; `keys` gives where each key stands."""

    items: dict[str, Node]
    keys: dict[str, Location] = field(default_factory=dict, compare=False)
    location: Location = field(default=Location(), compare=False)


Node: TypeAlias = Scalar | Sequence | Mapping


def to_python(node: Node) -> Any:
    """The node as plain Python values: dicts, lists, scalars."""
    if isinstance(node, Mapping):
        return {key: to_python(item) for key, item in node.items.items()}
    if isinstance(node, Sequence):
        return [to_python(item) for item in node.items]
    return node.value


def describe_kind(node: Node) -> str:
    """What the node is, in the words of error messages: `a mapping`, `a list`, `the number 5`."""
    if isinstance(node, Mapping):
        return "a mapping"
    if isinstance(node, Sequence):
        return "a list"
    value = node.value
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return f"the boolean {str(value).lower()}"
    if isinstance(value, int | float):
        return f"the number {quote(value)}"
    return f"the text {quote(value)}"


def quote(value: object) -> str:
    """A value as an error message shows it: on one line, cut at 60 characters, without control characters."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    text = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text[:61])
    return f"`{text[:60]}…`" if len(text) > 60 else f"`{text}`"


def from_python(value: object) -> Node:
    """The tree of plain Python values (dicts with text keys, lists, tuples, scalars); places are None.

    Raises ContractError, naming the path, for any other type and beyond the limits of a document.
    """
    budget = iter(range(MAX_NODES))
    return _from_python(value, path="", depth=1, budget=budget)


def _from_python(value: object, *, path: str, depth: int, budget: Iterator[int]) -> Node:
    location = Location(path=path)
    if next(budget, None) is None:
        raise location.error(f"more than {MAX_NODES:,} nodes")
    if isinstance(value, AnyMapping | list | tuple) and depth > MAX_DEPTH:
        raise location.error(f"nested deeper than {MAX_DEPTH}")
    if isinstance(value, AnyMapping):
        return _mapping_from_python(value, location=location, depth=depth, budget=budget)
    if isinstance(value, list | tuple):
        return Sequence(
            tuple(
                _from_python(item, path=f"{path}[{index}]", depth=depth + 1, budget=budget)
                for index, item in enumerate(value)
            ),
            location,
        )
    return Scalar(check_scalar(value, location), location)


def _mapping_from_python(
    value: AnyMapping[object, object], *, location: Location, depth: int, budget: Iterator[int]
) -> Mapping:
    items: dict[str, Node] = {}
    keys: dict[str, Location] = {}
    for key, item in value.items():
        if not isinstance(key, str):
            raise location.error(f"a key must be text, not {quote(key)}")
        path = f"{location.path}.{key}" if location.path else key
        next(budget, None)
        keys[key] = Location(path=path)
        items[key] = _from_python(item, path=path, depth=depth + 1, budget=budget)
    return Mapping(items, keys, location)


def check_scalar(value: object, location: Location) -> ScalarValue:
    """The value, if it may stand in a document; raises ContractError for other types and numbers beyond 64 bits."""
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        if value not in _INT64:
            raise location.error("a whole number beyond 64 bits")
        return value
    if isinstance(value, str):
        if any("\ud800" <= c <= "\udfff" for c in value):
            raise location.error("a text with half a surrogate pair is no text")
        return value
    raise location.error(f"a {type(value).__name__} cannot stand in a contract")
