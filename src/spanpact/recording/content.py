"""Propose what spans of one place must be: kind, status, attributes, events and links."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from spanpact.recording.ids import Ids
from spanpact.recording.samples import SpanSeen
from spanpact.recording.span_names import is_constant, literal_pattern
from spanpact.recording.thresholds import alternatives, count_range, counts_text
from spanpact.recording.values import attribute_matchers, value_matcher
from spanpact.recording.yaml_text import Block
from spanpact.trace.model import Attributes, Event, LogRecord

STABLE_RESOURCE: Final = ("service.name", "service.namespace", "deployment.environment", "deployment.environment.name")
"""Attributes of a resource that are the same on every machine and in every release."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What all places of a contract share: how often is enough, its ids, and attributes that rules cover."""

    enough: int
    ids: Ids
    covered: frozenset[str] = field(default=frozenset())


def content_of(spans: Sequence[SpanSeen], settings: Settings) -> Block:
    """Return the content keywords that all of these spans meet, each with how often it was seen."""
    block, total = Block(), len(spans)
    kinds = alternatives([each.span.kind for each in spans], settings.enough)
    if kinds:
        block.put("kind", _one_or_several(kinds), f"{total} of {total}")
    statuses = alternatives([each.span.status for each in spans], settings.enough)
    if statuses and len(statuses) < 3:
        shares = [f"{status}: {sum(each.span.status == status for each in spans)}" for status in statuses]
        block.put("status", _one_or_several(statuses), ", ".join(shares) if len(shares) > 1 else f"{total} of {total}")
    messages = [each.span.status_message for each in spans if each.span.status_message]
    if len(messages) == total >= settings.enough:
        block.put("status_message", value_matcher("", messages, settings.enough), f"{total} of {total}")
    elif not messages and "error" in statuses:
        block.put("status_message", "absent", f"{total} of {total}")
    attributes = Block()
    for name, matcher, note in attribute_matchers([each.span.attributes for each in spans], settings.enough):
        if name not in settings.covered:
            attributes.put(name, matcher, note)
    block.put("attributes", attributes)
    block.put("events", _events(spans, settings))
    block.put("links", _links(spans, settings))
    return block


def parent_of(spans: Sequence[SpanSeen], enough: int) -> str:
    """Return what the parent of all these spans is; "" if it differs or is not known."""
    parents = {
        "none" if not each.span.parent_id else {True: "remote", False: "local", None: ""}[each.span.parent_remote]
        for each in spans
    }
    return parents.pop() if len(parents) == 1 and len(spans) >= enough else ""


def services(spans: Sequence[SpanSeen], enough: int) -> Block:
    """Return the stable attributes of the resource that all spans have."""
    block = Block()
    if len(spans) < enough:
        return block
    for name in STABLE_RESOURCE:
        values = [each.span.resource.attributes.get(name) for each in spans]
        if all(isinstance(value, str) and value for value in values):
            matcher = value_matcher(name, values, enough)
            block.put(name, matcher, f"{len(spans)} of {len(spans)}")
    if all(isinstance(each.span.resource.attributes.get("service.version"), str) for each in spans):
        block.put("service.version", {"type": "string"}, f"{len(spans)} of {len(spans)}")
    return block


def _one_or_several(values: Sequence[Any]) -> Any:
    return values[0] if len(values) == 1 else {"one_of": sorted(values)}


def _attributes(carriers: Sequence[tuple[SpanSeen, Attributes]], settings: Settings) -> Block:
    """Return the attributes of events or links, each of which comes with its span.

    What all spans of a flow share is compared with the flow's own span, if these always had the same as their span.
    """
    block = Block()
    for name, matcher, note in attribute_matchers([attributes for _, attributes in carriers], settings.enough):
        shared = name in settings.covered and all(
            attributes.get(name) == seen.span.attributes.get(name) for seen, attributes in carriers
        )
        block.put(name, {"type": "string", "same_as": f"top.{name}"} if shared else matcher, note)
    return block


def _events(spans: Sequence[SpanSeen], settings: Settings) -> Block:
    """Return the events of spans, and the log records that have an event name, with how many each span has."""
    block = Block()
    groups: dict[tuple[str, str], dict[int, list[Event | LogRecord]]] = defaultdict(lambda: defaultdict(list))
    for number, each in enumerate(spans):
        for event in each.span.events:
            groups["span", event.name][number].append(event)
        for record in each.logs:
            if record.event_name:
                groups["log", record.event_name][number].append(record)
    for (via, name), by_span in sorted(groups.items(), key=lambda group: group[0]):
        if not is_constant(name):
            continue
        counts = [len(by_span[number]) if number in by_span else 0 for number in range(len(spans))]
        count = count_range(counts, settings.enough)
        if count == "0..":
            continue
        event_block = Block({"event": literal_pattern(name)} | ({"via": "log"} if via == "log" else {}))
        if count != 1:
            event_block["count"] = count
        carriers = [(spans[number], event.attributes) for number, events in by_span.items() for event in events]
        event_block.put("attributes", _attributes(carriers, settings))
        block.put(settings.ids.new(name), event_block, counts_text(counts))
    return block


def _links(spans: Sequence[SpanSeen], settings: Settings) -> Block:
    """Return how many links spans have; the spans that they lead to may be in traces that were not recorded."""
    counts = [len({(link.trace_id, link.span_id) for link in each.span.links}) for each in spans]
    count = count_range(counts, settings.enough)
    if not any(counts) or count == "0..":
        return Block()
    link = Block({"span": "*"} | ({"count": count} if count != 1 else {}))
    carriers = [(each, link.attributes) for each in spans for link in each.span.links]
    link.put("attributes", _attributes(carriers, settings))
    block = Block()
    block.put(settings.ids.new("link"), link, counts_text(counts))
    return block
