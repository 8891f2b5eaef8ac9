"""Headers that a user gives: parse them, check them, and hide their values in messages."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator, Mapping
from typing import Final
from urllib.parse import quote, unquote

from spanpact.errors import UsageError

HIDDEN: Final = "‹credentials›"
_SHORTEST_SECRET: Final = 4  # characters; hiding shorter values would leave holes in ordinary words
_RESERVED: Final = frozenset(["host", "connection", "content-length", "transfer-encoding", "accept-encoding"])


def parse_headers(text: str, *, variable: str) -> dict[str, str]:
    """Parse headers in the form of `OTEL_EXPORTER_OTLP_HEADERS`: `name=value,name=value`, percent-encoded.

    Raise UsageError, which names the variable and never the value.
    """
    headers = {}
    for number, pair in enumerate((part for part in text.split(",") if part.strip()), 1):
        name, equals, value = pair.partition("=")
        name, value = unquote(name.strip()).lower(), unquote(value.strip())
        if not equals or not _is_header(name, value):
            raise UsageError(f"{variable}: header {number} is malformed", hint="accepted: name=value,name=value")
        headers[name] = value
    return headers


def bearer_header(token: str, *, variable: str) -> str:
    """Return the value of `authorization` for a bearer token. Raise UsageError, which never has the token."""
    token = token.strip()
    if not token or not _is_header("authorization", token) or " " in token:
        hint = "accepted: one word of ASCII, without `Bearer`"
        raise UsageError(f"{variable}: the token is empty or malformed", hint=hint)
    return f"Bearer {token}"


def checked_headers(headers: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the headers. Raise UsageError for one that could not be sent, without its value."""
    for name, value in headers.items():
        if not _is_header(name.lower(), value):  # the name too may be a secret in the wrong place
            raise UsageError("a header is malformed", hint="accepted: a name and one line of ASCII")
        yield name, value


def _is_header(name: str, value: str) -> bool:
    """Return whether the name is a token that this client does not set itself, and the value is one line.

    Source: RFC 9110, sections 5.5 and 5.6.2.
    """
    token = bool(name) and all(c.isascii() and (c.isalnum() or c in "!#$%&'*+-.^_`|~") for c in name)
    return token and name not in _RESERVED and value.isascii() and value.isprintable() and value == value.strip()


def secrets_of(headers: Mapping[str, str]) -> tuple[str, ...]:
    """Return the texts of these headers that no message may show, the longest first."""
    found = {part for value in headers.values() for part in (value, *value.split(), *_basic(value))}
    found |= {quote(each, safe="") for each in found}
    return tuple(sorted((each for each in found if _is_secret(each)), key=len, reverse=True))


def _is_secret(text: str) -> bool:
    return len(text) >= _SHORTEST_SECRET and text.lower() not in ("bearer", "basic", "digest", "token")


def _basic(value: str) -> Iterable[str]:
    """Return user and password, together and each, of basic authentication."""
    scheme, _, encoded = value.partition(" ")
    if scheme.lower() != "basic":
        return ()
    try:
        decoded = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ()
    return (decoded, *decoded.partition(":")[::2])


def redacted(text: str, secrets: Iterable[str]) -> str:
    """Return the text with a mark in place of each secret."""
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    return text
