"""What a log line may hold: values made short, plain and free of secrets (docs/specification.md S5.3).

Nothing here calls a method that a value brings with it: a value of a type that is not known shows as its type's name.
So no `__str__` can raise, hang or tell; cycles end at a depth; and every value costs a bounded amount of work.
"""

from __future__ import annotations

import errno
import math
import os
import re
from collections import deque
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from traceback import walk_tb
from typing import Any, Final
from uuid import UUID

from reference_impl.instrumentation.errors import exception_type, redis_code
from reference_impl.settings import SettingsError

MAX_TEXT: Final = 1024
"""The longest text of one value, in characters."""
MAX_ITEMS: Final = 32
"""The most items of one list or mapping that are shown."""
MAX_DEPTH: Final = 4
MAX_NODES: Final = 256
"""The most values of one line, all depths together."""
MAX_ROOM: Final = 8192
"""The most characters of one line that are looked at, all values together."""
MAX_PLACES: Final = 8
"""The most places of an exception that are shown, the innermost ones."""
MAX_CAUSES: Final = 4
HIDDEN: Final = "***"
SAFE_MESSAGES: Final[tuple[type[BaseException], ...]] = (SettingsError,)
"""Exceptions whose messages are our own words: shown for these very classes, for no others."""

_AHEAD: Final = 512  # what is looked at beyond the cut, so that a secret that is cut in two is still known as one
_MAX_NAME: Final = 128
_SECRET_NAME = re.compile(
    r"passw|secret|token|authorization|cookie|credential|api_?key|private_?key|dsn|e_?mail", re.IGNORECASE
)
_OCTET = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_HEX = r"[0-9A-Fa-f]{1,4}"
_SECRETS: Final = {
    "private_key": r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----.*",
    "url_credentials": r"(?<=://)[^\s/:@]*:[^\s/@]+@",
    "email": r"(?<![\w.%+\-])[\w.%+\-]+(?:@|%40)[\w\-]+(?:\.[\w\-]+)+",
    "bearer": r"(?i:\bbearer\s+[A-Za-z0-9._~+/\-]{8,}=*)",
    "jwt": r"\beyJ[A-Za-z0-9_\-]{5,}[A-Za-z0-9_.\-]*",
    "card": r"\b[2-6](?:[ -]?\d){12,18}\b",
    "ip": rf"(?<![\w.])(?!127\.|0\.0\.0\.0)(?:{_OCTET}\.){{3}}{_OCTET}(?![\w.])"
    rf"|(?<![\w:])(?=[A-Fa-f:]*\d)(?:(?:{_HEX}:){{7}}{_HEX}|(?:{_HEX}:){{1,6}}(?::{_HEX}){{1,6}})(?![\w:])",
}
"""Each begins at a mark or at the start of a word and looks at a bounded part of the text: no two of them multiply."""
_SECRET = re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in _SECRETS.items()))
_MARK = re.compile(r"[@%:\d]|eyJ|BEGIN|(?i:bearer)")
"""Without one of these there is no secret in a text, which is soon found out."""
_WIDE = re.compile(r"%[^A-Za-z%]*(?:\*|\d{4})")
"""A place in a template that asks for a text of any length."""
_NESTED: Final = (dict, list, tuple, set, frozenset)
_SHOWN_AS_THEY_ARE: Final = (UUID, datetime, date, Decimal)


def text(value: str) -> str:
    """A text as one line of printable characters, secrets masked by their class, at most MAX_TEXT characters."""
    plain = str.__str__(value)  # what a subclass overrides is not called
    seen = plain[: MAX_TEXT + _AHEAD]
    if not seen.isprintable():
        seen = "".join(c if c.isprintable() else " " if c in "\t\r\n" else "?" for c in seen)
    masked = mask(seen)
    whole = len(masked) <= MAX_TEXT and len(plain) <= len(seen)
    return masked if whole else f"{masked[: MAX_TEXT - 1]}…"


def mask(line: str) -> str:
    """The text with addresses of people and machines, cards, credentials, tokens and keys shown by their class only."""
    return _SECRET.sub(_masked, line) if _MARK.search(line) else line


def _masked(match: re.Match[str]) -> str:
    found = match.group()
    if match.lastgroup == "card" and not _satisfies_luhn(found):
        return found
    return f"‹{match.lastgroup}›" + ("@" if match.lastgroup == "url_credentials" else "")


def _satisfies_luhn(number: str) -> bool:
    digits = [int(c) for c in reversed(number) if c.isdecimal()]
    return sum(n if place % 2 == 0 else sum(divmod(n * 2, 10)) for place, n in enumerate(digits)) % 10 == 0


