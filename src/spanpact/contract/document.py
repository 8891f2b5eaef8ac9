"""A contract document: a tree of nodes, each with its location.

It is the loader's input, whatever the contract comes from: `yaml_reader.from_yaml` builds it from YAML text,
`from_python` from Python values.
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
    """The location of a node: its place in a file (None in Python) and its path of keys (`children.lookup`)."""

    place: Place | None = None
    path: str = ""

    def error(self, message: str, *, hint: str = "") -> ContractError:
        """Return a ContractError for this location: its place, or its path of keys where there is no file."""
        prefix = "" if self.place or not self.path else f"{self.path}: "
        return ContractError(prefix + message, place=self.place, hint=hint)


@dataclass(frozen=True, slots=True)
class Scalar:
    """A leaf: text, number, boolean or null."""

    value: ScalarValue
    location: Location = field(default=Location(), compare=False)


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list of nodes."""

    items: tuple[Node, ...]
    location: Location = field(default=Location(), compare=False)


@dataclass(frozen=True, slots=True)
class Mapping:
    """Nodes by key. `keys` has the location of each key."""

    items: dict[str, Node]
    keys: dict[str, Location] = field(default_factory=dict, compare=False)
    location: Location = field(default=Location(), compare=False)


Node: TypeAlias = Scalar | Sequence | Mapping


def to_python(node: Node) -> Any:
    """Return the node as Python values: dicts, lists, scalars."""
    if isinstance(node, Mapping):
        return {key: to_python(item) for key, item in node.items.items()}
    if isinstance(node, Sequence):
        return [to_python(item) for item in node.items]
    return node.value


def describe_kind(node: Node) -> str:
    """Describe the node for an error message: `a mapping`, `a list`, `the number 5`."""
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
    """Return a value quoted for an error message: on one line, cut at 60 characters, control characters escaped."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    text = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text[:61])
    return f"`{text[:60]}…`" if len(text) > 60 else f"`{text}`"


def from_python(value: object) -> Node:
    """Build the tree of Python values (dicts with text keys, lists, tuples, scalars). Its places are None.

    Raise ContractError, with the path of keys, for any other type and beyond the limits of a document.
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
    """Return the value if a document may have it. Raise ContractError for other types and integers beyond 64 bits."""
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        if value not in _INT64:
            raise location.error("a whole number beyond 64 bits")
        return value
    if isinstance(value, str):
        if any("\ud800" <= c <= "\udfff" for c in value):
            raise location.error("the text has half a surrogate pair")
        return value
    raise location.error(f"a value of type {type(value).__name__} is not allowed in a contract")
