"""Rules of `every` and statements of `across`: section 2 of docs/contract-format.md."""

from __future__ import annotations

import re
from typing import Any

from spanpact.contract.compiled import NO_CONTENT, Content, Rule, Statement
from spanpact.contract.document import Mapping, Node, Spot, shown
from spanpact.contract.loader.content import Reader, places, via
from spanpact.contract.loader.context import Context
from spanpact.contract.loader.entries import where
from spanpact.contract.loader.nodes import count, duration, mapping, name_pattern, share, text, whole
from spanpact.contract.loader.vocabulary import EVENT_RULE, EVENT_WHERE, SPAN_RULE, STATEMENT

_STATED = ("sampling", "duration", "error_rate")
_PERCENTILE = re.compile(r"p([0-9]{1,3}(?:\.[0-9]{1,6})?)", re.ASCII)


def rule(context: Context, id: str, node: Node, spot: Spot) -> Rule:
    """One rule of `every`: about spans, or about events."""
    context.name(id, "rule", spot)
    what = f"the rule `{id}`"
    said = mapping(node, what)
    if ("span" in said.items) == ("event" in said.items):
        both = "span" in said.items
        raise (said.keys["event"] if both else spot).error(
            f"{what} has both `span` and `event`" if both else f"{what} needs `span` or `event`"
        )
    about_events = "event" in said.items
    mapping(node, what, EVENT_RULE if about_events else SPAN_RULE)
    name = name_pattern(said.items["event" if about_events else "span"], "`event`" if about_events else "`span`")
    return Rule(
        id,
        span=None if about_events else name,
        event=name if about_events else None,
        via=via(said),
        where=_where(context, said, about_events),
        content=Reader(context).content(said),
        count=count(said.items["count"]) if "count" in said.items else None,
        place=spot.place,
        places=places(said, ("span", "event", "via", "where", "count")),
    )


def _where(context: Context, said: Mapping, about_events: bool) -> Content:
    if "where" not in said.items:
        return NO_CONTENT
    if about_events:
        mapping(said.items["where"], "`where` of an event", EVENT_WHERE)
    return where(context, said.items["where"])


def statement(context: Context, id: str, node: Node, spot: Spot) -> Statement:
    """One statement of `across`: exactly one of sampling, duration, error_rate."""
    context.name(id, "statement", spot)
    what = f"the statement `{id}`"
    said = mapping(node, what, STATEMENT)
    stated = [keyword for keyword in said.items if keyword in _STATED]
    if len(stated) != 1:
        raise (said.keys[stated[1]] if stated else spot).error(f"{what} needs exactly one of {', '.join(_STATED)}")
    if "confidence" in said.items and stated != ["sampling"]:
        raise said.keys["confidence"].error("`confidence` goes with `sampling` only")
    return Statement(id, place=spot.place, places=_places(said), **_fields(context, said))


def _places(said: Mapping) -> Any:
    return places(said, (*_STATED, "of"), deep=("duration",))


def _fields(context: Context, said: Mapping) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for keyword, node in said.items.items():
        match keyword:
            case "of":
                fields["of"] = _of(context, node)
            case "samples":
                fields["samples"] = whole(node, "`samples`", least=1)
            case "duration":
                fields["percentiles"] = _percentiles(node)
            case "confidence":
                fields["confidence"] = _confidence(node)
            case _:
                fields[keyword] = share(node, f"`{keyword}`")
    return fields


def _of(context: Context, node: Node) -> str:
    id = text(node, "`of`")
    context.later(lambda: context.entry(id, node.spot, what="`of`"))
    return id


def _confidence(node: Node) -> float:
    value = share(node, "`confidence`")
    if value in (0, 1):
        raise node.spot.error(f"`confidence` lies between 0 and 1, not at {value:g}")
    return value


def _percentiles(node: Node) -> tuple[tuple[float, int], ...]:
    said = mapping(node, "`duration` of a statement")
    if not said.items:
        raise node.spot.error("`duration` is empty", hint="accepted: percentiles, such as {p95: 5ms}")
    return tuple((_percentile(name, said.keys[name]), duration(item, f"`{name}`")) for name, item in said.items.items())


def _percentile(name: str, spot: Spot) -> float:
    found = _PERCENTILE.fullmatch(name)
    if not found or not 0 < float(found[1]) <= 100:
        raise spot.error(f"{shown(name)} is no percentile", hint="accepted: p50, p95, p99.9")
    return float(found[1])
