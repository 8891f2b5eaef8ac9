"""Parsers of settings, one for each kind of value, and the masking of credentials (S1.5)."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

_CREDENTIALS = re.compile(r"(?<=://)[^/?#]*@")
_SECRET_QUERY = re.compile(r"(?i)((?:password|passwd|token|secret|key)=)[^&#]*")
_SHOWN = 80


class BadValue(Exception):
    """A text that cannot be parsed: the masked text, what is wrong with it, and what is accepted."""

    def __init__(self, value: str, what: str, accepted: str) -> None:
        super().__init__(what)
        self.shown = repr(masked(value)[:_SHOWN])
        self.what = what
        self.accepted = accepted


def masked(value: str) -> str:
    """Return the text with the credentials of its URLs masked."""
    return _SECRET_QUERY.sub(r"\1***", _CREDENTIALS.sub("***@", value))


def text(shortest: int, longest: int) -> Callable[[str], str]:
    """Return a parser of printable text of `shortest` to `longest` characters."""
    accepted = f"a text of {shortest} to {longest} characters"

    def parse(value: str) -> str:
        if not (shortest <= len(value) <= longest and value.isprintable()):
            raise BadValue(value, "has the wrong length or characters that cannot be printed", accepted)
        return value

    return parse


def one_of(*names: str) -> Callable[[str], str]:
    """Return a parser of one of these names, in any case; it returns lower case."""

    def parse(value: str) -> str:
        if value.lower() not in names:
            raise BadValue(value, "is unknown", ", ".join(names))
        return value.lower()

    return parse


def boolean(value: str) -> bool:
    """Parse `true` or `false`, in any case."""
    return one_of("true", "false")(value) == "true"


def number(least: float, most: float) -> Callable[[str], float]:
    """Return a parser of a number within bounds, both included."""
    accepted = f"a number from {least:g} to {most:g}"

    def parse(value: str) -> float:
        try:
            found = float(value)
        except ValueError:
            raise BadValue(value, "is not a number", accepted) from None
        if not (math.isfinite(found) and least <= found <= most):
            raise BadValue(value, "is out of range", accepted)
        return found

    return parse


def integer(least: int, most: int) -> Callable[[str], int]:
    """Return a parser of a whole number within bounds, both included."""
    accepted = f"a whole number from {least} to {most}"

    def parse(value: str) -> int:
        if not re.fullmatch(r"[+-]?[0-9]{1,20}", value):
            raise BadValue(value, "is not a whole number", accepted)
        if not least <= int(value) <= most:
            raise BadValue(value, "is out of range", accepted)
        return int(value)

    return parse


def comma_pairs(value: str) -> tuple[tuple[str, str], ...]:
    """Parse `key=value,key=value`, percent-encoded: OTEL_RESOURCE_ATTRIBUTES, OTEL_EXPORTER_OTLP_HEADERS."""
    pairs = []
    for part in filter(None, (part.strip() for part in value.split(","))):
        key, equals, item = part.partition("=")
        if not (equals and key.strip()):
            raise BadValue(value, "holds a part that is not key=value", "key=value,key=value")
        pairs.append((unquote(key.strip()), unquote(item.strip())))
    return tuple(pairs)


def http_url(value: str) -> str:
    """Parse an http or https URL with a host."""
    return _url(value, ("http", "https"), "http(s)://host[:port][/path]")


def redis_url(value: str) -> str:
    """Parse a Redis URL; one of a Unix socket needs a path instead of a host."""
    if value.startswith("unix:///"):
        return value
    return _url(value, ("redis", "rediss"), "redis(s)://[user:password@]host[:port][/database] or unix:///path")


def database_url(value: str) -> str:
    """Parse a SQLAlchemy URL of an asynchronous driver."""
    if value.startswith("sqlite+aiosqlite://"):
        for wait in parse_qs(urlsplit(value).query, keep_blank_values=True).get("timeout", ()):
            _lock_wait(value, wait)
        return value
    accepted = "sqlite+aiosqlite:///file[?timeout=seconds] or postgresql+psycopg://[user:password@]host[:port]/database"
    return _url(value, ("postgresql+psycopg",), accepted)


def _lock_wait(url: str, wait: str) -> None:
    try:
        number(0, 3600)(wait)
    except BadValue as bad:
        raise BadValue(url, f"has a timeout that {bad.what}", f"?timeout= with {bad.accepted}, in seconds") from None


def _url(value: str, schemes: tuple[str, ...], accepted: str) -> str:
    parts = _split(value, accepted)
    if parts.scheme not in schemes or not parts.hostname or re.search(r"[\s\x00-\x1f\x7f]", value):
        raise BadValue(value, "is not such a URL", accepted)
    return value


def _split(value: str, accepted: str) -> SplitResult:
    try:
        parts = urlsplit(value)
        _: Any = parts.port  # raises for a bad port
    except ValueError:
        raise BadValue(value, "is malformed", accepted) from None
    return parts
