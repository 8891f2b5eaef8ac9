"""The decoded form of one OTLP message, and the enums and helpers that both encodings of OTLP share."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias, TypeVar

from spanpact.trace import LogRecord, Resource, Scope, Span
from spanpact.trace.attributes import pairs_of
from spanpact.trace.model import NO_RESOURCE, NO_SCOPE, Attributes, SpanKind, StatusCode, UnreadField

Signal: TypeAlias = Literal["traces", "logs", "metrics"]

KINDS: tuple[SpanKind, ...] = ("unspecified", "internal", "server", "client", "producer", "consumer")
"""Span kinds by their number in OTLP."""
STATUSES: tuple[StatusCode, ...] = ("unset", "ok", "error")
"""Status codes by their number in OTLP."""
HAS_IS_REMOTE = 0x100
IS_REMOTE = 0x200
MAX_VALUE_DEPTH = 32
"""How deep attribute values may nest in JSON; the protobuf runtime refuses maps that nest 34 deep or deeper."""
_SEVERITY_NAMES = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")
_SHARED_AT_MOST = 1000  # a sender that gives every span a resource of its own must not fill the memory
_T = TypeVar("_T")


class MalformedValue(Exception):
    """A value that OTLP does not allow; the message names it. Raised and caught within this package."""


class NeedsFullDecoding(Exception):
    """Lazy decoding cannot read this message: decode it in full, which reads it or raises a `SourceError`."""


class UnexpectedLogs(NeedsFullDecoding):
    """There are log records in a message, and none in what was searched for them."""


Ends: TypeAlias = tuple[bytes, Hashable, bytes]
"""The encoded attributes of a span: the first one, all between (read by `split_block`), the last one; b"" for none.

Ids mostly come first and durations last; what is between them is then the same in many spans, and known at one look.
"""


class SimpleSpans(NamedTuple):
    """Spans before their attributes are decoded, a list for each field: times in ns, ids as hexadecimal digits.

    `looks` are name, kind and flags. `attributes` are None for a span with more than these fields: a status, events,
    links, trace state or dropped counts.
    """

    trace_ids: Sequence[str]
    starts: Sequence[int]
    span_ids: Sequence[str]
    parent_ids: Sequence[str]
    ends: Sequence[int]
    looks: Sequence[tuple[Hashable, ...]]
    attributes: Sequence[Ends | None]


SimpleRecord: TypeAlias = tuple[str, tuple[Hashable, ...], int, bytes, list[bytes]]
"""A log record before its body and attributes are decoded: event name, the number and the text of its severity, trace
flags, the encoded body (b"" where it has none), and the encoded attributes, one `bytes` each.
"""


@dataclass(frozen=True, slots=True)
class Batch:
    """The spans and log records of one message, in the order sent, and the signals that the message has fields for."""

    spans: list[Span] = field(default_factory=list)
    logs: list[LogRecord] = field(default_factory=list)
    signals: frozenset[Signal] = frozenset()
    unread: tuple[UnreadField, ...] = ()


class SharedValues:
    """A cache that gives equal resources, and equal scopes, one object, so that they can be compared by identity."""

    __slots__ = ("_resources", "_scopes")

    def __init__(self) -> None:
        self._resources: dict[str, Resource] = {}
        self._scopes: dict[str, Scope] = {}

    def resource(self, attributes: Attributes, schema_url: str, dropped: int = 0) -> Resource:
        """Return the shared resource with these values."""
        if not attributes and not schema_url and not dropped:
            return NO_RESOURCE
        # repr distinguishes 1, 1.0 and True
        key = repr((sorted(pairs_of(attributes), key=_name), schema_url, dropped))
        return _shared(self._resources, key, Resource(attributes, schema_url, dropped))

    def scope(self, name: str, version: str, attributes: Attributes, schema_url: str = "", dropped: int = 0) -> Scope:
        """Return the shared scope with these values."""
        if not name and not version and not attributes and not schema_url and not dropped:
            return NO_SCOPE
        key = repr((name, version, sorted(pairs_of(attributes), key=_name), schema_url, dropped))
        return _shared(self._scopes, key, Scope(name, version, attributes, schema_url, dropped))


def _name(item: tuple[str, object]) -> str:
    return item[0]


def _shared(known: dict[str, _T], key: str, value: _T) -> _T:
    if len(known) >= _SHARED_AT_MOST:
        known.clear()
    return known.setdefault(key, value)


def parent_remote(flags: int) -> bool | None:
    """Return whether a span's OTLP flags mark its parent as remote; None where the flags do not tell."""
    return bool(flags & IS_REMOTE) if flags & HAS_IS_REMOTE else None


def id_of_log(text: str) -> str:
    """Return the trace or span id of a log record; "" for one of zeros only, which some exporters send for none."""
    return text if text.strip("0") else ""


def trace_flags(flags: int) -> int:
    """Return the W3C trace flags, the lowest byte, of the OTLP flags of a log record."""
    return flags & 0xFF


def severity_name(number: int) -> str:
    """Return the short name of a severity number (1 to 24): 9 is `INFO`, 10 `INFO2`; "" for any other number.

    Source: the OpenTelemetry logs data model.
    """
    if not 1 <= number <= 24:
        return ""
    family, step = divmod(number - 1, 4)
    return _SEVERITY_NAMES[family] + (str(step + 1) if step else "")
