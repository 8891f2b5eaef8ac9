"""Read the concrete values of examples: attribute values, times, ids."""

from __future__ import annotations

import base64
import binascii
import datetime
import re
from typing import Final

from spanpact.contract.document import Mapping, Node, Scalar, Sequence, describe_kind, quote
from spanpact.contract.loader.node_readers import read_mapping, read_sequence, read_text
from spanpact.contract.loader.vocabulary import EXAMPLE_VALUE
from spanpact.trace.attributes import attributes_of
from spanpact.trace.model import Attributes, Value

EPOCH_NS: Final = 1_767_225_600 * 10**9
"""2026-01-01T00:00:00Z, the start of every example."""

_INSTANT: Final = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z", re.ASCII)


def is_absent(node: Node) -> bool:
    """Return whether a node is the word `absent`."""
    return isinstance(node, Scalar) and node.value == "absent"


def read_value(node: Node, what: str) -> Value:
    """Read an attribute's value: a YAML scalar or list, or `{bytes: base64}`, `{map: {…}}`, `{equals: absent}`."""
    if isinstance(node, Scalar):
        if node.value in ("present", "absent") and isinstance(node.value, str):
            raise node.location.error(f"`{node.value}` is not a value", hint=f"write {{equals: {node.value}}}")
        return node.value
    if isinstance(node, Sequence):
        return [read_value(item, what) for item in node.items]
    return _special(read_mapping(node, f"the value of {what}", EXAMPLE_VALUE), what)


def _special(node: Mapping, what: str) -> Value:
    if len(node.items) != 1:
        raise node.location.error(f"the value of {what} is exactly one of {', '.join(EXAMPLE_VALUE)}")
    ((form, item),) = node.items.items()
    if form == "bytes":
        return _bytes(item, what)
    if form == "map":
        return _pairs(read_mapping(item, f"the map of {what}"))
    if form == "repeated":
        raise node.location.error("`repeated` is for attributes and for the keys of a map")
    if not isinstance(item, Scalar):
        raise item.location.error(f"`equals` of a value must be a scalar, not {describe_kind(item)}")
    return item.value


def _bytes(node: Node, what: str) -> bytes:
    try:
        return base64.b64decode(read_text(node, f"the bytes of {what}", empty=True), validate=True)
    except (binascii.Error, ValueError):
        raise node.location.error(f"the bytes of {what} are not base64") from None


def read_attributes(node: Node | None, what: str) -> Attributes:
    """Read attributes by name, without those that are `absent`."""
    if node is None:
        return {}
    keywords = read_mapping(node, what)
    return _pairs(keywords)


def _pairs(node: Mapping) -> Attributes:
    """Return names with their values, without those that are `absent`.

    `{repeated: [a, b]}` is a key that occurs once for each value.
    """
    pairs: list[tuple[str, Value]] = []
    for name, item in node.items.items():
        if isinstance(item, Mapping) and "repeated" in item.items and len(item.items) == 1:
            values = read_sequence(item.items["repeated"], f"the repeated values of `{name}`").items
            if len(values) < 2:
                raise item.location.error(f"`{name}` is not repeated: `repeated` lists two values or more")
            pairs += [(name, read_value(each, f"`{name}`")) for each in values]
        elif not is_absent(item):
            pairs.append((name, read_value(item, f"`{name}`")))
    return attributes_of(pairs)


def read_instant(node: Node, what: str) -> int:
    """Read a time, an integer (nanoseconds since the Unix epoch) or 2026-01-01T00:00:00.5Z, as nanoseconds."""
    if isinstance(node, Scalar) and isinstance(node.value, int) and not isinstance(node.value, bool):
        return node.value
    found = _INSTANT.fullmatch(node.value) if isinstance(node, Scalar) and isinstance(node.value, str) else None
    try:
        if found:
            seconds = datetime.datetime.fromisoformat(f"{found[1]}+00:00").timestamp()
            return int(seconds) * 10**9 + int((found[2] or "0").ljust(9, "0"))
    except ValueError:
        pass
    given = quote(node.value) if isinstance(node, Scalar) else describe_kind(node)
    hint = "accepted: nanoseconds since 1970, or an instant such as 2026-01-01T00:00:00.5Z"
    raise node.location.error(f"{what} cannot be {given}", hint=hint)


def read_id(node: Node, what: str) -> str:
    """Read an id as text. It may be malformed on purpose; a number is refused, as YAML drops its leading zeros."""
    return read_text(node, what, empty=True)
