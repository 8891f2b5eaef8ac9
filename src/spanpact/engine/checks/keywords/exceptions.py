"""Exceptions: a span event and a log record that report the same exception are one (section 9)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from spanpact.trace.attributes import values_of
from spanpact.trace.model import Event, LogRecord

EXCEPTION = "exception"
_TYPE, _MESSAGE = EXCEPTION_ATTRIBUTES = ("exception.type", "exception.message")


def is_exception(carrier: Event | LogRecord) -> bool:
    """Return whether an event or a record reports an exception: by its type, and a conventional name or none.

    A span event has a name. Conventional are `exception` and names that end with `.exception`.
    """
    name = carrier.event_name if isinstance(carrier, LogRecord) else carrier.name
    if name and name != EXCEPTION and not name.endswith(f".{EXCEPTION}"):
        return False
    return _text(carrier, _TYPE) is not None


def _text(carrier: Event | LogRecord, name: str) -> str | None:
    """Return the first value of an attribute that is a string; a key may repeat."""
    return next((value for value in values_of(carrier.attributes, name) if isinstance(value, str)), None)


def exception_texts(carrier: Event | LogRecord) -> tuple[str | None, ...]:
    """Return what tells exceptions from each other, their type and message; nothing for what reports none."""
    return (_text(carrier, _TYPE), _text(carrier, _MESSAGE)) if is_exception(carrier) else ()


def count_reported_twice(carriers: Iterable[Event | LogRecord]) -> int:
    """Return how many exceptions of one span are reported by an event and by a record too.

    They are the same if the types are equal, and the messages where both have one.
    """
    events: dict[str, Counter[str | None]] = {}
    records: dict[str, Counter[str | None]] = {}
    for carrier in carriers:
        if is_exception(carrier):
            kind = str(_text(carrier, _TYPE))
            by_kind = records if isinstance(carrier, LogRecord) else events
            by_kind.setdefault(kind, Counter())[_text(carrier, _MESSAGE)] += 1
    return sum(_pairs(messages, records[kind]) for kind, messages in events.items() if kind in records)


def _pairs(events: Counter[str | None], records: Counter[str | None]) -> int:
    """Return the most pairs of an event and a record with equal messages; None goes with every message."""
    equal = sum(min(n, records[message]) for message, n in events.items() if message is not None)
    events_left = events.total() - events[None] - equal  # with a message
    records_left = records.total() - records[None] - equal
    of_events = min(events_left, records[None])
    of_records = min(records_left, events[None])
    return equal + of_events + of_records + min(records[None] - of_events, events[None] - of_records)
