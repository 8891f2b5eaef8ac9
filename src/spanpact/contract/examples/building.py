"""Build the spans, events, links and log records of an example from its nodes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, cast

from spanpact.contract.document import Location, Mapping, Node, Scalar, Sequence, describe_kind, quote
from spanpact.contract.examples.span_nodes import Given, SpanNode
from spanpact.contract.examples.values import EPOCH_NS, read_attributes, read_id, read_instant, read_value
from spanpact.contract.loader.node_readers import (
    read_duration,
    read_integer,
    read_mapping,
    read_sequence,
    read_text,
    read_word,
)
from spanpact.contract.loader.vocabulary import (
    EXAMPLE_DROPPED,
    EXAMPLE_EVENT,
    EXAMPLE_LINK,
    EXAMPLE_LOG,
    EXAMPLE_SCOPE,
    EXAMPLE_TARGET,
    KINDS,
    PARENTS,
    STATUSES,
    suggest,
)
from spanpact.trace.model import Attributes, Event, Link, LogRecord, Resource, Scope, Span, SpanKind, StatusCode, Trace

DEFAULT_NS: Final = 1_000_000  # a span without children takes 1 ms
_HAS_REMOTE, _IS_REMOTE = 0x100, 0x200  # OTLP, trace.proto, SpanFlags


@dataclass(frozen=True, slots=True)
class Draft:
    """A span with its ids, times and parent, before labels are resolved.

    `fields` are those of the node, completed by `given`. `trace` is the number of its trace in the example.
    """

    node: SpanNode
    fields: Mapping
    trace: int
    trace_id: str
    span_id: str
    parent_id: str
    start_ns: int
    end_ns: int


@dataclass(slots=True)
class Builder:
    """Builds the traces of one example. Trace and span ids are numbered over the whole example."""

    given: Given
    scenario: str = ""
    drafts: list[Draft] = field(default_factory=list)
    _traces: int = 0
    _spans: int = 0
    _labels: dict[str, list[Draft]] = field(default_factory=dict)

    def trace(self, spans: tuple[SpanNode, ...]) -> None:
        """Add a trace with these spans. Its times start at 2026-01-01T00:00:00Z."""
        self._traces += 1
        self._draft_all(spans, trace_id=f"{self._traces:032x}", parent_id="", origin=EPOCH_NS)

    def _draft_all(self, spans: tuple[SpanNode, ...], *, trace_id: str, parent_id: str, origin: int) -> int:
        """Draft siblings, the first of which starts at `origin`. Return the time at which the last of them ends."""
        before = latest = origin
        for span in spans:
            before = self._draft(span, trace_id=trace_id, parent_id=parent_id, origin=origin, before=before)
            latest = max(latest, before)
        return latest

    def _draft(self, node: SpanNode, *, trace_id: str, parent_id: str, origin: int, before: int) -> int:
        """Draft one span and all below it. Return its end; if it never ends, that of the last span below it."""
        name = read_text(node.fields.items["span"], "`span`", empty=True)
        fields = self.given.complete(name, node.fields)
        items = fields.items
        self._spans += 1
        span_id = read_id(items["span_id"], "`span_id`") if "span_id" in items else f"{self._spans:016x}"
        trace_id = read_id(items["trace_id"], "`trace_id`") if "trace_id" in items else trace_id
        start = _start(items, origin, before)
        index = len(self.drafts)
        draft = Draft(node, fields, self._traces, trace_id, span_id, parent_id, start, 0)
        self.drafts.append(draft)  # parents come before their children
        last = self._draft_all(node.children, trace_id=trace_id, parent_id=span_id, origin=start)
        end = _end(items, start, last if node.children else start + DEFAULT_NS)
        draft = self.drafts[index] = Draft(node, fields, self._traces, trace_id, span_id, parent_id, start, end)
        if "id" in items:
            self._label(draft, items["id"])
        return end or last

    def _label(self, draft: Draft, node: Node) -> None:
        label = read_text(node, "`id`")
        known = self._labels.setdefault(label, [])
        if label in PARENTS:
            raise node.location.error(f"`{label}` cannot be a label: it is a value of `parent`")
        if any(other.trace == draft.trace for other in known):
            raise node.location.error(f"two spans of one trace have the label {quote(label)}")
        known.append(draft)

    def _labelled(self, label: str, location: Location, trace: int) -> Draft:
        """Return the span with this label: that of the same trace if there is one, else the first."""
        known = self._labels.get(label)
        if not known:
            raise location.error(f"no span has the label {quote(label)}", hint=suggest(label, tuple(self._labels)))
        return next((draft for draft in known if draft.trace == trace), known[0])

    def finished(self) -> list[Trace]:
        """Return the traces added so far, complete and labelled. Spans with a `trace_id` make traces of their own."""
        spans: dict[str, list[Span]] = {}
        logs: dict[str, list[LogRecord]] = {}
        for draft in self.drafts:
            span = self._span(draft)
            spans.setdefault(span.trace_id, []).append(span)
            logs.setdefault(span.trace_id, []).extend(_logs(draft, span))
        return [Trace(id, found, logs[id], complete=True, scenario=self.scenario) for id, found in spans.items()]

    def _span(self, draft: Draft) -> Span:
        items = draft.fields.items
        parent_id, remote = self._parent(draft)
        dropped = _dropped(items.get("dropped"))
        attributes = read_attributes(items.get("resource"), "`resource`")
        return Span(
            trace_id=draft.trace_id,
            span_id=draft.span_id,
            name=read_text(items["span"], "`span`", empty=True),
            parent_id=parent_id,
            kind=cast(SpanKind, read_word(items["kind"], "`kind`", KINDS)) if "kind" in items else "internal",
            start_ns=draft.start_ns,
            end_ns=draft.end_ns,
            status=cast(StatusCode, read_word(items["status"], "`status`", STATUSES)) if "status" in items else "unset",
            status_message=_text(items, "status_message"),
            attributes=read_attributes(items.get("attributes"), "`attributes`"),
            events=[_event(draft, item) for item in _items(items, "events")],
            links=[self._link(draft, item) for item in _items(items, "links")],
            resource=Resource(attributes, _text(items, "schema_url"), dropped.pop("dropped_resource", 0)),
            scope=read_scope(items.get("scope"), dropped.pop("dropped_scope", 0)),
            trace_state=_text(items, "trace_state"),
            parent_remote=remote,
            **dropped,
        )

    def _parent(self, draft: Draft) -> tuple[str, bool | None]:
        """Return the parent's id and whether the parent is remote. `flags` overrides `parent`."""
        items = draft.fields.items
        parent_id, remote = draft.parent_id, cast("bool | None", False)
        parent = read_text(items["parent"], "`parent`") if "parent" in items else "local"
        if parent == "remote":
            # At the top of the tree, the parent is the caller's span, which is not in the trace.
            parent_id, remote = parent_id or f"{0xCA11E4 << 32 | draft.trace:016x}", True
        elif parent == "none":
            parent_id = ""
        elif parent != "local":
            parent_id = self._labelled(parent, items["parent"].location, draft.trace).span_id
        if "parent_id" in items:
            parent_id = read_id(items["parent_id"], "`parent_id`")
        if "flags" in items:
            flags = read_integer(items["flags"], "`flags`")
            remote = bool(flags & _IS_REMOTE) if flags & _HAS_REMOTE else None
        return parent_id, remote

    def _link(self, draft: Draft, node: Node) -> Link:
        items = read_mapping(node, "a link of an example", EXAMPLE_LINK)
        if "to" not in items.items:
            raise node.location.error("a link of an example needs `to`")
        trace_id, span_id = self._target(items.items["to"], draft.trace)
        return Link(trace_id, span_id, read_attributes(items.items.get("attributes"), "`attributes`"))

    def _target(self, node: Node, trace: int) -> tuple[str, str]:
        if isinstance(node, Scalar):
            found = self._labelled(read_text(node, "`to`"), node.location, trace)
            return found.trace_id, found.span_id
        items = read_mapping(node, "`to`", EXAMPLE_TARGET).items
        if len(items) != 2:
            raise node.location.error("`to` needs both `trace_id` and `span_id`")
        return read_id(items["trace_id"], "`trace_id`"), read_id(items["span_id"], "`span_id`")


