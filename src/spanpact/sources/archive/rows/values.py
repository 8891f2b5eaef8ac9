"""Attribute values as JSON, without loss: what JSON has no form for is an object with one member.

`{"bytes": base64}`, `{"double": "NaN"}` (also `inf` and `-inf`), `{"map": [[key, value], …]}`; a list is an array. An
integer has no point, a double has one, as Python writes them. All text is ASCII, so lone surrogates are kept.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from spanpact.trace.attributes import Pair, attributes_of, pairs_of
from spanpact.trace.model import Attributes, Event, Link, Resource, Scope, Value

Json: TypeAlias = Any


def dumped(value: Json) -> str:
    """Return the text of a JSON value, in ASCII and without blanks."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


def value_json(value: Value) -> Json:
    """Return the JSON value of an attribute's value."""
    if isinstance(value, float) and not math.isfinite(value):
        return {"double": repr(value)}
    if isinstance(value, bytes):
        return {"bytes": base64.b64encode(value).decode("ascii")}
    if isinstance(value, list):
        return list(map(value_json, value))
    if isinstance(value, dict):
        return {"map": pairs_json(pairs_of(value))}
    return value


def value_of(read: Json) -> Value:
    """Return the value of an attribute from its JSON value."""
    if isinstance(read, list):
        return list(map(value_of, read))
    if not isinstance(read, dict):
        return read  # type: ignore[no-any-return]
    ((form, inner),) = read.items()
    if form == "bytes":
        return base64.b64decode(inner)
    return float(inner) if form == "double" else attributes_from(inner)


def pairs_json(pairs: Iterable[Pair]) -> Json:
    """Return the JSON value of attributes: a list of pairs, in order, so that a key may repeat."""
    return [[name, value_json(value)] for name, value in pairs]


def attributes_from(read: Sequence[Sequence[Json]]) -> Attributes:
    """Return attributes from their JSON value."""
    return attributes_of([(name, value_of(value)) for name, value in read])


def resource_json(resource: Resource) -> Json:
    """Return the JSON value of a resource."""
    return [pairs_json(pairs_of(resource.attributes)), resource.schema_url, resource.dropped_attributes]


def resource_of(read: Json) -> Resource:
    """Return a resource from its JSON value."""
    return Resource(attributes_from(read[0]), *read[1:])


def scope_json(scope: Scope) -> Json:
    """Return the JSON value of a scope."""
    attributes = pairs_json(pairs_of(scope.attributes))
    return [scope.name, scope.version, attributes, scope.schema_url, scope.dropped_attributes]


def scope_of(read: Json) -> Scope:
    """Return a scope from its JSON value."""
    return Scope(read[0], read[1], attributes_from(read[2]), *read[3:])


def event_json(event: Event) -> Json:
    """Return the JSON value of an event."""
    return [event.name, event.time_ns, pairs_json(pairs_of(event.attributes)), event.dropped_attributes]


def event_of(read: Json) -> Event:
    """Return an event from its JSON value."""
    return Event(read[0], read[1], attributes_from(read[2]), read[3])


def link_json(link: Link) -> Json:
    """Return the JSON value of a link."""
    pairs = pairs_json(pairs_of(link.attributes))
    return [link.trace_id, link.span_id, pairs, link.trace_state, link.dropped_attributes]


def link_of(read: Json) -> Link:
    """Return a link from its JSON value."""
    return Link(read[0], read[1], attributes_from(read[2]), read[3], read[4])
