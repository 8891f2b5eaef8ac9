"""Decide whether two attribute values, or two spans, are equal.

- `equal` and `may_equal`: two values of one source, as `same_as` compares them (section 4 of docs/contract-format.md);
- `equality_key`: a key that equal values share;
- `equal_across_sources`: one value as two sources give it;
- `content_key`: a total order of spans that share an id, for choosing the one that stays in the tree;
- `same_span`, `differing_fields`, `link_key`, `log_key`: copies of one span, link or log record.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping, Sequence
from typing import Final, TypeGuard

import msgspec

from spanpact.trace.attributes import pairs_of, values_of
from spanpact.trace.model import Capability, Event, Link, LogRecord, Resource, Scope, Span, Value

_EMPTY_OR_NOT_FINITE: Final[Sequence[Value]] = (None, [float("nan")], {"": float("nan")})
_TRUE_AND_FALSE: Final = frozenset(["true", "false"])
_INTEGER: Final = re.compile(r"[+-]?\d{1,19}", re.ASCII)
_NUMBER: Final = re.compile(
    r"[+-]?(?:\d{1,400}(?:\.\d{0,400})?(?:e[+-]?\d{1,4})?|nan|inf|infinity)", re.ASCII | re.IGNORECASE
)
_FIELDS: Final[Mapping[str, str]] = {
    "name": "name", "kind": "kind", "parent": "parent_id", "start": "start_ns", "end": "end_ns", "status": "status",
    "status message": "status_message", "trace state": "trace_state", "remote flag": "parent_remote",
    "dropped attributes": "dropped_attributes", "dropped events": "dropped_events", "dropped links": "dropped_links",
}  # fmt: skip
_COMPARED_DEPTH = 40  # levels of lists and maps that distinguish two spans with one id


def equal(one: Value, other: Value) -> bool:
    """Return whether two values have the same type and are equal.

    Integers and doubles are compared as numbers, lists in order. NaN equals nothing, not even itself.
    """
    if not isinstance(one, list | dict):
        return _equal_scalars(one, other)
    pairs: list[tuple[Value, Value]] = [(one, other)]
    while pairs:  # no recursion: values of a trace may be nested to any depth
        a, b = pairs.pop()
        if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
            pairs += zip(a, b, strict=True)
        elif isinstance(a, dict) and isinstance(b, dict) and a.keys() == b.keys():
            pairs += ((x, y) for key in a for x in values_of(a, key) for y in values_of(b, key))
        elif isinstance(a, list | dict) or not _equal_scalars(a, b):
            return False
    return True


def is_number(value: Value) -> TypeGuard[int | float]:
    """Return whether the value is an integer or a double; booleans are not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _equal_scalars(one: Value, other: Value) -> bool:
    if type(one) is type(other):
        return one == other
    numbers = (int, float)  # booleans are not
    return type(one) in numbers and type(other) in numbers and one == other


def equality_key(value: Value, depth: int = _COMPARED_DEPTH) -> Hashable:
    """Return a key that two values share if they are `equal`; deeper levels of lists and maps are left out.

    A map with a repeated key has the key of a map with the same pairs.
    """
    if isinstance(value, list | dict) and not depth:
        return "…", None
    if isinstance(value, list):
        return "list", tuple([equality_key(each, depth - 1) for each in value])
    if isinstance(value, dict):
        return "map", frozenset((name, equality_key(each, depth - 1)) for name, each in pairs_of(value))
    if is_number(value):
        return "number", value if value == value else object()  # NaN equals nothing, not even itself
    return type(value).__name__, value


def possible_values(value: Value, capabilities: frozenset[Capability]) -> Sequence[Value]:
    """Return the values other than itself that a text may stand for, none if the source distinguishes value types.

    A source without `value_types` writes lists and maps as JSON texts. It writes null, and what JSON cannot hold, as
    the empty text. A source without `scalar_types` writes numbers and booleans as texts too, and some lists with
    commas.
    """
    if "value_types" in capabilities or not isinstance(value, str):
        return ()
    if not value:
        return _EMPTY_OR_NOT_FINITE
    others = _values_written_as_json(value)
    if "scalar_types" in capabilities:
        return others
    return [*others, *_scalars_written_as_text(value), *_lists_of_scalars_written_as_text(value, others)]


def _scalars_written_as_text(text: str) -> list[Value]:
    """Return the number or the boolean that a text may stand for."""
    found: list[Value] = []
    if text.lower() in _TRUE_AND_FALSE:
        found.append(text.lower() == "true")
    if _INTEGER.fullmatch(text):
        found.append(int(text))
    elif _NUMBER.fullmatch(text):
        found.append(float(text))
    return found


def _lists_of_scalars_written_as_text(text: str, lists: Sequence[Value]) -> list[Value]:
    """Return the lists that a text may stand for beside those that it is in JSON: exporters write their members as
    texts, or only commas between them."""
    found = list(lists)
    if "," in text and not lists:
        found.append([part.strip() for part in text.strip("[]").split(",")])
    typed: list[Value] = [
        [(_scalars_written_as_text(each) or [each])[0] if isinstance(each, str) else each for each in members]
        for members in found
        if isinstance(members, list)
    ]
    return [*found[len(lists) :], *typed]


def _values_written_as_json(value: str) -> Sequence[Value]:
    if value[0] + value[-1] not in ("[]", "{}"):
        return ()
    try:
        return (msgspec.json.decode(value),)
    except RecursionError:
        return ([],) if value[0] == "[" else ({},)
    except (msgspec.DecodeError, UnicodeEncodeError):  # a lone surrogate is in no JSON
        return ()