def _start(items: dict[str, Node], origin: int, before: int) -> int:
    if "start" in items:
        return read_instant(items["start"], "`start`")
    return origin + read_duration(items["at"], "`at`", signed=True) if "at" in items else before


def _end(items: dict[str, Node], start: int, usual: int) -> int:
    if "end" in items:
        return read_instant(items["end"], "`end`")
    return start + read_duration(items["takes"], "`takes`") if "takes" in items else usual


def _text(items: dict[str, Node], key: str) -> str:
    return read_text(items[key], f"`{key}`", empty=True) if key in items else ""


def _items(items: dict[str, Node], key: str) -> tuple[Node, ...]:
    return read_sequence(items[key], f"`{key}`", empty=True).items if key in items else ()


def read_event_fields(node: Node, what: str, accepted: tuple[str, ...]) -> dict[str, Node]:
    """Return the fields of an event or a log record; a text alone is its name."""
    if isinstance(node, Scalar):
        return {"event": node}
    return read_mapping(node, what, accepted).items


def _moment(origin: int, items: dict[str, Node]) -> int:
    return origin + (read_duration(items["at"], "`at`", signed=True) if "at" in items else 0)


def _event(draft: Draft, node: Node) -> Event:
    items = read_event_fields(node, "an event of an example", EXAMPLE_EVENT)
    if "event" not in items:
        raise node.location.error("an event of an example needs `event`")
    name = read_text(items["event"], "`event`", empty=True)
    return Event(name, _moment(draft.start_ns, items), read_attributes(items.get("attributes"), "`attributes`"))


