"""Locate the error in a JSON text. Slow and exact: run only when decoding failed, or on a bounded part of the input."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from spanpact.privacy import mask

_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\]:]', re.DOTALL)
_STEPS = {b"{": 1, b"[": 1, b"}": -1, b"]": -1}
_DEEP = 100  # 32 values within one another are deeper than this
_SEARCHED = 1 << 20  # bytes; explaining the error in a hostile text must not take longer than refusing it
_QUOTED = 40  # characters
_BYTE = re.compile(r" \(byte (\d+)\)$")


@dataclass(frozen=True, slots=True)
class JsonFault:
    """A fault in a JSON text: `what` is wrong, and the offset of the byte that shows it (None where it is unknown)."""

    what: str
    offset: int | None = None


def quoted(text: str) -> str:
    """Return the beginning of a text of a trace in quotes. It is masked first: half a secret is not recognised."""
    return repr(mask(text)[:_QUOTED])


class _DuplicateKey(Exception):
    pass


def describe_failure(error: Exception, data: bytes) -> JsonFault:
    """Translate msgspec's failure to decode `data` into a fault, with the offset where one can be found."""
    if isinstance(error, RecursionError):
        return too_deep(data)
    if isinstance(error, UnicodeDecodeError):
        return JsonFault("the text is not UTF-8", _first_byte_not_utf8(data))
    text = str(error)
    if found := _BYTE.search(text):
        return JsonFault(mask(text[: found.start()]), int(found[1]))
    if "truncated" in text:
        return JsonFault("the text ends too early", len(data))
    return JsonFault(mask(text))


def _first_byte_not_utf8(data: bytes) -> int | None:
    try:
        data.decode()
    except UnicodeDecodeError as error:
        return error.start
    return None


def too_deep(data: bytes) -> JsonFault:
    """Return the fault of a text that nests too deep, at the byte at which it nests deeper than OTLP ever does."""
    depth = 0
    for token in _TOKEN.finditer(data, 0, _SEARCHED):
        depth += _STEPS.get(token[0], 0)
        if depth > _DEEP:
            return JsonFault("the text nests too deep", token.start())
    return JsonFault("the text nests too deep")


def find_duplicate_key(data: bytes) -> JsonFault | None:
    """Return the fault for the first key that occurs twice in one object of a well-formed JSON text, or None."""
    from json import loads  # not imported for texts without a mistake

    try:
        loads(data, object_pairs_hook=_refuse_duplicates)
    except _DuplicateKey:
        return next(_duplicates(data), None)
    except RecursionError:
        return too_deep(data)
    except UnicodeDecodeError as error:  # msgspec does not validate the fields that it skips
        return JsonFault("the text is not UTF-8", error.start)
    except ValueError as error:
        return JsonFault(str(error))
    return None


def _refuse_duplicates(pairs: list[tuple[str, Any]]) -> None:
    if len(dict(pairs)) != len(pairs):
        raise _DuplicateKey


def _duplicates(data: bytes) -> Iterator[JsonFault]:
    from json import loads

    objects: list[set[str]] = []
    text = None
    for token in _TOKEN.finditer(data):
        match token[0]:
            case b"{" | b"[":
                objects.append(set())
            case b"}" | b"]":
                objects.pop()
            case b":" if text is not None:
                key = loads(text[0])
                if key in objects[-1]:
                    yield JsonFault(f"the key {quoted(key)} occurs twice in one object", text.start())
                objects[-1].add(key)
            case _:
                text = token
