"""Find where one trace fails the rules of the Instrumentation Score."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from spanpact.packs.instrumentation_score.attribute_levels import is_of_resources, is_of_spans
from spanpact.trace.model import LogRecord, Resource, Span, Trace, Value

MOST_INTERNAL: Final = 10
MOST_SHORT: Final = 20
SHORT_NS: Final = 5_000_000


@dataclass(frozen=True, slots=True)
class Failure:
    """One failure of a rule: by which service, at which span ("": none), and what was seen there."""

    rule: str
    service: str
    span_id: str
    seen: str


def service_of(resource: Resource) -> str:
    """Return the service's name, "" where there is none or it is no text."""
    name = resource.attributes.get("service.name")
    return name if isinstance(name, str) else ""


def resource_failures(resource: Resource, span_id: str) -> Iterator[Failure]:
    """Yield the rules that a resource fails by itself; `span_id` is one of its spans."""
    attributes, service = resource.attributes, service_of(resource)
    if "service.instance.id" not in attributes:
        yield Failure("RES-001", service, span_id, "no `service.instance.id`")
    if "k8s.pod.uid" not in attributes and (named := next((n for n in attributes if n.startswith("k8s.")), None)):
        yield Failure("RES-003", service, span_id, f"`{named}`, but no `k8s.pod.uid`")
    for name in filter(is_of_spans, attributes):
        yield Failure("RES-004", service, span_id, f"`{name}` in a resource")
    if not service:
        yield Failure("RES-005", service, span_id, _named_badly(attributes))


def _named_badly(attributes: Mapping[str, Value]) -> str:
    if "service.name" not in attributes:
        return "no `service.name`"
    return "an empty `service.name`" if attributes["service.name"] in ("", None) else "a `service.name` that is no text"


def level_failures(spans: Sequence[Span], logs: Sequence[LogRecord]) -> Iterator[Failure]:
    """Yield the attributes of resources that are on spans and log records."""
    for carriers, what in ((spans, "a span"), (logs, "a log record")):
        for each in carriers:
            for name in filter(is_of_resources, each.attributes):
                yield Failure("RES-004", service_of(each.resource), each.span_id, f"`{name}` on {what}")


def span_failures(trace: Trace, spans: Sequence[Span]) -> Iterator[Failure]:
    """Yield where the spans of a trace, each of them once, fail the rules of traces."""
    known = {span.span_id for span in spans}
    internal: defaultdict[str, list[Span]] = defaultdict(list)
    short = []
    for span in spans:
        service = service_of(span.resource)
        if span.kind == "internal":
            internal[service].append(span)
        if trace.complete and span.parent_id and span.parent_id not in known:
            yield Failure("SPA-002", service, span.span_id, f"the parent {span.parent_id} is not in the trace")
        if not span.parent_id and span.kind == "client":
            yield Failure("SPA-004", service, span.span_id, "a root span of kind client")
        if span.end_ns and 0 <= span.end_ns - span.start_ns < SHORT_NS:
            short.append(span)
    for service, found in internal.items():
        if len(found) > MOST_INTERNAL:
            seen = f"{len(found)} internal spans in one trace"
            yield Failure("SPA-001", service, found[MOST_INTERNAL].span_id, seen)
    if len(short) > MOST_SHORT:
        last_of = {service_of(span.resource): span.span_id for span in short}
        for service, span_id in last_of.items():
            yield Failure("SPA-005", service, span_id, f"{len(short)} spans of less than 5 ms in one trace")
