"""From an example's nodes to spans, events, links and log records of the neutral model."""

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
    """One span with its ids, times and place in the tree, before labels are resolved."""

    node: SpanNode
    fields: Mapping  # with what is given
    trace: int
    trace_id: str
    span_id: str
    parent_id: str
    start_ns: int
    end_ns: int


@dataclass(slots=True)
class Builder:
    """Builds one example's traces; ids are counted over the whole example."""

    given: Given
    scenario: str = ""
    drafts: list[Draft] = field(default_factory=list)
    _traces: int = 0
    _spans: int = 0
    _labels: dict[str, list[Draft]] = field(default_factory=dict)

    def trace(self, spans: tuple[SpanNode, ...]) -> None:
        """Drafts the spans of one trace; they take their times from 2026-01-01T00:00:00Z on."""
        self._traces += 1
        self._draft_all(spans, trace_id=f"{self._traces:032x}", parent_id="", origin=EPOCH_NS)

    def _draft_all(self, spans: tuple[SpanNode, ...], *, trace_id: str, parent_id: str, origin: int) -> int:
        """Drafts siblings, the first of which starts at `origin`; gives the time when the last of them ends."""
        before = latest = origin
        for span in spans:
            before = self._draft(span, trace_id=trace_id, parent_id=parent_id, origin=origin, before=before)
            latest = max(latest, before)
        return latest

    def _draft(self, node: SpanNode, *, trace_id: str, parent_id: str, origin: int, before: int) -> int:
        """Drafts one span and all below it; gives the time of its end."""
        name = read_text(node.fields.items["span"], "`span`", empty=True)
        fields = self.given.complete(name, node.fields)
        said = fields.items
        self._spans += 1
        span_id = read_id(said["span_id"], "`span_id`") if "span_id" in said else f"{self._spans:016x}"
        trace_id = read_id(said["trace_id"], "`trace_id`") if "trace_id" in said else trace_id
        start = _start(said, origin, before)
        place = len(self.drafts)
        draft = Draft(node, fields, self._traces, trace_id, span_id, parent_id, start, 0)
        self.drafts.append(draft)  # parents stand before their children
        last = self._draft_all(node.children, trace_id=trace_id, parent_id=span_id, origin=start)
        end = _end(said, start, last if node.children else start + DEFAULT_NS)
        draft = self.drafts[place] = Draft(node, fields, self._traces, trace_id, span_id, parent_id, start, end)
        if "id" in said:
            self._label(draft, said["id"])
        return end or last

    def _label(self, draft: Draft, node: Node) -> None:
        label = read_text(node, "`id`")
        known = self._labels.setdefault(label, [])
        if label in PARENTS:
            raise node.location.error(f"`{label}` cannot be a label, as `parent` gives it a meaning")
        if any(other.trace == draft.trace for other in known):
            raise node.location.error(f"two spans of one trace have the label {quote(label)}")
        known.append(draft)

    def _labelled(self, label: str, location: Location, trace: int) -> Draft:
        """The span with a label: that of the same trace, or else the first."""
        known = self._labels.get(label)
        if not known:
            raise location.error(f"no span has the label {quote(label)}", hint=suggest(label, tuple(self._labels)))
        return next((draft for draft in known if draft.trace == trace), known[0])

    def finished(self) -> list[Trace]:
        """The traces drafted so far, complete and labelled; spans with a trace id of their own are apart."""
        spans: dict[str, list[Span]] = {}
        logs: dict[str, list[LogRecord]] = {}
        for draft in self.drafts:
            span = self._span(draft)
            spans.setdefault(span.trace_id, []).append(span)
            logs.setdefault(span.trace_id, []).extend(_logs(draft, span))
        return [Trace(id, found, logs[id], complete=True, scenario=self.scenario) for id, found in spans.items()]

    def _span(self, draft: Draft) -> Span:
        said = draft.fields.items
        parent_id, remote = self._parent(draft)
        return Span(
            trace_id=draft.trace_id,
            span_id=draft.span_id,
            name=read_text(said["span"], "`span`", empty=True),
            parent_id=parent_id,
            kind=cast(SpanKind, read_word(said["kind"], "`kind`", KINDS)) if "kind" in said else "internal",
            start_ns=draft.start_ns,
            end_ns=draft.end_ns,
            status=cast(StatusCode, read_word(said["status"], "`status`", STATUSES)) if "status" in said else "unset",
            status_message=_text(said, "status_message"),
            attributes=read_attributes(said.get("attributes"), "`attributes`"),
            events=[_event(draft, item) for item in _items(said, "events")],
            links=[self._link(draft, item) for item in _items(said, "links")],
            resource=Resource(read_attributes(said.get("resource"), "`resource`"), _text(said, "schema_url")),
            scope=_scope(said.get("scope")),
            trace_state=_text(said, "trace_state"),
            parent_remote=remote,
            **_dropped(said.get("dropped")),
        )

    def _parent(self, draft: Draft) -> tuple[str, bool | None]:
        """The parent's id, and whether it is remote: `flags` decides over `parent`."""
        said = draft.fields.items
        parent_id, remote = draft.parent_id, cast("bool | None", False)
        asked = read_text(said["parent"], "`parent`") if "parent" in said else "local"
        if asked == "remote":
            # The caller's span, which is not in the trace, where the indentation gives none.
            parent_id, remote = parent_id or f"{0xCA11E4 << 32 | draft.trace:016x}", True
        elif asked == "none":
            parent_id = ""
        elif asked != "local":
            parent_id = self._labelled(asked, said["parent"].location, draft.trace).span_id
        if "parent_id" in said:
            parent_id = read_id(said["parent_id"], "`parent_id`")
        if "flags" in said:
            flags = read_integer(said["flags"], "`flags`")
            remote = bool(flags & _IS_REMOTE) if flags & _HAS_REMOTE else None
        return parent_id, remote

    def _link(self, draft: Draft, node: Node) -> Link:
        said = read_mapping(node, "a link of an example", EXAMPLE_LINK)
        if "to" not in said.items:
            raise node.location.error("a link of an example needs `to`")
        trace_id, span_id = self._target(said.items["to"], draft.trace)
        return Link(trace_id, span_id, read_attributes(said.items.get("attributes"), "`attributes`"))

    def _target(self, node: Node, trace: int) -> tuple[str, str]:
        if isinstance(node, Scalar):
            found = self._labelled(read_text(node, "`to`"), node.location, trace)
            return found.trace_id, found.span_id
        said = read_mapping(node, "`to`", EXAMPLE_TARGET).items
        if len(said) != 2:
            raise node.location.error("`to` needs both `trace_id` and `span_id`")
        return read_id(said["trace_id"], "`trace_id`"), read_id(said["span_id"], "`span_id`")


