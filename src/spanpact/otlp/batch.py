"""What one OTLP message decodes into, and the small values that both encodings of OTLP share."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, TypeVar

from spanpact.trace.model import (
    NO_RESOURCE,
    NO_SCOPE,
    Attributes,
    LogRecord,
    Resource,
    Scope,
    Span,
    SpanKind,
    StatusCode,
)

Signal: TypeAlias = Literal["traces", "logs", "metrics"]

KINDS: tuple[SpanKind, ...] = ("unspecified", "internal", "server", "client", "producer", "consumer")
"""Span kinds by their number in OTLP."""
STATUSES: tuple[StatusCode, ...] = ("unset", "ok", "error")
"""Status codes by their number in OTLP."""
HAS_IS_REMOTE = 0x100
IS_REMOTE = 0x200
MAX_VALUE_DEPTH = 32
"""How deep attribute values may nest in JSON; the protobuf runtime refuses maps from 34 on."""
_SEVERITY_NAMES = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")
_SHARED_AT_MOST = 1000  # a sender that gives every span a resource of its own must not fill the memory
_T = TypeVar("_T")


class MalformedValue(Exception):
    """A value that OTLP does not allow; the message says which. Never leaves this package."""


class NotPlain(Exception):
    """Something that only the careful reading of a whole message can read, or refuse with the right words."""


Plain: TypeAlias = tuple[int, str, str, int, tuple[Hashable, ...], list[bytes]]
"""Start, span id, parent id, end, all else of a plain span (name, kind, flags), and the pieces of its attributes."""


@dataclass(frozen=True, slots=True)
class Batch:
    """The spans and log records of one message, in the order sent, and the signals that it spoke of.

    Log records without a trace id belong to no trace and are not among `logs`.
    """

    spans: list[Span] = field(default_factory=list)
    logs: list[LogRecord] = field(default_factory=list)
    signals: frozenset[Signal] = frozenset()


class SharedValues:
    """Gives equal resources and scopes one object: less memory, and comparing them is comparing identities."""

    __slots__ = ("_resources", "_scopes")

    def __init__(self) -> None:
        self._resources: dict[str, Resource] = {}
        self._scopes: dict[str, Scope] = {}

    def resource(self, attributes: Attributes, schema_url: str) -> Resource:
        """The one resource with these values."""
        if not attributes and not schema_url:
            return NO_RESOURCE
        key = repr((sorted(attributes.items(), key=_name), schema_url))  # repr tells 1, 1.0 and True apart
        return _one(self._resources, key, Resource(attributes, schema_url))

    def scope(self, name: str, version: str, attributes: Attributes) -> Scope:
        """The one scope with these values."""
        if not name and not version and not attributes:
            return NO_SCOPE
        key = repr((name, version, sorted(attributes.items(), key=_name)))
        return _one(self._scopes, key, Scope(name, version, attributes))


def _name(item: tuple[str, object]) -> str:
    return item[0]


def _one(known: dict[str, _T], key: str, value: _T) -> _T:
    if len(known) >= _SHARED_AT_MOST:
        known.clear()
    return known.setdefault(key, value)


def parent_remote(flags: int) -> bool | None:
    """Whether the flags of a span say that its parent is in another process; None where they do not know."""
    return bool(flags & IS_REMOTE) if flags & HAS_IS_REMOTE else None


def severity_name(number: int) -> str:
    """The short name of a severity number by the OpenTelemetry logs data model: 9 is `INFO`, 10 `INFO2`."""
    if not 1 <= number <= 24:
        return ""
    family, step = divmod(number - 1, 4)
    return _SEVERITY_NAMES[family] + (str(step + 1) if step else "")
