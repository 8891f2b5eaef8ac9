"""Read `sum`, `distinct` and `repeats` of a rule (section 2 of docs/contract-format.md)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from spanpact.contract.aggregates import JOINED, Aggregate, AggregateKeyword
from spanpact.contract.document import Location, Mapping, Node, quote
from spanpact.contract.loader.context import Context
from spanpact.contract.loader.matchers import read_sum
from spanpact.contract.loader.node_readers import read_count, read_mapping
from spanpact.contract.loader.vocabulary import AGGREGATES


def read_aggregates(context: Context, rule: Mapping) -> tuple[Aggregate, ...]:
    """Read all aggregates of a rule, in the order of the file."""
    return tuple(
        aggregate
        for keyword, node in rule.items.items()
        if keyword in AGGREGATES
        for aggregate in _of_keyword(context, cast(AggregateKeyword, keyword), node)
    )


def _of_keyword(context: Context, keyword: AggregateKeyword, node: Node) -> Iterator[Aggregate]:
    by_name = read_mapping(node, f"`{keyword}`")
    if not by_name.items:
        limits = "{at_most: n}" if keyword == "sum" else "n, n..m or n.."
        raise node.location.error(f"`{keyword}` is empty", hint=f"map the names of attributes to {limits}")
    read: dict[tuple[str, ...], str] = {}
    for name, item in by_name.items.items():
        location = by_name.keys[name]
        with context.collecting():
            names = _names(context, keyword, name, location)
            if (before := read.setdefault(tuple(sorted(each[0] for each in names)), name)) != name:
                raise location.error(f"{quote(name)} is in `{keyword}` already, as {quote(before)}")
            within = read_sum(context, item, f"`{name}`") if keyword == "sum" else read_count(item, f"`{name}`")
            yield Aggregate(keyword, name, names, within, location.place)


def _names(context: Context, keyword: str, name: str, location: Location) -> tuple[tuple[str, ...], ...]:
    """Return the accepted names of each attribute that a key names: one, or several joined by ` + `."""
    each = name.split(JOINED)
    if len(each) > 1 and keyword == "sum":
        hint = "give each attribute its own limits; distinct and repeats compare several together"
        raise location.error(f"{quote(name)} joins attributes, and `sum` adds the numbers of one", hint=hint)
    if not all(part.strip() for part in each):
        raise location.error("an attribute's name is empty")
    if len(set(each)) < len(each):
        raise location.error(f"{quote(name)} names an attribute twice")
    return tuple(context.accepted_names(part) for part in each)
