"""The content keywords, `kind` to `except`: section 3 of docs/contract-format.md."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, cast

from spanpact.contract.compiled import (
    ONE,
    AttributeExpectation,
    Content,
    DurationBound,
    EventExpectation,
    LinkExpectation,
    ParentKind,
    Via,
)
from spanpact.contract.document import Mapping, Node, Spot
from spanpact.contract.loader.context import Context
from spanpact.contract.loader.matchers import closed_matcher, matcher
from spanpact.contract.loader.nodes import count, duration, mapping, name_pattern, required, texts, word
from spanpact.contract.loader.vocabulary import (
    CONTENT,
    DURATION,
    EVENT,
    KINDS,
    LINK,
    PARENTS,
    STATUSES,
    VIAS,
    suggestion,
)
from spanpact.errors import Place
from spanpact.privacy import KNOWN_CLASSES, PrivacyClass
from spanpact.trace.name_patterns import NamePattern


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads content keywords in one setting; `relations`: `same_as` may stand here, as nothing is selected."""

    context: Context
    relations: bool = True

    def content(self, node: Mapping) -> Content:
        """The content among the keywords of a mapping; others are left alone."""
        said: dict[str, Any] = {}
        for keyword, item in node.items.items():
            if keyword in CONTENT:
                with self.context.collecting():
                    said[_FIELDS.get(keyword, keyword)] = _READERS[keyword](self, item)
        if "except" in node.items and "forbid" not in node.items:
            with self.context.collecting():
                raise node.keys["except"].error("`except` needs `forbid`")
        return Content(places=places(node, CONTENT, deep=("attributes", "resource")), **said)

    def attributes(self, node: Node) -> tuple[AttributeExpectation, ...]:
        """Attribute expectations by name."""
        found: list[AttributeExpectation] = []
        for name, item in mapping(node, "`attributes`").items.items():
            spot = cast(Mapping, node).keys[name]
            with self.context.collecting():
                if not name:
                    raise spot.error("an attribute's name is empty")
                rule = matcher(self.context, item, f"`{name}`", relations=self.relations)
                found.append(AttributeExpectation(name, self.context.accepted_names(name), rule, spot.place))
        return tuple(found)

    def _exactly_one_true(self, node: Node) -> tuple[tuple[str, ...], ...]:
        return tuple(self.context.accepted_names(name) for name, _ in texts(node, "`exactly_one_true`"))

    def _events(self, node: Node) -> tuple[EventExpectation, ...]:
        return tuple(_each(self.context, node, "`events`", self._event))

    def _event(self, id: str, node: Node, spot: Spot) -> EventExpectation:
        self.context.name(id, "event", spot)
        said = mapping(node, f"the event `{id}`", EVENT)
        return EventExpectation(
            id,
            name_pattern(required(said, "event", f"the event `{id}`"), "`event`"),
            via(said),
            count(said.items["count"]) if "count" in said.items else ONE,
            self.attributes(said.items["attributes"]) if "attributes" in said.items else (),
            spot.place,
        )

    def _links(self, node: Node) -> tuple[LinkExpectation, ...]:
        return tuple(_each(self.context, node, "`links`", self._link))

    def _link(self, id: str, node: Node, spot: Spot) -> LinkExpectation:
        self.context.name(id, "link", spot)
        said = mapping(node, f"the link `{id}`", LINK)
        return LinkExpectation(
            id,
            name_pattern(said.items["span"], "`span`") if "span" in said.items else NamePattern(("*",)),
            count(said.items["count"]) if "count" in said.items else ONE,
            self.attributes(said.items["attributes"]) if "attributes" in said.items else (),
            spot.place,
        )

    def _forbid(self, node: Node) -> tuple[PrivacyClass, ...]:
        return tuple(self._class(name, spot) for name, spot in texts(node, "`forbid`"))

    def _class(self, name: str, spot: Spot) -> PrivacyClass:
        if name in KNOWN_CLASSES:
            return PrivacyClass(name, KNOWN_CLASSES[name])
        if name in self.context.classes:
            return self.context.classes[name]
        accepted = (*KNOWN_CLASSES, *self.context.classes)
        raise spot.error(f"`forbid` names `{name}`, which is no privacy class", hint=suggestion(name, accepted))


def _each(context: Context, node: Node, what: str, read: Callable[[str, Node, Spot], Any]) -> list[Any]:
    """Reads id → something; an error in one leaves the others read."""
    found: list[Any] = []
    for id, item in mapping(node, what).items.items():
        with context.collecting():
            found.append(read(id, item, cast(Mapping, node).keys[id]))
    return found


def via(node: Mapping) -> Via:
    """`via` of an event or an event rule."""
    return cast(Via, word(node.items["via"], "`via`", VIAS)) if "via" in node.items else "span"


def places(node: Mapping, keywords: tuple[str, ...], *, deep: tuple[str, ...] = ()) -> dict[str, Place]:
    """Where the keywords stand, and for those in `deep` each name below them (`attributes.key`)."""
    found: dict[str, Place] = {}
    for keyword, item in node.items.items():
        place = node.keys[keyword].place
        if keyword in keywords and place:
            found[keyword] = place
            below = item.keys if keyword in deep and isinstance(item, Mapping) else {}
            found.update({f"{keyword}.{name}": spot.place for name, spot in below.items() if spot.place})
    return found


def _duration(node: Node) -> DurationBound:
    if not isinstance(node, Mapping):
        return DurationBound(at_most_ns=duration(node, "`duration`"))
    said = mapping(node, "`duration`", DURATION)
    bounds = {key: duration(item, f"`{key}`") for key, item in said.items.items()}
    if not bounds:
        raise node.spot.error("`duration` is empty", hint=f"accepted: {', '.join(DURATION)}")
    low, high = bounds.get("at_least"), bounds.get("at_most")
    if low is not None and high is not None and low > high:
        raise said.items["at_most"].spot.error("no duration lies within, as `at_most` is less than `at_least`")
    return DurationBound(low, high)


_FIELDS: Final = {"except": "exempt"}
_READERS: Final[dict[str, Callable[[Reader, Node], Any]]] = {
    "kind": lambda reader, node: closed_matcher(node, "`kind`", KINDS),
    "status": lambda reader, node: closed_matcher(node, "`status`", STATUSES),
    "status_message": lambda reader, node: matcher(reader.context, node, "`status_message`", relations=False),
    "attributes": Reader.attributes,
    "resource": Reader.attributes,
    "scope": lambda reader, node: matcher(reader.context, node, "`scope`", relations=False),
    "exactly_one_true": Reader._exactly_one_true,
    "parent": lambda reader, node: cast(ParentKind, word(node, "`parent`", PARENTS)),
    "events": Reader._events,
    "links": Reader._links,
    "duration": lambda reader, node: _duration(node),
    "forbid": Reader._forbid,
    "except": lambda reader, node: frozenset(name for name, _ in texts(node, "`except`")),
}
