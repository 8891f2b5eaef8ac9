"""Values of log lines made short, plain and free of secrets (docs/specification.md S5.3).

Nothing here calls a method of a value's own class: a value of an unknown type is shown as its type's name. So no
`__str__` can raise, hang or show a secret; cycles end at a maximum depth; and every value costs a bounded time.
"""

from __future__ import annotations

import errno
import math
import os
import re
from collections import deque
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from itertools import islice
from traceback import walk_tb
from typing import Any, Final
from uuid import UUID

from reference_impl.instrumentation.errors import exception_type, redis_code
from reference_impl.logs.masking import MAX_TEXT, SECRET_NAME, clean_text

MAX_ITEMS: Final = 32
"""The maximum of items shown of one list or mapping."""
MAX_DEPTH: Final = 4
MAX_NODES: Final = 256
"""The maximum of values in one line, of all depths together."""
MAX_ROOM: Final = 8192
"""The maximum of characters read for one line, of all values together."""
HIDDEN: Final = "***"

SAFE_MESSAGE: Final = "message_is_safe"
"""A class of exceptions that sets this attribute to True has its messages shown; its subclasses do not inherit that."""
MAX_PLACES: Final = 8
"""The maximum of places shown of an exception, the innermost first."""
MAX_CAUSES: Final = 4

_MAX_NAME: Final = 128
_WIDE = re.compile(r"%[^A-Za-z%]*(?:\*|\d{4})")
"""A placeholder in a template that makes a text of any length."""
_NESTED: Final = (dict, list, tuple, set, frozenset)
_SHOWN_AS_TEXT: Final = (UUID, datetime, date, Decimal)


@lru_cache(512)
def _field_name(name: str) -> tuple[str, bool]:
    """Return a field's name as it is shown, and whether its value is hidden. Names come again, values do not."""
    shown = clean_text(name)[:_MAX_NAME]
    return shown, _suggests_secret(shown)


def _suggests_secret(name: str) -> bool:
    return SECRET_NAME.search(name) is not None


class PlainValues:
    """Converts the values of one line to what JSON and OpenTelemetry both carry, within one budget."""

    __slots__ = ("_left", "_room")

    def __init__(self) -> None:
        self._left = MAX_NODES
        self._room = MAX_ROOM

    def fields(self, given: dict[Any, Any], depth: int = 0) -> dict[str, Any]:
        """Return the items of a dict with plain names; values whose name suggests a secret are hidden."""
        fields: dict[str, Any] = {}
        for key, value in islice(dict.items(given), MAX_ITEMS):
            if type(key) is str and len(key) <= _MAX_NAME:
                name, is_secret = _field_name(key)
            else:
                name = clean_text(key)[:_MAX_NAME] if issubclass(type(key), str) else str(self.plain(key, MAX_DEPTH))
                is_secret = _suggests_secret(name)
            fields[name] = HIDDEN if is_secret and value is not None else self.plain(value, depth)
        return fields

    def plain(self, value: Any, depth: int = 0) -> Any:
        """Return None, a bool, a number of 64 bits, a text, a list or a dict that represents the value; never raise."""
        self._left -= 1
        if self._left < 0 or self._room < 0:
            return "[too much]"
        kind = type(value)
        if value is None or kind is bool:
            return value
        if kind is float:
            return _real(value)
        if kind is int:
            return _whole(value)
        try:
            return self._plain(value, kind, depth)
        except Exception:
            return "<object>"

    def _plain(self, value: Any, kind: type, depth: int) -> Any:
        # `issubclass` and the base's methods, because `isinstance` would read the value's own `__class__`.
        if kind is str or issubclass(kind, str):
            self._room -= min(str.__len__(value), MAX_TEXT)
            return clean_text(value)
        if issubclass(kind, int):
            return _whole(int.__int__(value))
        if issubclass(kind, float):
            return _real(float.__float__(value))
        if issubclass(kind, BaseException):
            return _failure_label(value)
        base = next((base for base in _NESTED if issubclass(kind, base)), None)
        if base is not None:
            return self._nested(value, base, depth + 1) if depth < MAX_DEPTH else "[too deep]"
        return clean_text(str(value)) if kind in _SHOWN_AS_TEXT else type_label(kind)

    def _nested(self, value: Any, base: Any, depth: int) -> Any:
        if base is dict:
            return self.fields(value, depth)
        return [self.plain(item, depth) for item in islice(base.__iter__(value), MAX_ITEMS)]


def _whole(number: int) -> int | str:
    return number if -(2**63) <= number < 2**63 else f"[integer of {number.bit_length()} bits]"


def _real(number: float) -> float | str:
    return number if math.isfinite(number) else str(number)


def type_label(kind: type) -> str:
    """Return the text for a value whose type is not shown: `<bytes>`, `<Session>`."""
    name = kind.__name__
    return f"<{name[:80]}>" if name.isidentifier() else "<object>"


def fill_template(template: object, arguments: Any = ()) -> str:
    """Return a message of the standard library's logging: its template filled with plain arguments.

    A template that does not fit its arguments, or that asks for very wide ones, is returned as it is.
    """
    if not issubclass(type(template), str):
        return str(PlainValues().plain(template))
    template = str.__str__(template)
    if not arguments or len(template) > MAX_TEXT or _WIDE.search(template):
        return clean_text(template)
    values = PlainValues()
    try:
        if isinstance(arguments, dict):
            return clean_text(template % {key: values.plain(value) for key, value in arguments.items()})
        return clean_text(template % tuple(values.plain(value) for value in islice(arguments, MAX_ITEMS)))
    except Exception:
        return clean_text(template)


def _failure_label(error: BaseException) -> str:
    """Return an exception's type, and for a system error the system's own text for its number: no secret."""
    number = error.errno if isinstance(error, OSError) else None
    kind = exception_type(error)
    return f"{kind}: {os.strerror(number).lower()}" if type(number) is int else kind


def describe_exception(error: BaseException) -> dict[str, Any]:
    """Return what a line shows of an exception: type, places, code, causes, and a message marked as safe."""
    shown: dict[str, Any] = {"type": exception_type(error), "places": stack_places(error)}
    code = redis_code(error) or (errno.errorcode.get(error.errno or 0) if isinstance(error, OSError) else None)
    shown |= {"code": code} if code else {}
    shown |= {"message": clean_text(str(error))} if vars(type(error)).get(SAFE_MESSAGE) is True else {}
    causes = [exception_type(cause) for cause in _causes(error)]
    return shown | ({"causes": causes} if causes else {})


def stack_places(error: BaseException) -> list[str]:
    """Return the places of an exception's stack as `module:function:line`, the innermost first, at most MAX_PLACES."""
    frames = deque(walk_tb(error.__traceback__), maxlen=MAX_PLACES)
    return [clean_text(f"{f.f_globals.get('__name__', '?')}:{f.f_code.co_name}:{line}") for f, line in reversed(frames)]


def _causes(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    cause = _cause(error)
    while cause is not None and cause is not error and cause not in found and len(found) < MAX_CAUSES:
        found.append(cause)
        cause = _cause(cause)
    return found


def _cause(error: BaseException) -> BaseException | None:
    return error.__cause__ or (None if error.__suppress_context__ else error.__context__)
