"""Sanitizes a finished span for every backend: no NaN or infinity, no lone surrogates, no huge texts (S1.5).

A lone surrogate cannot be encoded as UTF-8, so its span would be lost. A NaN makes Jaeger answer 500 to every search
that finds the trace. A span is copied only if something has to be changed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from math import isfinite
from typing import Any

from opentelemetry.attributes import BoundedAttributes
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.util import BoundedList
from opentelemetry.trace import Link, Status

from reference_impl.export.span_encoding import MAX_TEXT, encoded_ahead

MAX_DEPTH = 8
"""The deepest exported nesting of arrays and maps; deeper values become TOO_DEEP."""

MAX_ITEMS = 1024
"""The maximum of exported items of one array."""

TOO_DEEP = "[too deep]"

_NOT_FINITE = {math.inf: "Infinity", -math.inf: "-Infinity"}


def sanitize_span(span: ReadableSpan) -> ReadableSpan:
    """Return the span itself if all its values are safe, else a sanitized copy with the same drop counts."""
    if encoded_ahead(span) is not None:
        return span  # nearly every span of the fast set-up
    # Each is read once, because the SDK makes a new view at every access.
    given = (span.name, span.status, span.attributes, span.events, span.links, span.resource)
    makers: tuple[Callable[[Any], Any], ...] = (
        sanitize_text,
        _safe_status,
        sanitize_mapping,
        partial(_sanitize_each, make_safe=_safe_event),
        partial(_sanitize_each, make_safe=_safe_link),
        _safe_resource,
    )
    safe = [make(value) for make, value in zip(makers, given, strict=True)]
    if all(new is old for new, old in zip(safe, given, strict=True)):
        return span
    name, status, attributes, events, links, resource = safe
    return ReadableSpan(
        name=name,
        context=span.context,
        parent=span.parent,
        resource=resource,
        attributes=_attributes(attributes, span.dropped_attributes),
        events=_list(events, span.dropped_events),
        links=_list(links, span.dropped_links),
        kind=span.kind,
        status=status,
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def sanitize_text(value: Any) -> Any:
    """Return the text itself, or a copy of at most MAX_TEXT characters with lone surrogates replaced by U+FFFD.

    Other values are returned as they are: the exporter rejects their span, and only that span is lost.
    """
    if not isinstance(value, str):
        return value
    if len(value) > MAX_TEXT:
        value = value[:MAX_TEXT]
    if value.isascii():
        return value
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return value


def sanitize_value(value: Any, depth: int = 0) -> Any:
    """Return the value itself, or a safe one: NaN and infinities become the texts of OTLP/JSON."""
    if isinstance(value, str):
        return sanitize_text(value)
    if isinstance(value, float):
        return value if isfinite(value) else _NOT_FINITE.get(value, "NaN")
    if isinstance(value, Mapping):
        return sanitize_mapping(value, depth + 1) if depth < MAX_DEPTH else TOO_DEEP
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        kept = value if len(value) <= MAX_ITEMS else value[:MAX_ITEMS]
        return _sanitize_each(kept, partial(sanitize_value, depth=depth + 1)) if depth < MAX_DEPTH else TOO_DEEP
    return value[:MAX_TEXT] if isinstance(value, bytes) and len(value) > MAX_TEXT else value


def sanitize_mapping(values: Mapping[str, Any] | None, depth: int = 0) -> Any:
    """Return the attributes themselves if all are safe, else a sanitized dict."""
    if not values:
        return values
    given = list(values.items())
    safe = [(sanitize_text(key), sanitize_value(value, depth)) for key, value in given]
    same = all(key is old_key and value is old for (key, value), (old_key, old) in zip(safe, given, strict=True))
    return values if same else dict(safe)


def _sanitize_each(items: Sequence[Any], make_safe: Callable[[Any], Any]) -> Sequence[Any]:
    safe = tuple(make_safe(item) for item in items)
    return items if all(new is old for new, old in zip(safe, items, strict=True)) else safe


def _safe_event(event: Event) -> Event:
    name, given = sanitize_text(event.name), event.attributes
    attributes = sanitize_mapping(given)
    if name is event.name and attributes is given:
        return event
    return Event(name, _attributes(attributes, event.dropped_attributes), event.timestamp)


def _safe_link(link: Link) -> Link:
    given = link.attributes
    attributes = sanitize_mapping(given)
    return link if attributes is given else Link(link.context, _attributes(attributes, link.dropped_attributes))


def _safe_status(status: Status) -> Status:
    description = status.description
    if description is None or sanitize_text(description) is description:
        return status
    return Status(status.status_code, sanitize_text(description))


def _safe_resource(resource: Resource) -> Resource:
    given = resource.attributes
    attributes = sanitize_mapping(given)
    return resource if attributes is given else Resource(attributes, resource.schema_url)


def _attributes(values: Mapping[str, Any] | None, dropped: int) -> BoundedAttributes:
    bounded = BoundedAttributes(attributes=values)
    bounded.dropped = dropped
    return bounded


def _list(items: Sequence[Any], dropped: int) -> BoundedList[Any]:
    bounded: BoundedList[Any] = BoundedList.from_seq(None, items)
    bounded.dropped = dropped
    return bounded
