"""The kinds of values that settings accept, how each is parsed, and the masking of credentials (S1.5)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

_CREDENTIALS = re.compile(r"(?<=://)[^/?#]*@")
_SECRET_QUERY = re.compile(r"(?i)((?:password|passwd|token|secret|key)=)[^&#]*")


class BadValue(Exception):
    """A text that is not of its kind; the message says what is wrong with it, and never shows it."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of value: `parse` returns the value of a text or raises BadValue; `accepted` says what it takes."""

    accepted: str
    parse: Callable[[str], Any]


def masked(value: str) -> str:
    """Return the text with the credentials of its URLs masked."""
    return _SECRET_QUERY.sub(r"\1***", _CREDENTIALS.sub("***@", value))


def text(shortest: int, longest: int) -> Kind:
    """Accept printable text of `shortest` to `longest` characters."""

    def parse(value: str) -> str:
        if not (shortest <= len(value) <= longest and value.isprintable()):
            raise BadValue("has the wrong length or characters that cannot be printed")
        return value

    return Kind(f"a text of {shortest} to {longest} characters", parse)


def one_of(*names: str) -> Kind:
    """Accept one of these names, in any case, as lower case."""

    def parse(value: str) -> str:
        if value.lower() not in names:
            raise BadValue("is unknown")
        return value.lower()

    return Kind(", ".join(names), parse)


def number(least: float, most: float) -> Kind:
    """Accept a number within bounds, both included."""

    def parse(value: str) -> float:
        try:
            found = float(value)
        except ValueError:
            raise BadValue("is not a number") from None
        if not least <= found <= most:
            raise BadValue("is out of range")
        return found

    return Kind(f"a number from {least:g} to {most:g}", parse)


def integer(least: int, most: int) -> Kind:
    """Accept a whole number within bounds, both included."""

    def parse(value: str) -> int:
        if not re.fullmatch(r"[+-]?[0-9]{1,20}", value):
            raise BadValue("is not a whole number")
        if not least <= int(value) <= most:
            raise BadValue("is out of range")
        return int(value)

    return Kind(f"a whole number from {least} to {most}", parse)


def url(accepted: str, *schemes: str) -> Kind:
    """Accept a URL of these schemes with a host."""

    def parse(value: str) -> str:
        try:
            parts = urlsplit(value)
            has_host = bool(parts.hostname) and parts.port != -1  # a bad port raises
        except ValueError:
            raise BadValue("is malformed") from None
        if parts.scheme not in schemes or not has_host or re.search(r"[\s\x00-\x1f\x7f]", value):
            raise BadValue("is not such a URL")
        return value

    return Kind(accepted, parse)


def _parse_pairs(value: str) -> tuple[tuple[str, str], ...]:
    pairs = []
    for part in filter(None, (part.strip() for part in value.split(","))):
        key, equals, item = part.partition("=")
        if not (equals and key.strip()):
            raise BadValue("holds a part that is not key=value")
        pairs.append((unquote(key.strip()), unquote(item.strip())))
    return tuple(pairs)


def _parse_redis_url(value: str) -> str:
    return value if value.startswith("unix:///") else _REDIS_SERVER.parse(value)


def _parse_database_url(value: str) -> str:
    if not value.startswith("sqlite+aiosqlite://"):
        return _DATABASE_SERVER.parse(value)  # type: ignore[no-any-return]
    for wait in parse_qs(urlsplit(value).query, keep_blank_values=True).get("timeout", ()):
        try:
            number(0, 3600).parse(wait)
        except BadValue as bad:
            raise BadValue(f"has a timeout, in seconds, that {bad}") from None
    return value


BOOLEAN = Kind("true, false", lambda value: one_of("true", "false").parse(value) == "true")
HTTP_URL = url("http(s)://host[:port][/path]", "http", "https")
OPTIONAL_HTTP_URL = Kind(HTTP_URL.accepted, lambda value: value and HTTP_URL.parse(value))
PAIRS = Kind("key=value,key=value", _parse_pairs)
"""A tuple of pairs, percent-encoded: OTEL_RESOURCE_ATTRIBUTES, OTEL_EXPORTER_OTLP_HEADERS."""
_REDIS_SERVER = url("redis(s)://[user:password@]host[:port][/database] or unix:///path", "redis", "rediss")
_DATABASE_SERVER = url(
    "sqlite+aiosqlite:///file[?timeout=seconds] or postgresql+psycopg://[user:password@]host[:port]/database",
    "postgresql+psycopg",
)
REDIS_URL = Kind(_REDIS_SERVER.accepted, _parse_redis_url)
DATABASE_URL = Kind(_DATABASE_SERVER.accepted, _parse_database_url)
"""A SQLAlchemy URL of an asynchronous driver."""
