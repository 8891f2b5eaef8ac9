"""Attributes in columns of ClickHouse's type JSON.

ClickHouse keeps a value as paths with a type each: the attribute `http.route` and the member `route` of a map `http`
are one path. Paths are read as names of attributes, so the members of a map become attributes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from spanpact.trace.model import Attributes, Value


def attributes_in(value: Any, types: Mapping[str, str], names: Sequence[str] = ()) -> Attributes:
    """Return the attributes of a JSON value with the types of its paths.

    `names` are the names that the exporter noted: one without a path had the empty value, which JSON columns lose.
    """
    found: Attributes = {path: _typed(each, types.get(path, "")) for path, each in _leaves(value, "")}
    for name in names:
        found.setdefault(name, None)
    return found


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Yield what is no map, with its path. How deep maps are nested is limited by ClickHouse's own reader of JSON."""
    if not isinstance(value, dict):
        yield path, value
        return
    for name, each in value.items():
        yield from _leaves(each, f"{path}.{name}" if path else name)


def _typed(value: Any, type: str) -> Value:
    """Return the value; integers may be quoted, as a setting of the server decides."""
    if isinstance(value, str) and type.startswith(("Int", "UInt")):
        return int(value)
    if isinstance(value, list) and type.startswith(("Array(Nullable(Int", "Array(Nullable(UInt")):
        return [int(each) if isinstance(each, str) else each for each in value]
    return value  # type: ignore[no-any-return]