def _logs(draft: Draft, span: Span) -> Iterator[LogRecord]:
    for node in _items(draft.fields.items, "logs"):
        items = read_event_fields(node, "a log record of an example", EXAMPLE_LOG)
        ids = {"trace_id": span.trace_id, "span_id": span.span_id}
        yield read_log(items, draft.start_ns, **ids, resource=span.resource, scope=span.scope)


def read_log(
    items: dict[str, Node], origin: int, *, trace_id: str, span_id: str, resource: Resource, scope: Scope
) -> LogRecord:
    """Return the log record of these fields; its `at` is counted from `origin`, in nanoseconds."""
    return LogRecord(
        trace_id,
        span_id,
        event_name=_text(items, "event"),
        body=read_value(items["body"], "`body`") if "body" in items else None,
        severity=_text(items, "severity"),
        time_ns=_moment(origin, items),
        attributes=read_attributes(items.get("attributes"), "`attributes`"),
        resource=resource,
        scope=scope,
    )


def read_scope(node: Node | None, dropped: int) -> Scope:
    """Return the scope of a span or a log record: a name, or a mapping."""
    if node is None:
        return Scope(dropped_attributes=dropped)
    if isinstance(node, Scalar):
        return Scope(read_text(node, "`scope`", empty=True), dropped_attributes=dropped)
    if isinstance(node, Sequence):
        raise node.location.error(f"`scope` must be a name or a mapping, not {describe_kind(node)}")
    items = read_mapping(node, "`scope`", EXAMPLE_SCOPE).items
    below: Attributes = read_attributes(items.get("attributes"), "`attributes`")
    return Scope(_text(items, "name"), _text(items, "version"), below, dropped_attributes=dropped)


def _dropped(node: Node | None) -> dict[str, Any]:
    if node is None:
        return {}
    items = read_mapping(node, "`dropped`", EXAMPLE_DROPPED).items
    return {f"dropped_{key}": read_integer(item, f"dropped `{key}`") for key, item in items.items()}
