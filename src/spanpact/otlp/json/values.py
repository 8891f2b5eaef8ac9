"""Decode the attributes of OTLP JSON, and their values. All may raise MalformedValue.

This is part of the hot path of `decoding`, and written out flat for the same reason.
"""

from __future__ import annotations

import base64
import math
import re
from decimal import Decimal
from sys import intern
from typing import Final

from spanpact.otlp.batch import MAX_VALUE_DEPTH, MalformedValue
from spanpact.otlp.json import messages as wire
from spanpact.otlp.json.errors import quoted
from spanpact.trace.attributes import attributes_of
from spanpact.trace.model import Attributes, Value

_DECIMAL: Final = re.compile(r"[+-]?\d{1,400}(?:\.\d{0,400})?(?:[eE][+-]?\d{1,5})?", re.ASCII)
_LARGEST: Final = 2**64 - 1
_NOT_FINITE = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}


def decode_attributes(pairs: list[wire.KeyValue], depth: int = 0) -> Attributes:
    """Decode a list of attributes, or a map; `depth` counts the lists and maps around it."""
    attributes: Attributes = {}
    for pair in pairs:
        value = pair.value
        if value is None:
            attributes[intern(pair.key or "")] = None
        elif value.string_value is not None:
            attributes[intern(pair.key or "")] = value.string_value
        elif value.bool_value is not None:
            attributes[intern(pair.key or "")] = value.bool_value
        else:
            attributes[intern(pair.key or "")] = decode_value(value, depth)
    return attributes if len(attributes) == len(pairs) else _with_repeated_keys(pairs, depth)


def _with_repeated_keys(pairs: list[wire.KeyValue], depth: int) -> Attributes:
    return attributes_of(
        [(intern(pair.key or ""), decode_value(pair.value, depth) if pair.value else None) for pair in pairs]
    )


def decode_value(value: wire.AnyValue, depth: int) -> Value:
    """Decode the value of an attribute; `depth` counts the lists and maps around it."""
    if value.string_value is not None:
        return value.string_value
    if value.int_value is not None:
        return int_value(value.int_value)
    if value.bool_value is not None:
        return value.bool_value
    if value.double_value is not None:
        return value.double_value if isinstance(value.double_value, float) else _double(value.double_value)
    return _nested(value, depth + 1)


def _nested(value: wire.AnyValue, depth: int) -> Value:
    if depth > MAX_VALUE_DEPTH:
        raise RecursionError
    if value.array_value is not None:
        return [decode_value(member, depth) for member in value.array_value.values or ()]
    if value.kvlist_value is not None:
        return decode_attributes(value.kvlist_value.values or [], depth)
    return None if value.bytes_value is None else _bytes(value.bytes_value)


def _bytes(text: str) -> bytes:
    """Decode base64, standard or URL-safe, with or without padding: protobuf's JSON mapping accepts all four."""
    standard = text.rstrip("=").translate({45: "+", 95: "/"})
    try:
        return base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True)
    except ValueError:
        raise MalformedValue("a bytesValue is not base64") from None


def _double(text: str) -> float:
    """Decode a double that is sent as text: `NaN`, `Infinity`, `-Infinity`, or a number."""
    try:
        return _NOT_FINITE[text] if text in _NOT_FINITE else float(text)
    except ValueError:
        raise MalformedValue(f"a doubleValue is {quoted(text)}, not a number") from None


def decode_integer(value: int | str | None) -> int:
    """Decode an integer that is sent as number or text; 0 where it is missing."""
    try:
        return int(value or 0)
    except ValueError:
        number = number_of(str(value))
    if isinstance(number, int):
        return number
    raise MalformedValue(f"expected an integer, found {quoted(str(value))}")


def int_value(value: int | str) -> int | float:
    """Decode an `intValue`. A number that no integer of 64 bits holds is returned as it was sent: as a double.

    JavaScript's SDK writes every whole number as an `intValue`, those from 1e21 on with an exponent.
    """
    try:
        return int(value)
    except ValueError:
        number = number_of(str(value))
    if number is None:
        raise MalformedValue(f"expected an integer, found {quoted(str(value))}")
    return number


def number_of(text: str) -> int | float | None:
    """Return the number that a text with an exponent or a fraction stands for; None for another text.

    It is an integer where the number is whole and has at most 64 bits: protobuf's JSON mapping allows `1e3` and `5.0`.
    """
    if not _DECIMAL.fullmatch(text):
        return None
    number = float(text)
    if math.isinf(number):
        return None
    whole = whole_number(Decimal(text))
    return number if whole is None else whole


def whole_number(number: float | Decimal) -> int | None:
    """Return a number as an integer where it is whole and has at most 64 bits, else None."""
    if not -_LARGEST <= number <= _LARGEST:
        return None
    whole = int(number)
    return whole if whole == number else None
