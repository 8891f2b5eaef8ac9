"""What Jaeger itself says of a trace, asked by plain HTTP of its stable API, drawn as a tree of text.

Nothing of spanpact reads here: what its Jaeger source says can be held against it.

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
"""Attributes that trees show, in this order: those that are the same on every run."""

FIRST: Final = "studio-api"
"""The service that needs no name in a tree."""

DEADLINE: Final = 15.0
"""Seconds within which Jaeger must show what it was sent; a failure, never a pause."""
_QUIET: Final = 3.0
_OPENER: Final = build_opener(ProxyHandler({}))
_PAUSE: Final = 0.02


@dataclass(frozen=True, slots=True)
class JaegerSpan:
    """One span as Jaeger gives it; `parent_id` is "" for a root, `links` are (trace id, span id)."""

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
        """Which service made it."""
        return str(self.resource.get("service.name"))


def spans_of(url: str, trace_id: str) -> list[JaegerSpan]:
    """The spans that the Jaeger holds of a trace now, none where it does not know it."""
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
    """The tree of a trace, once it is as wanted, or once Jaeger has shown nothing new for a while."""
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
    """The tree of these spans, siblings in the order in which they began."""
    known = {span.span_id for span in spans}
    below: dict[str, list[JaegerSpan]] = {}
    for span in sorted(spans, key=lambda each: (each.start_ns, each.name)):
        below.setdefault(span.parent_id if span.parent_id in known else "", []).append(span)
    return "\n".join(_lines(below, "", FIRST, 0, name_of))


def _lines(
    below: Mapping[str, list[JaegerSpan]], parent: str, service: str, depth: int, name_of: Callable[[str, str], str]
) -> Iterator[str]:
    for span in below.get(parent, ()):
        yield "  " * depth + "  ".join(_said(span, service))
        for name, _, attributes in sorted(span.events, key=lambda event: event[1]):  # Jaeger has an order of its own
            yield "  " * (depth + 1) + "  ".join([f"* {name}", *_shown(attributes)])
        for trace_id, span_id, _ in span.links:
            yield "  " * (depth + 1) + f"> {name_of(trace_id, span_id)}"
        yield from _lines(below, span.span_id, span.service, depth + 1, name_of)


def _said(span: JaegerSpan, service: str) -> Iterator[str]:
    yield span.name
    if span.service != service:
        yield f"@{span.service}"
    if span.kind != "internal":
        yield span.kind
    if span.status != "unset":
        yield f'{span.status} "{span.message}"' if span.message else span.status
    yield from _shown(span.attributes)


def _shown(attributes: Mapping[str, Any]) -> Iterator[str]:
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
    """An attribute's value; OTLP/JSON writes whole numbers of 64 bits as text."""
    ((kind, content),) = value.items()
    if kind == "arrayValue":
        return [_value(each) for each in content.get("values", ())]
    return int(content) if kind == "intValue" else content
