"""Read the content keywords, `name` to `except` (section 3 of docs/contract-format.md)."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Final, Literal, cast

from spanpact.contract.compiled import (
    ONE,
    AttributeExpectation,
    AttributeLimits,
    Content,
    DurationBound,
    EventExpectation,
    LinkExpectation,
    ParentKind,
    Via,
)
from spanpact.contract.document import Location, Mapping, Node
from spanpact.contract.loader.context import Context
from spanpact.contract.loader.matchers import read_closed_matcher, read_matcher, read_severities
from spanpact.contract.loader.node_readers import (
    read_count,
    read_duration,
    read_integer,
    read_mapping,
    read_name_pattern,
    read_optional,
    read_required,
    read_texts,
    read_word,
)
from spanpact.contract.loader.vocabulary import (
    CONTENT,
    DURATION,
    EVENT,
    EVENT_SELECTION,
    KINDS,
    LIMITS,
    LINK,
    PARENTS,
    STATUSES,
    VIAS,
    suggest,
)
from spanpact.errors import Place
from spanpact.privacy import KNOWN_CLASSES, PrivacyClass
from spanpact.trace.name_patterns import NamePattern


@dataclass(frozen=True, slots=True)
class ContentReader:
    """Reads content keywords. `relations` is whether `same_as` is allowed: not in `where`, which selects spans."""

    context: Context
    relations: bool = True

    def content(self, node: Mapping) -> Content:
        """Read the content keywords of a mapping; ignore its other keywords."""
        fields: dict[str, Any] = {}
        for keyword, item in node.items.items():
            if keyword in CONTENT:
                with self.context.collecting():
                    fields[_FIELDS.get(keyword, keyword)] = _READERS[keyword](self, item)
        if "except" in node.items and "forbid" not in node.items:
            with self.context.collecting():
                raise node.keys["except"].error("`except` needs `forbid`")
        return Content(places=keyword_places(node, CONTENT, deep=("attributes", "resource")), **fields)

    def attributes(self, node: Node) -> tuple[AttributeExpectation, ...]:
        """Read `attributes` or `resource`: one expectation for each name."""
        found: list[AttributeExpectation] = []
        for name, item in read_mapping(node, "`attributes`").items.items():
            location = cast(Mapping, node).keys[name]
            with self.context.collecting():
                if not name:
                    raise location.error("an attribute's name is empty")
                rule = read_matcher(self.context, item, f"`{name}`", relations=self.relations)
                found.append(AttributeExpectation(name, self.context.accepted_names(name), rule, location.place))
        return tuple(found)

    def _exactly_one_true(self, node: Node) -> tuple[tuple[str, ...], ...]:
        return tuple(self.context.accepted_names(name) for name, _ in read_texts(node, "`exactly_one_true`"))

    def _events(self, node: Node) -> tuple[EventExpectation, ...]:
        return tuple(_each(self.context, node, "`events`", self._event))

    def _register(
        self, id: str, kind: Literal["event", "link"], node: Node, location: Location, keywords: Collection[str]
    ) -> Mapping:
        """Register the id of an event or a link. Return its mapping, whose keys are among `keywords`."""
        self.context.register(id, kind, location)
        return read_mapping(node, f"the {kind} `{id}`", keywords)

    def _event(self, id: str, node: Node, location: Location) -> EventExpectation:
        keywords = self._register(id, "event", node, location, EVENT)
        return EventExpectation(
            id,
            read_name_pattern(read_required(keywords, "event", f"the event `{id}`"), "`event`"),
            read_via(keywords),
            read_optional(keywords, "count", read_count, ONE),
            read_optional(keywords, "attributes", self.attributes, ()),
            location.place,
            read_optional(keywords, "where", self._event_where, ()),
            read_event_severities(keywords),
        )

    def _event_where(self, node: Node) -> tuple[AttributeExpectation, ...]:
        keywords = read_mapping(node, "`where` of an event", EVENT_SELECTION)
        attributes = read_required(keywords, "attributes", "`where` of an event")
        return ContentReader(self.context, relations=False).attributes(attributes)

    def _links(self, node: Node) -> tuple[LinkExpectation, ...]:
        return tuple(_each(self.context, node, "`links`", self._link))

    def _link(self, id: str, node: Node, location: Location) -> LinkExpectation:
        keywords = self._register(id, "link", node, location, LINK)
        return LinkExpectation(
            id,
            read_name_pattern(keywords.items["span"], "`span`") if "span" in keywords.items else NamePattern(("*",)),
            read_optional(keywords, "count", read_count, ONE),
            read_optional(keywords, "attributes", self.attributes, ()),
            location.place,
        )

    def _forbid(self, node: Node) -> tuple[PrivacyClass, ...]:
        return tuple(self._class(name, location) for name, location in read_texts(node, "`forbid`"))

    def _class(self, name: str, location: Location) -> PrivacyClass:
        if name in KNOWN_CLASSES:
            return PrivacyClass(name)
        if name in self.context.classes:
            return self.context.classes[name]
        accepted = (*KNOWN_CLASSES, *self.context.classes)
        raise location.error(f"`forbid` names `{name}`, which is not a privacy class", hint=suggest(name, accepted))


def _each(context: Context, node: Node, what: str, read: Callable[[str, Node, Location], Any]) -> list[Any]:
    """Read every item of a mapping of ids. Collect the errors, so that one does not hide those of other items."""
    found: list[Any] = []
    for id, item in read_mapping(node, what).items.items():
        with context.collecting():
            found.append(read(id, item, cast(Mapping, node).keys[id]))
    return found


def read_via(node: Mapping) -> Via:
    """Read `via` of an event or an event rule; the default is `span`."""
    return cast(Via, read_word(node.items["via"], "`via`", VIAS)) if "via" in node.items else "span"


def keyword_places(node: Mapping, keywords: tuple[str, ...], *, deep: tuple[str, ...] = ()) -> dict[str, Place]:
    """Return the places of these keywords, and of each name below those in `deep` (`attributes.key`)."""
    found: dict[str, Place] = {}
    for keyword, item in node.items.items():
        place = node.keys[keyword].place
        if keyword in keywords and place:
            found[keyword] = place
            below = item.keys if keyword in deep and isinstance(item, Mapping) else {}
            found.update({f"{keyword}.{name}": location.place for name, location in below.items() if location.place})
    return found


def read_event_severities(event: Mapping) -> frozenset[str]:
    """Read `severity` of what selects events: the severities that it accepts, none for any."""
    if "severity" not in event.items:
        return frozenset()
    if read_via(event) == "span":
        raise event.keys["severity"].error(
            "`severity` is of log records, and this selects span events", hint="add via: log, or via: either"
        )
    return read_severities(event.items["severity"])


def _duration(node: Node) -> DurationBound:
    if not isinstance(node, Mapping):
        return DurationBound(at_most_ns=read_duration(node, "`duration`"))
    keywords = read_mapping(node, "`duration`", DURATION)
    bounds = {key: read_duration(item, f"`{key}`") for key, item in keywords.items.items()}
    if not bounds:
        raise node.location.error("`duration` is empty", hint=f"accepted: {', '.join(DURATION)}")
    low, high = bounds.get("at_least"), bounds.get("at_most")
    if low is not None and high is not None and low > high:
        raise keywords.items["at_most"].location.error("`at_most` is less than `at_least`")
    return DurationBound(low, high)


def _limits(node: Node) -> AttributeLimits:
    bounds = read_mapping(node, "`limits`", LIMITS).items
    if not bounds:
        raise node.location.error("`limits` is empty", hint=f"accepted: {', '.join(LIMITS)}")
    return AttributeLimits(**{name: read_integer(item, f"`{name}`") for name, item in bounds.items()})


_FIELDS: Final = {"except": "exempt"}
_READERS: Final[dict[str, Callable[[ContentReader, Node], Any]]] = {
    "name": lambda reader, node: read_matcher(reader.context, node, "`name`", relations=reader.relations),
    "kind": lambda reader, node: read_closed_matcher(reader.context, node, "`kind`", KINDS),
    "status": lambda reader, node: read_closed_matcher(reader.context, node, "`status`", STATUSES),
    "status_message": lambda reader, node: read_matcher(reader.context, node, "`status_message`", relations=False),
    "attributes": ContentReader.attributes,
    "resource": ContentReader.attributes,
    "scope": lambda reader, node: read_matcher(reader.context, node, "`scope`", relations=False),
    "exactly_one_true": ContentReader._exactly_one_true,
    "parent": lambda reader, node: cast(ParentKind, read_word(node, "`parent`", PARENTS)),
    "events": ContentReader._events,
    "links": ContentReader._links,
    "duration": lambda reader, node: _duration(node),
    "limits": lambda reader, node: _limits(node),
    "forbid": ContentReader._forbid,
    "except": lambda reader, node: frozenset(name for name, _ in read_texts(node, "`except`")),
}