class Values:
    """Makes the values of one line plain: what JSON and OpenTelemetry both carry; all within one budget."""

    __slots__ = ("_left", "_room")

    def __init__(self) -> None:
        self._left = MAX_NODES
        self._room = MAX_ROOM

    def fields(self, given: dict[Any, Any], depth: int = 0) -> dict[str, Any]:
        """The items of a dict: names made plain, values of names that tell of a secret hidden."""
        made: dict[str, Any] = {}
        for key, value in islice(dict.items(given), MAX_ITEMS):
            name = text(key)[:_MAX_NAME] if issubclass(type(key), str) else str(self.plain(key, MAX_DEPTH))
            made[name] = HIDDEN if value is not None and _SECRET_NAME.search(name) else self.plain(value, depth)
        return made

    def plain(self, value: Any, depth: int = 0) -> Any:
        """None, a bool, a number of 64 bits, a text, a list or a dict that stands for the value; never raises."""
        self._left -= 1
        if self._left < 0 or self._room < 0:
            return "[too much]"
        try:
            return self._plain(value, type(value), depth)
        except Exception:
            return "<object>"

    def _plain(self, value: Any, kind: type, depth: int) -> Any:
        # By `issubclass`, as `isinstance` asks the value's own `__class__`; by the base's methods, for the same reason.
        if value is None or kind is bool:
            return value
        if issubclass(kind, str):
            self._room -= min(str.__len__(value), MAX_TEXT)
            return text(value)
        if issubclass(kind, int):
            return _whole(int.__int__(value))
        if issubclass(kind, float):
            return _real(float.__float__(value))
        if issubclass(kind, BaseException):
            return _kind_of_failure(value)
        base = next((base for base in _NESTED if issubclass(kind, base)), None)
        if base is not None:
            return self._nested(value, base, depth + 1) if depth < MAX_DEPTH else "[too deep]"
        return text(str(value)) if kind in _SHOWN_AS_THEY_ARE else kind_of(kind)

    def _nested(self, value: Any, base: Any, depth: int) -> Any:
        if base is dict:
            return self.fields(value, depth)
        return [self.plain(item, depth) for item in islice(base.__iter__(value), MAX_ITEMS)]


def _whole(number: int) -> int | str:
    return number if -(2**63) <= number < 2**63 else f"[integer of {number.bit_length()} bits]"


def _real(number: float) -> float | str:
    return number if math.isfinite(number) else str(number)


def kind_of(kind: type) -> str:
    """What stands for a value of a type that is not shown: `<bytes>`, `<Session>`."""
    name = kind.__name__
    return f"<{name[:80]}>" if name.isidentifier() else "<object>"


def filled_in(template: object, arguments: Any = ()) -> str:
    """A message of the standard library's logging: its template with its arguments, each made plain before.

    A template that its arguments do not fit, or that asks for very wide ones, is shown as it is.
    """
    values = Values()
    if not issubclass(type(template), str):
        return str(values.plain(template))
    template = str.__str__(template)
    if arguments and len(template) <= MAX_TEXT and not _WIDE.search(template):
        try:
            if isinstance(arguments, dict):
                return text(template % {key: values.plain(value) for key, value in arguments.items()})
            return text(template % tuple(values.plain(value) for value in islice(arguments, MAX_ITEMS)))
        except Exception:
            return text(template)
    return text(template)


def _kind_of_failure(error: BaseException) -> str:
    """An exception's type; with the system's own words for its number, if it has one, as they are no secret."""
    number = error.errno if isinstance(error, OSError) else None
    kind = exception_type(error)
    return f"{kind}: {os.strerror(number).lower()}" if type(number) is int else kind


def shown_exception(error: BaseException) -> dict[str, Any]:
    """What a line says of an exception: type, places from the innermost out, causes; a message only if it is ours."""
    shown: dict[str, Any] = {"type": exception_type(error), "places": places(error)}
    code = redis_code(error) or (errno.errorcode.get(error.errno or 0) if isinstance(error, OSError) else None)
    shown |= {"code": code} if code else {}
    shown |= {"message": text(str(error))} if type(error) in SAFE_MESSAGES else {}
    causes = [exception_type(cause) for cause in _causes(error)]
    return shown | ({"causes": causes} if causes else {})


def places(error: BaseException) -> list[str]:
    """Where an exception came through, as `module:function:line`, the innermost first, at most MAX_PLACES."""
    frames = deque(walk_tb(error.__traceback__), maxlen=MAX_PLACES)
    return [text(f"{f.f_globals.get('__name__', '?')}:{f.f_code.co_name}:{line}") for f, line in reversed(frames)]


def _causes(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    cause = _cause(error)
    while cause is not None and cause is not error and cause not in found and len(found) < MAX_CAUSES:
        found.append(cause)
        cause = _cause(cause)
    return found


def _cause(error: BaseException) -> BaseException | None:
    return error.__cause__ or (None if error.__suppress_context__ else error.__context__)
