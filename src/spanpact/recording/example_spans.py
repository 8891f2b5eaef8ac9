"""Write one span of a trace as a span of an example, with nothing but what the contract itself says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from spanpact.recording.samples import DEEPEST, Recorded, SpanSeen
from spanpact.recording.span_names import literal_pattern
from spanpact.recording.values import example_value, is_literal
from spanpact.recording.yaml_text import Block
from spanpact.trace.model import Attributes

_ELSEWHERE: Final = 0xE << 124  # ids of traces that no example has


@dataclass(frozen=True, slots=True)
class Expected:
    """What a contract says of the spans at one place.

    That is its entry (`here`), the rules by the pattern of a name, and the body for spans that begin a flow.
    """

    recorded: Recorded
    body: Mapping[str, Any]
    here: Mapping[str, Any]
    rules: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)

    @classmethod
    def of(cls, contract: Block, recorded: Recorded) -> Expected:
        """Return what a contract says of the spans that it selects."""
        rules: dict[str, list[Mapping[str, Any]]] = {}
        for rule in contract.get("every", {}).values():
            rules.setdefault(rule["span"], []).append(rule)
        return cls(recorded, contract, contract, rules)

    def below(self, name: str) -> Expected:
        """Return what the contract says of a child with this name."""
        pattern = self.recorded.names[name]
        children = self.here.get("children", {}).values()
        entry: Mapping[str, Any] = next((each for each in children if each["span"] == pattern), {})
        return replace(self, here=entry)

    def clause(self, keyword: str, name: str) -> dict[str, Any]:
        """Return what all of them say of a keyword, such as `attributes`, of a span with this name."""
        found: dict[str, Any] = {}
        for each in self._about(name):
            found |= {
                part: said
                for part, said in each.get(keyword, {}).items()
                if part not in found or is_literal(said) or not is_literal(found[part])
            }
        return found

    def field(self, keyword: str, name: str) -> Any:
        """Return the matcher of a single field, such as `status_message`; `absent` if there is none."""
        return next((each[keyword] for each in self._about(name) if keyword in each), "absent")

    def _about(self, name: str) -> Iterator[Mapping[str, Any]]:
        pattern = self.recorded.names[name]
        yield from (*self.rules.get("*", ()), *self.rules.get(pattern, ()))
        if self.body["span"] == pattern and self.here is not self.body:
            yield self.body
        yield self.here


def example_span(seen: SpanSeen, expected: Expected, level: int = 1) -> dict[str, Any]:
    """Return a span and what is below it as the language writes examples."""
    span = seen.span
    pattern = expected.recorded.names[span.name]
    found: dict[str, Any] = {"span": pattern.replace(r"\*", "\0").replace("*", "1").replace("\0", "*")}
    if span.kind != "internal":
        found["kind"] = span.kind
    if span.status != "unset":
        found["status"] = span.status
    if (message := expected.field("status_message", span.name)) != "absent":
        found["status_message"] = example_value(message)
    if expected.field("parent", span.name) == "remote":
        found["parent"] = "remote"
    parts = {
        "resource": _values(span.resource.attributes, expected.clause("resource", span.name)),
        "attributes": _values(span.attributes, expected.clause("attributes", span.name)),
        "events": _events([(each.name, each.attributes) for each in span.events], "span", expected, span.name),
        "logs": _events([(each.event_name, each.attributes) for each in seen.logs], "log", expected, span.name),
        "links": _links(seen, expected),
    }
    found |= {name: part for name, part in parts.items() if part}
    if level < DEEPEST and (children := seen.children()):
        below = [each for each in children if expected.recorded.names[each.span.name]]
        found["children"] = [example_span(each, expected.below(each.span.name), level + 1) for each in below]
    return found


def _values(attributes: Attributes, matchers: Mapping[str, Any]) -> dict[str, Any]:
    """Return the attributes that the matchers name, with values that come from the matchers."""
    found = {}
    for name, matcher in matchers.items():
        if name in attributes:
            listed = matcher.get("one_of", ()) if isinstance(matcher, dict) else ()
            own = next((each for each in listed if each == attributes[name]), None)
            found[name] = example_value(matcher) if own is None else example_value({"equals": own})
    return found


def _events(seen: Sequence[tuple[str, Attributes]], via: str, expected: Expected, span: str) -> list[dict[str, Any]]:
    events = expected.clause("events", span).values()
    known = {each["event"]: each for each in events if each.get("via", "span") == via}
    found = []
    for name, attributes in seen:
        if (event := known.get(literal_pattern(name))) is not None:
            values = _values(attributes, event.get("attributes", {}))
            found.append({"event": name} | ({"attributes": values} if values else {}))
    return found


def _links(seen: SpanSeen, expected: Expected) -> list[dict[str, Any]]:
    matchers = [each.get("attributes", {}) for each in expected.clause("links", seen.span.name).values()]
    found = []
    targets = [(link.trace_id, link.span_id) for link in seen.span.links]
    for link in seen.span.links if matchers else ():
        values = _values(link.attributes, matchers[0])
        number = targets.index((link.trace_id, link.span_id)) + 1
        target = {"trace_id": f"{_ELSEWHERE + number:032x}", "span_id": f"{number:016x}"}
        found.append({"to": target} | ({"attributes": values} if values else {}))
    return found


def share_fields(spans: Sequence[dict[str, Any]]) -> Block:
    """Take what all spans of a name have in common out of them, and return it as `given`."""
    every = [each for span in spans for each in _walk(span)]
    given = Block()
    by_name: dict[str, list[dict[str, Any]]] = {}
    for span in every:
        by_name.setdefault(span["span"], []).append(span)
    groups = [*((literal_pattern(name), same) for name, same in by_name.items() if len(same) > 1), ("*", every)]
    for pattern, same in reversed(groups):  # what all spans share first
        if len(same) > 1 and (shared := _shared(same)):
            given[pattern] = shared
    return given


def shortened(span: Mapping[str, Any]) -> Any:
    """Return a span as it is written: one that has nothing but a name is its name."""
    if set(span) == {"span"}:
        return span["span"]
    below = {"children": [shortened(each) for each in span["children"]]} if "children" in span else {}
    return {**span, **below}


def _walk(span: dict[str, Any]) -> list[dict[str, Any]]:
    return [span, *(below for child in span.get("children", ()) for below in _walk(child))]


def _shared(spans: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Remove from all spans the fields that they share, and return these."""
    found: dict[str, Any] = {}
    for keyword in ("kind", "status", "status_message", "parent", "attributes", "resource"):
        if not all(keyword in span for span in spans):
            continue
        values = [span[keyword] for span in spans]
        if isinstance(values[0], dict):
            common = {k: v for k, v in values[0].items() if all(k in each and each[k] == v for each in values)}
            for span in spans:
                span[keyword] = {k: v for k, v in span[keyword].items() if k not in common}
                if not span[keyword]:
                    del span[keyword]
            if common:
                found[keyword] = common
        elif all(value == values[0] for value in values):
            found[keyword] = values[0]
            for span in spans:
                del span[keyword]
    return found
