"""Read OTLP JSON that the typed messages do not take, with a decoder that takes any JSON.

- Old names of fields are read; other unknown fields are counted.
- Integers may be written with an exponent or a fraction.
- Requests may be wrapped (`json_wrappers`).

Runs only where the typed decoding failed, so it costs nothing on other documents.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final, NamedTuple, get_args

import msgspec

from spanpact.otlp.json import messages as wire
from spanpact.otlp.json.values import whole_number
from spanpact.otlp.json.wrappers import requests_in
from spanpact.otlp.unread import UnreadFields, is_foreign_span

_OLD_NAMES: Final[dict[type, dict[str, str]]] = {  # up to OTLP 0.18
    wire.ResourceSpans: {"instrumentationLibrarySpans": "scopeSpans", "instrumentation_library_spans": "scopeSpans"},
    wire.ResourceLogs: {"instrumentationLibraryLogs": "scopeLogs", "instrumentation_library_logs": "scopeLogs"},
    wire.ScopeSpans: {"instrumentationLibrary": "scope", "instrumentation_library": "scope"},
    wire.ScopeLogs: {
        "instrumentationLibrary": "scope", "instrumentation_library": "scope", "logs": "logRecords",
    },
    wire.WireLogRecord: {"name": "eventName"},
}  # fmt: skip
_HARMLESS: Final = frozenset(["resourceProfiles", "dictionary", "entityRefs", "entity_refs"])  # of other signals
_OLD_STATUS: Final = ("deprecatedCode", "deprecated_code")
_OLD_OK: Final = (None, 0, "0", "", "DEPRECATED_STATUS_CODE_OK")
_ERROR: Final = 2


class _Field(NamedTuple):
    """The name of a field in the messages, the message that it holds (None: a scalar), and whether it is an integer."""

    name: str
    message: type | None
    is_integer: bool = False


def decode_with_unknown_fields(data: bytes, *, wrapped: bool = False) -> tuple[wire.Request, UnreadFields]:
    """Decode a document without its unknown fields, and count what they hold.

    Raise MsgspecError as a decoder does, and MalformedValue for a wrapper that is not whole.
    """
    unread = UnreadFields()
    value = msgspec.json.decode(data)
    requests = requests_in(value) if wrapped else [value]
    known = [_request(each, unread) for each in requests]
    return msgspec.convert(known[0] if len(known) == 1 else _joined(known), wire.Request), unread


def _request(value: Any, unread: UnreadFields) -> Any:
    """Return a request with its known fields; an object that is a span of another format is counted, and empty."""
    if isinstance(value, dict) and is_foreign_span(value):
        unread.count("texts in another format", "spans", 1)
        return {}
    return _known_fields(value, wire.Request, unread)


def _joined(requests: list[Any]) -> Any:
    """Return one request with what several hold; the first one that is no object, as that is an error."""
    joined = dict[str, Any]()
    for request in requests:
        if not isinstance(request, dict):
            return request
        for name, groups in request.items():
            joined[name] = _both(joined.get(name), groups)
    return joined


def _known_fields(value: Any, message: type, unread: UnreadFields) -> Any:
    """Return a value with the fields of a message only, under their names."""
    if isinstance(value, list):
        return [_known_fields(each, message, unread) for each in value]
    if not isinstance(value, dict):
        return value
    fields, known = _fields_of(message), dict[str, Any]()
    for key, item in value.items():
        field = fields.get(key)
        if field is not None:
            name, inner = field.name, item if field.message is None else _known_fields(item, field.message, unread)
            if field.is_integer and isinstance(item, float):
                name, inner = _integer(message, name, item)
            known[name] = _both(known.get(name), inner)
        elif message is wire.WireStatus and key in _OLD_STATUS:
            if item not in _OLD_OK and not value.get("code"):
                known["code"] = _ERROR
        elif key not in _HARMLESS:
            unread.add(key, item)
    return known


def _integer(message: type, field: str, number: float) -> tuple[str, int | float]:
    """Return the field and the value of an integer that is written with an exponent or a fraction.

    Of an attribute, a number that no integer of 64 bits holds is a double.
    """
    whole = whole_number(number)
    if whole is not None:
        return field, whole
    return ("doubleValue" if message is wire.AnyValue else field), number


def _both(one: Any, other: Any) -> Any:
    """Return what a field holds under two names."""
    if isinstance(one, list) and isinstance(other, list):
        return one + other
    return other if one is None else one


@cache
def _fields_of(message: type) -> dict[str, _Field]:
    """Return the fields of a message by each name that is read: in camel case, in snake case, and old ones."""
    fields: dict[str, _Field] = {}
    for each in msgspec.structs.fields(message):
        is_integer = int in get_args(each.type)
        fields[each.name] = fields[each.encode_name] = _Field(each.encode_name, _message_in(each.type), is_integer)
    for old, name in _OLD_NAMES.get(message, {}).items():
        fields.setdefault(old, fields[name])
    return fields


def _message_in(type_: Any) -> type | None:
    """Return the message that a field of this type holds, or holds a list of."""
    if type_ is wire.Ignored:
        return None
    if isinstance(type_, type) and issubclass(type_, msgspec.Struct):
        return type_
    return next((found for part in get_args(type_) if (found := _message_in(part))), None)