def may_equal(one: Value, other: Value, capabilities: frozenset[Capability]) -> bool:
    """Return whether two unequal values may stand for equal ones: one text for the same list or map, say."""
    return any(equal(a, b) for a in possible_values(one, capabilities) for b in possible_values(other, capabilities))


def equal_across_sources(one: Value, other: Value, capabilities: frozenset[Capability]) -> bool:
    """Return whether two sources give the same value, as far as their common `capabilities` can show it.

    Unlike `equal`, this takes NaN for equal to NaN, and distinguishes integers from doubles where both sources do.
    """
    if _may_be_text_of(one, other, capabilities):
        return True
    if isinstance(one, bytes) or isinstance(other, bytes):
        return "bytes" not in capabilities or one == other
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float) and isinstance(other, int | float):
        if "number_types" in capabilities and isinstance(one, int) != isinstance(other, int):
            return False
        return one == other or (one != one and other != other)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(
            equal_across_sources(a, b, capabilities) for a, b in zip(one, other, strict=True)
        )
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(
            equal_across_sources(list(values_of(one, name)), list(values_of(other, name)), capabilities) for name in one
        )
    return one == other


def _may_be_text_of(one: Value, other: Value, capabilities: frozenset[Capability]) -> bool:
    """Return whether one of the two is a text that may stand for the other, which is none."""
    if isinstance(other, str):
        one, other = other, one
    if isinstance(other, list | dict | None):
        return bool(possible_values(one, capabilities))
    if "scalar_types" in capabilities or isinstance(other, str | bytes):
        return False
    return any(_same_number(each, other) for each in possible_values(one, capabilities))


def _same_number(one: Value, other: Value) -> bool:
    return equal(one, other) or (one != one and other != other)


def content_key(span: Span) -> tuple[object, ...]:
    """Return a sort key of all that a verdict may depend on, so that the order of reading never decides."""
    own = (span.start_ns, span.end_ns, span.name, span.parent_id, span.kind, span.status, span.status_message)
    resource, scope = span.resource, span.scope
    flags = (span.trace_state, str(span.parent_remote), resource.schema_url)
    scoped = (scope.name, scope.version, scope.schema_url)
    dropped = [span.dropped_attributes, span.dropped_events, span.dropped_links]
    dropped += [resource.dropped_attributes, scope.dropped_attributes]
    carried = [value_key(each) for each in (span.attributes, resource.attributes, scope.attributes)]
    events = sorted(map(_event_key, span.events))
    links = sorted(map(link_key, span.links))
    return *own, *flags, *scoped, *dropped, *carried, events, links


def same_span(one: Span, other: Span) -> bool:
    """Return whether two spans are copies of one: equal in everything, where NaN equals NaN."""
    return one == other or content_key(one) == content_key(other)


def log_key(record: LogRecord) -> tuple[object, ...]:
    """Return a key of all that a log record holds, in which NaN equals NaN."""
    own = (record.span_id, record.event_name, record.severity, record.time_ns, record.severity_number)
    flags = (record.trace_flags, record.dropped_attributes, value_key(record.body), value_key(record.attributes))
    return *own, *flags, *_owner_key(record.resource), *_owner_key(record.scope)


def _owner_key(owner: Resource | Scope) -> tuple[object, ...]:
    named = (owner.name, owner.version) if isinstance(owner, Scope) else ()
    return *named, owner.schema_url, owner.dropped_attributes, value_key(owner.attributes)


def differing_fields(one: Span, other: Span) -> Sequence[str]:
    """Return the names of the fields in which two spans with one id differ."""
    fields = [name for name, field in _FIELDS.items() if getattr(one, field) != getattr(other, field)]
    for name in sorted(one.attributes.keys() | other.attributes.keys()):
        mine, theirs = (list(values_of(each.attributes, name)) for each in (one, other))
        if value_key(mine) != value_key(theirs):
            fields.append(name)
    fields += [
        name for name in ("resource", "scope") if _owner_key(getattr(one, name)) != _owner_key(getattr(other, name))
    ]
    fields += ["events"] if sorted(map(_event_key, one.events)) != sorted(map(_event_key, other.events)) else []
    fields += ["links"] if sorted(map(link_key, one.links)) != sorted(map(link_key, other.links)) else []
    return fields


def _event_key(event: Event) -> tuple[object, ...]:
    return event.time_ns, event.name, value_key(event.attributes), event.dropped_attributes


def link_key(link: Link) -> tuple[object, ...]:
    """Return a key that is equal for equal links, where NaN equals NaN."""
    return link.trace_id, link.span_id, value_key(link.attributes), link.trace_state, link.dropped_attributes


def _name(pair: tuple[str, Value]) -> str:
    return pair[0]


def value_key(value: Value, depth: int = _COMPARED_DEPTH) -> str:
    """Return a text of the value that does not depend on the order of names; deeper levels are left out."""
    if isinstance(value, list | dict) and not depth:
        return "…"
    if isinstance(value, list):
        return f"[{','.join(value_key(each, depth - 1) for each in value)}]"
    if isinstance(value, dict):
        pairs = sorted(pairs_of(value), key=_name)
        return f"{{{','.join(f'{name!r}:{value_key(each, depth - 1)}' for name, each in pairs)}}}"
    if isinstance(value, float):
        value += 0.0  # some sources do not distinguish -0.0 from 0.0
    return f"{type(value).__name__} {value:x}" if isinstance(value, int) else repr(value)
