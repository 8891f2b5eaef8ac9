"""A breakage: one way to break telemetry, as a change to finished spans and log records on their way out."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from opentelemetry.sdk._logs import ReadableLogRecord
from opentelemetry.sdk.trace import ReadableSpan

__all__ = ["Breakage", "Tamper", "TamperLog", "changed", "changed_log", "only"]

Tamper: TypeAlias = Callable[[ReadableSpan], Sequence[ReadableSpan]]
"""From a correct span to the spans that are exported instead: none, one or several."""

TamperLog: TypeAlias = Callable[[ReadableLogRecord], ReadableLogRecord | None]
"""From a correct log record to the one that is exported instead, None for none."""


def _keep(span: ReadableSpan) -> Sequence[ReadableSpan]:
    return (span,)


def _keep_log(record: ReadableLogRecord) -> ReadableLogRecord | None:
    return record


@dataclass(frozen=True, slots=True)
class Breakage:
    """One way to break telemetry: its name, a description, and what it does to spans and log records."""

    name: str
    about: str
    tamper: Tamper = _keep
    tamper_log: TamperLog = _keep_log


def changed(span: ReadableSpan, **fields: Any) -> ReadableSpan:
    """Return a copy of a span with some fields changed."""
    kept = {
        "name": span.name,
        "context": span.context,
        "parent": span.parent,
        "resource": span.resource,
        "attributes": span.attributes,
        "events": span.events,
        "links": span.links,
        "kind": span.kind,
        "status": span.status,
        "start_time": span.start_time,
        "end_time": span.end_time,
        "instrumentation_scope": span.instrumentation_scope,
    }
    return ReadableSpan(**{**kept, **fields})


def only(name: str, tamper: Tamper) -> Tamper:
    """Apply `tamper` to the spans of this name alone."""
    return lambda span: tamper(span) if span.name == name else (span,)


def changed_log(record: ReadableLogRecord, **fields: Any) -> ReadableLogRecord:
    """Return a copy of a log record with some fields changed."""
    changed_record = copy.copy(record.log_record)
    for name, value in fields.items():  # the constructor would replace empty ids by those of the current span
        setattr(changed_record, name, value)
    return ReadableLogRecord(changed_record, record.resource, record.instrumentation_scope)
