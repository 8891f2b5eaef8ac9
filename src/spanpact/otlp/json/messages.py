"""The OTLP messages in JSON encoding, as the typed structures that msgspec reads and writes.

Source: opentelemetry-proto 1.x with the JSON rules of the OTLP specification ("JSON Protobuf Encoding"): 64-bit
integers as text or number, enums as number (names are accepted), ids as hexadecimal text, bytes as base64, null like
a missing field. Unknown fields are an error here: `json_unknown_fields` reads such documents. Messages contain no
cycles, so the garbage collector need not track them.
"""

from __future__ import annotations

from msgspec import UNSET, Struct, UnsetType


class AnyValue(Struct, rename="camel", omit_defaults=True, gc=False, forbid_unknown_fields=True):
    """An attribute's value: at most one field is set; none of them set is the empty value."""

    string_value: str | None = None
    int_value: int | str | None = None
    bool_value: bool | None = None
    double_value: float | str | None = None
    array_value: ArrayValue | None = None
    kvlist_value: KeyValueList | None = None
    bytes_value: str | None = None


class ArrayValue(Struct, rename="camel", omit_defaults=True, gc=False, forbid_unknown_fields=True):
    """A list of values."""

    values: list[AnyValue] | None = None


class KeyValue(Struct, rename="camel", omit_defaults=True, gc=False, forbid_unknown_fields=True):
    """An attribute."""

    key: str | None = None
    value: AnyValue | None = None


class KeyValueList(Struct, rename="camel", omit_defaults=True, gc=False, forbid_unknown_fields=True):
    """A map of values."""

    values: list[KeyValue] | None = None


class WireResource(Struct, rename="camel", omit_defaults=True, gc=False, forbid_unknown_fields=True):
    """Resource."""

    attributes: list[KeyValue] | None = None
    dropped_attributes_count: int | str | None = None


class WireScope(Struct, rename="camel", omit_defaults=True, gc=False, forbid_unknown_fields=True):
    """InstrumentationScope."""

    name: str | None = None
    version: str | None = None
    attributes: list[KeyValue] | None = None
    dropped_attributes_count: int | str | None = None


class WireEvent(Struct, rename="camel", omit_defaults=True, gc=False, forbid_unknown_fields=True):
    """Span.Event."""

    time_unix_nano: int | str | None = None
    name: str | None = None
    attributes: list[KeyValue] | None = None
    dropped_attributes_count: int | str | None = None


class WireLink(Struct, rename="camel", omit_defaults=True, gc=False, forbid_unknown_fields=True):
    """Span.Link."""

    trace_id: str | None = None
    span_id: str | None = None
    trace_state: str | None = None
    attributes: list[KeyValue] | None = None
    dropped_attributes_count: int | str | None = None


class WireStatus(Struct, rename="camel", omit_defaults=True, gc=False, forbid_unknown_fields=True):
    """Status."""

    message: str | None = None
    code: int | str | None = None


class WireSpanStart(Struct, rename="camel", omit_defaults=True, gc=False, forbid_unknown_fields=True):
    """The fields of a Span up to its end time, which come first in OTLP JSON."""

    trace_id: str | None = None
    span_id: str | None = None
    trace_state: str | None = None
    parent_span_id: str | None = None
    flags: int | str | None = None
    name: str | None = None
    kind: int | str | None = None
    start_time_unix_nano: int | str | None = None
    end_time_unix_nano: int | str | None = None


class WireSpan(WireSpanStart, omit_defaults=True, gc=False):
    """Span."""

    attributes: list[KeyValue] | None = None
    dropped_attributes_count: int | str | None = None
    events: list[WireEvent] | None = None
    dropped_events_count: int | str | None = None
    links: list[WireLink] | None = None
    dropped_links_count: int | str | None = None
    status: WireStatus | None = None


class OfScope(Struct, rename="camel", omit_defaults=True, gc=False, forbid_unknown_fields=True):
    """A group of one scope."""

    scope: WireScope | None = None


class OfResource(Struct, rename="camel", omit_defaults=True, gc=False, forbid_unknown_fields=True):
    """A group of one resource."""

    resource: WireResource | None = None


class ScopeSpans(OfScope, omit_defaults=True, gc=False):
    """The spans of one scope."""

    spans: list[WireSpan] | None = None
    schema_url: str | None = None


class ResourceSpans(OfResource, omit_defaults=True, gc=False):
    """The spans of one resource."""

    scope_spans: list[ScopeSpans] | None = None
    schema_url: str | None = None


class WireLogRecord(Struct, rename="camel", omit_defaults=True, gc=False, forbid_unknown_fields=True):
    """LogRecord."""

    time_unix_nano: int | str | None = None
    observed_time_unix_nano: int | str | None = None
    severity_number: int | str | None = None
    severity_text: str | None = None
    body: AnyValue | None = None
    attributes: list[KeyValue] | None = None
    dropped_attributes_count: int | str | None = None
    flags: int | str | None = None
    trace_id: str | None = None
    span_id: str | None = None
    event_name: str | None = None


class ScopeLogs(OfScope, omit_defaults=True, gc=False):
    """The log records of one scope."""

    log_records: list[WireLogRecord] | None = None
    schema_url: str | None = None


class ResourceLogs(OfResource, omit_defaults=True, gc=False):
    """The log records of one resource."""

    scope_logs: list[ScopeLogs] | None = None
    schema_url: str | None = None


class Ignored(Struct, gc=False):
    """An object whose content is skipped."""


class Request(Struct, rename="camel", omit_defaults=True, gc=False, forbid_unknown_fields=True):
    """A request or file: ExportTraceServiceRequest, ExportLogsServiceRequest, or both in one object."""

    resource_spans: list[ResourceSpans] | UnsetType | None = UNSET
    resource_logs: list[ResourceLogs] | UnsetType | None = UNSET
    resource_metrics: list[Ignored] | UnsetType | None = UNSET