def _start(said: dict[str, Node], origin: int, before: int) -> int:
    if "start" in said:
        return read_instant(said["start"], "`start`")
    return origin + read_duration(said["at"], "`at`", signed=True) if "at" in said else before


def _end(said: dict[str, Node], start: int, usual: int) -> int:
    if "end" in said:
        return read_instant(said["end"], "`end`")
    return start + read_duration(said["takes"], "`takes`") if "takes" in said else usual


def _text(said: dict[str, Node], key: str) -> str:
    return read_text(said[key], f"`{key}`", empty=True) if key in said else ""


def _items(said: dict[str, Node], key: str) -> tuple[Node, ...]:
    return read_sequence(said[key], f"`{key}`", empty=True).items if key in said else ()


def _event_fields(node: Node, what: str, accepted: tuple[str, ...]) -> dict[str, Node]:
    if isinstance(node, Scalar):
        return {"event": node}
    return read_mapping(node, what, accepted).items


def _moment(draft: Draft, said: dict[str, Node]) -> int:
    return draft.start_ns + (read_duration(said["at"], "`at`", signed=True) if "at" in said else 0)


def _event(draft: Draft, node: Node) -> Event:
    said = _event_fields(node, "an event of an example", EXAMPLE_EVENT)
    if "event" not in said:
        raise node.location.error("an event of an example needs `event`")
    name = read_text(said["event"], "`event`", empty=True)
    return Event(name, _moment(draft, said), read_attributes(said.get("attributes"), "`attributes`"))


def _logs(draft: Draft, span: Span) -> Iterator[LogRecord]:
    for node in _items(draft.fields.items, "logs"):
        said = _event_fields(node, "a log record of an example", EXAMPLE_LOG)
        yield LogRecord(
            span.trace_id,
            span.span_id,
            event_name=_text(said, "event"),
            body=read_value(said["body"], "`body`") if "body" in said else None,
            severity=_text(said, "severity"),
            time_ns=_moment(draft, said),
            attributes=read_attributes(said.get("attributes"), "`attributes`"),
            resource=span.resource,
            scope=span.scope,
        )


def _scope(node: Node | None) -> Scope:
    if node is None:
        return Scope()
    if isinstance(node, Scalar):
        return Scope(read_text(node, "`scope`", empty=True))
    if isinstance(node, Sequence):
        raise node.location.error(f"`scope` is a name or a mapping, not {describe_kind(node)}")
    said = read_mapping(node, "`scope`", EXAMPLE_SCOPE).items
    below: Attributes = read_attributes(said.get("attributes"), "`attributes`")
    return Scope(_text(said, "name"), _text(said, "version"), below)


def _dropped(node: Node | None) -> dict[str, Any]:
    if node is None:
        return {}
    said = read_mapping(node, "`dropped`", EXAMPLE_DROPPED).items
    return {f"dropped_{key}": read_integer(item, f"dropped `{key}`") for key, item in said.items()}
