"""The OTLP messages in JSON of which attributes, resources, scopes and bodies are not decoded (see `lazy`)."""

from __future__ import annotations

from typing import Final

from msgspec import UNSET, Raw, Struct, UnsetType

from spanpact.otlp.json import messages as wire

NOTHING: Final = Raw(b"")


class RawSpan(wire.WireSpanStart, omit_defaults=False, gc=False):
    """A span whose attributes are not decoded. The fields are those of `messages.WireSpan`."""

    attributes: Raw = NOTHING
    dropped_attributes_count: int | str | None = None
    events: list[wire.WireEvent] | None = None
    dropped_events_count: int | str | None = None
    links: list[wire.WireLink] | None = None
    dropped_links_count: int | str | None = None
    status: wire.WireStatus | None = None


class RawScopeSpans(Struct, rename="camel", gc=False, forbid_unknown_fields=True):
    """The spans of one scope."""

    scope: Raw = NOTHING
    spans: list[RawSpan] | None = None
    schema_url: str | None = None


class RawResourceSpans(Struct, rename="camel", gc=False, forbid_unknown_fields=True):
    """The spans of one resource."""

    resource: Raw = NOTHING
    scope_spans: list[RawScopeSpans] | None = None
    schema_url: str | None = None


class RawRecord(Struct, rename="camel", gc=False, forbid_unknown_fields=True):
    """A log record whose body and attributes are not decoded. The fields are those of `messages.WireLogRecord`."""

    time_unix_nano: int | str | None = None
    observed_time_unix_nano: int | str | None = None
    severity_number: int | str | None = None
    severity_text: str | None = None
    body: Raw = NOTHING
    attributes: Raw = NOTHING
    dropped_attributes_count: int | str | None = None
    flags: int | str | None = None
    trace_id: str | None = None
    span_id: str | None = None
    event_name: str | None = None


class RawScopeLogs(Struct, rename="camel", gc=False, forbid_unknown_fields=True):
    """The log records of one scope."""

    scope: Raw = NOTHING
    log_records: list[RawRecord] | None = None
    schema_url: str | None = None


class RawResourceLogs(Struct, rename="camel", gc=False, forbid_unknown_fields=True):
    """The log records of one resource."""

    resource: Raw = NOTHING
    scope_logs: list[RawScopeLogs] | None = None
    schema_url: str | None = None


class RawDocument(Struct, rename="camel", gc=False, forbid_unknown_fields=True):
    """A document."""

    resource_spans: list[RawResourceSpans] | None = None
    resource_logs: list[RawResourceLogs] | UnsetType | None = UNSET
    resource_metrics: list[wire.Ignored] | UnsetType | None = UNSET


class RawSignals(Struct, rename="camel", gc=False, forbid_unknown_fields=True):
    """A document of which nothing is decoded."""

    resource_spans: Raw | UnsetType = UNSET
    resource_logs: Raw | UnsetType = UNSET
    resource_metrics: Raw | UnsetType = UNSET
