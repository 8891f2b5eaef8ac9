"""Read the rules of `every` and the statements of `across` (section 2 of docs/contract-format.md)."""

from __future__ import annotations

import re
from typing import Any

from spanpact.contract.compiled import NO_CONTENT, Content, Rule, Statement
from spanpact.contract.document import Location, Mapping, Node, quote
from spanpact.contract.loader.aggregates import read_aggregates
from spanpact.contract.loader.content import ContentReader, keyword_places, read_event_severities, read_via
from spanpact.contract.loader.context import Context
from spanpact.contract.loader.entries import read_where
from spanpact.contract.loader.node_readers import (
    read_count,
    read_duration,
    read_fraction,
    read_integer,
    read_mapping,
    read_name_pattern,
    read_optional,
    read_text,
)
from spanpact.contract.loader.vocabulary import EVENT_RULE, EVENT_WHERE, SPAN_RULE, STATEMENT
from spanpact.trace.name_patterns import NamePattern

_PLACED = ("span", "except_spans", "event", "via", "where", "severity", "count", "parents")
_STATED = ("sampling", "duration", "error_rate", "distinct_names")
_PERCENTILE = re.compile(r"p([0-9]{1,3}(?:\.[0-9]{1,6})?)", re.ASCII)


def read_rule(context: Context, id: str, node: Node, location: Location) -> Rule:
    """Read one rule of `every`: about spans, or about events."""
    context.register(id, "rule", location)
    what = f"the rule `{id}`"
    keywords = read_mapping(node, what)
    if "event" in keywords.items:
        context.event_rules.add(id)
    if ("span" in keywords.items) == ("event" in keywords.items):
        both = "span" in keywords.items
        raise (keywords.keys["event"] if both else location).error(
            f"{what} has both `span` and `event`" if both else f"{what} needs `span` or `event`"
        )
    about_events = "event" in keywords.items
    read_mapping(node, what, EVENT_RULE if about_events else SPAN_RULE)
    name = read_name_pattern(
        keywords.items["event" if about_events else "span"], "`event`" if about_events else "`span`"
    )
    return Rule(
        id,
        span=None if about_events else name,
        event=name if about_events else None,
        via=read_via(keywords),
        where=_where(context, keywords, about_events),
        content=ContentReader(context).content(keywords),
        count=read_optional(keywords, "count", read_count, None),
        place=location.place,
        places=keyword_places(keywords, _PLACED),
        except_spans=_names(keywords, "except_spans"),
        parents=_names(keywords, "parents"),
        severities=read_event_severities(keywords) if about_events else frozenset(),
        aggregates=read_aggregates(context, keywords),
    )


def _names(keywords: Mapping, keyword: str) -> NamePattern | None:
    return read_name_pattern(keywords.items[keyword], f"`{keyword}`") if keyword in keywords.items else None


def _where(context: Context, keywords: Mapping, about_events: bool) -> Content:
    if "where" not in keywords.items:
        return NO_CONTENT
    if about_events:
        read_mapping(keywords.items["where"], "`where` of an event", EVENT_WHERE)
    return read_where(context, keywords.items["where"])


def read_statement(context: Context, id: str, node: Node, location: Location) -> Statement:
    """Read one statement of `across`, which has exactly one of sampling, duration, error_rate and distinct_names."""
    context.register(id, "statement", location)
    what = f"the statement `{id}`"
    keywords = read_mapping(node, what, STATEMENT)
    stated = [keyword for keyword in keywords.items if keyword in _STATED]
    if len(stated) != 1:
        raise (keywords.keys[stated[1]] if stated else location).error(
            f"{what} needs exactly one of {', '.join(_STATED)}"
        )
    if "confidence" in keywords.items and stated != ["sampling"]:
        raise keywords.keys["confidence"].error("`confidence` needs `sampling`")
    if "samples" in keywords.items and stated == ["distinct_names"]:
        raise keywords.keys["samples"].error("`distinct_names` holds of any number of spans: it takes no `samples`")
    return Statement(id, place=location.place, places=_places(keywords), **_fields(context, keywords))


def _places(keywords: Mapping) -> Any:
    return keyword_places(keywords, (*_STATED, "of"), deep=("duration",))


def _fields(context: Context, keywords: Mapping) -> dict[str, Any]:
    fields: dict[str, Any] = {"of": ""} if "distinct_names" in keywords.items else {}
    for keyword, node in keywords.items.items():
        match keyword:
            case "distinct_names":
                fields[keyword] = read_integer(node, "`distinct_names`", least=1)
            case "of":
                fields["of"] = _of(context, node)
            case "samples":
                fields["samples"] = read_integer(node, "`samples`", least=1)
            case "duration":
                fields["percentiles"] = _percentiles(node)
            case "confidence":
                fields["confidence"] = _confidence(node)
            case _:
                fields[keyword] = read_fraction(node, f"`{keyword}`")
    return fields


def _of(context: Context, node: Node) -> str:
    id = read_text(node, "`of`")
    context.check_spans_later(id, node.location, what="`of`")
    return id


def _confidence(node: Node) -> float:
    value = read_fraction(node, "`confidence`")
    if value in (0, 1):
        raise node.location.error(f"`confidence` must be greater than 0 and less than 1, not {value:g}")
    return value


def _percentiles(node: Node) -> tuple[tuple[float, int], ...]:
    keywords = read_mapping(node, "`duration` of a statement")
    if not keywords.items:
        raise node.location.error("`duration` is empty", hint="accepted: percentiles, such as {p95: 5ms}")
    return tuple(
        (_percentile(name, keywords.keys[name]), read_duration(item, f"`{name}`"))
        for name, item in keywords.items.items()
    )


def _percentile(name: str, location: Location) -> float:
    found = _PERCENTILE.fullmatch(name)
    if not found or not 0 < float(found[1]) <= 100:
        raise location.error(f"{quote(name)} is not a percentile", hint="accepted: p50, p95, p99.9")
    return float(found[1])
