"""Draw a trace of Jaeger as a tree of text, read from its stable API by plain HTTP.

This does not use spanpact, so that spanpact's Jaeger source can be compared with it.

    GET /session  server  http.response.status_code=200        name, kind (unless internal), attributes of SHOWN
      redis.get  client  error "ConnectionError"               below its parent; status and its message
        * exception  exception.type=...                        an event, attributes of SHOWN
        > POST /admin/purge                                    a link, by the name of the span that it leads to
      POST /audit/records  @audit-api                          of another service than the span above it
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener

SHOWN: Final = (
    "http.response.status_code", "audit.requested", "session.valid", "session.reason", "session.source",
    "sessions.warmed", "sessions.deleted", "operation", "key", "cache_hit", "cache_miss", "circuit_breaker.state",
    "error", "exception.type", "pool", "from_state", "reason", "failure_count", "threshold",
)  # fmt: skip
"""The attributes in trees, in this order: those that are the same on every run."""

FIRST: Final = "studio-api"
"""The service that is not named in a tree."""

DEADLINE: Final = 15.0
"""Seconds within which Jaeger must have what was sent to it."""
_QUIET: Final = 3.0
_OPENER: Final = build_opener(ProxyHandler({}))
_PAUSE: Final = 0.02


@dataclass(frozen=True, slots=True)
class JaegerSpan:
    """One span of Jaeger's answer; `parent_id` is "" for a root, `links` start with trace id and span id."""

    trace_id: str
    span_id: str
    parent_id: str
    name: str
    kind: str
    status: str
    message: str
    start_ns: int
    end_ns: int
    attributes: Mapping[str, Any]
    events: Sequence[tuple[str, int, Mapping[str, Any]]]
    links: Sequence[tuple[str, str, Mapping[str, Any]]]
    resource: Mapping[str, Any]

    @property
    def service(self) -> str:
        """Return the name of the service that made the span."""
        return str(self.resource.get("service.name"))


def spans_of(url: str, trace_id: str) -> list[JaegerSpan]:
    """Return the spans that the Jaeger has of a trace now, none if it does not know the trace."""
    try:
        with _OPENER.open(f"{url}/api/v3/traces/{trace_id}", timeout=DEADLINE) as response:
            answer = json.load(response)
    except HTTPError as error:
        with error:
            if error.code != HTTPStatus.NOT_FOUND:
                raise
        return []
    return [
        _span(span, resource)
        for group in answer["result"]["resourceSpans"]
        for resource in [_attributes(group["resource"])]
        for scope in group["scopeSpans"]
        for span in scope["spans"]
    ]


def tree_of(url: str, trace_id: str, wanted: str = "") -> str:
    """Return the tree of a trace once it is as wanted, or once Jaeger has had nothing new for a while."""
    deadline, seen, since = time.monotonic() + DEADLINE, "", time.monotonic()
    while True:
        spans = spans_of(url, trace_id)
        now, drawn = time.monotonic(), draw(spans, lambda trace, span: _name_of(url, trace, span))
        if drawn != seen:
            seen, since = drawn, now
        if drawn == wanted or now > deadline or (drawn and now > since + _QUIET):
            return drawn
        time.sleep(_PAUSE)


def draw(spans: Sequence[JaegerSpan], name_of: Callable[[str, str], str]) -> str:
    """Draw the tree of these spans, siblings in the order of their start."""
    known = {span.span_id for span in spans}
    below: dict[str, list[JaegerSpan]] = {}
    for span in sorted(spans, key=lambda each: (each.start_ns, each.name)):
        below.setdefault(span.parent_id if span.parent_id in known else "", []).append(span)
    return "\n".join(_lines(below, "", FIRST, 0, name_of))


def _lines(
    below: Mapping[str, list[JaegerSpan]], parent: str, service: str, depth: int, name_of: Callable[[str, str], str]
) -> Iterator[str]:
    for span in below.get(parent, ()):
        yield "  " * depth + "  ".join(_head(span, service))
        for name, _, attributes in sorted(span.events, key=lambda event: event[1]):  # Jaeger orders events differently
            yield "  " * (depth + 1) + "  ".join([f"* {name}", *_drawn_attributes(attributes)])
        for trace_id, span_id, _ in span.links:
            yield "  " * (depth + 1) + f"> {name_of(trace_id, span_id)}"
        yield from _lines(below, span.span_id, span.service, depth + 1, name_of)


def _head(span: JaegerSpan, service: str) -> Iterator[str]:
    yield span.name
    if span.service != service:
        yield f"@{span.service}"
    if span.kind != "internal":
        yield span.kind
    if span.status != "unset":
        yield f'{span.status} "{span.message}"' if span.message else span.status
    yield from _drawn_attributes(span.attributes)


def _drawn_attributes(attributes: Mapping[str, Any]) -> Iterator[str]:
    for name in SHOWN:
        if name in attributes:
            value = attributes[name]
            yield f"{name}={str(value).lower() if isinstance(value, bool) else value}"


def _name_of(url: str, trace_id: str, span_id: str) -> str:
    return next((span.name for span in spans_of(url, trace_id) if span.span_id == span_id), "a span that is not there")


def _span(span: Mapping[str, Any], resource: Mapping[str, Any]) -> JaegerSpan:
    status = span.get("status") or {}
    return JaegerSpan(
        trace_id=span["traceId"],
        span_id=span["spanId"],
        parent_id=span.get("parentSpanId") or "",
        name=span["name"],
        kind=_KINDS[span["kind"]],
        status=_STATUSES[status.get("code", 0)],
        message=status.get("message", ""),
        start_ns=int(span["startTimeUnixNano"]),
        end_ns=int(span["endTimeUnixNano"]),
        attributes=_attributes(span),
        events=[(event["name"], int(event["timeUnixNano"]), _attributes(event)) for event in span.get("events", ())],
        links=[(link["traceId"], link["spanId"], _attributes(link)) for link in span.get("links", ())],
        resource=resource,
    )


_KINDS: Final = {1: "internal", 2: "server", 3: "client", 4: "producer", 5: "consumer"}
_STATUSES: Final = {0: "unset", 1: "ok", 2: "error"}


def _attributes(holder: Mapping[str, Any]) -> dict[str, Any]:
    return {each["key"]: _value(each["value"]) for each in holder.get("attributes", ())}


def _value(value: Mapping[str, Any]) -> Any:
    """Return an attribute's value; OTLP/JSON writes 64-bit integers as text."""
    ((kind, content),) = value.items()
    if kind == "arrayValue":
        return [_value(each) for each in content.get("values", ())]
    return int(content) if kind == "intValue" else content
