"""Keywords that no trace can break (sections 2, 3, 5 and 6 of docs/contract-format.md)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Final

from spanpact.contract.compiled import ANY, UNSET, Content, Count, Entry, Matcher, Rule, Statement
from spanpact.engine.assignment.compiled_entries import same_counts_by_holder
from spanpact.engine.checks.keywords.closed import named_attributes
from spanpact.errors import Place
from spanpact.lint.linted_contract import LintedContract, has_expectations
from spanpact.lint.messages import LintMessage, lint_message

_REMOVE: Final = "remove it, or write what you meant"


def check_no_effect(contract: LintedContract) -> Iterator[LintMessage]:
    """Yield messages about the entries, rules, statements and attributes of one contract."""
    for entry in contract.plan.top.walk():
        yield from _order(contract, entry)
        yield from _closed(entry)
        yield from _concurrency(entry)
        yield from _limits(contract, entry)
        yield from _items(entry.content, closed=entry.closed)
    for rule in contract.plan.rules:
        yield from _rule(contract, rule)
        yield from _aggregates(rule)
        yield from _items(rule.content, closed=frozenset())
    for statement in contract.plan.across:
        yield from _statement(contract, statement)
    yield from _attributes(contract)
    for compared in same_counts_by_holder(contract.plan.top).values():
        yield from _same_counts(compared)


def _no_effect(message: str, place: Place | None) -> LintMessage:
    return lint_message("says-nothing", message, hint=_REMOVE, place=place)


def _order(contract: LintedContract, entry: Entry) -> Iterator[LintMessage]:
    possible = [id for id in entry.order if contract.possible_spans(entry.id, id)[1] > 0]
    place = entry.places.get("order", entry.place)
    if entry.order and len(possible) < 2:
        message = f"`order` of `{entry.id}` has no effect: it needs at least two entries that can have spans"
        yield _no_effect(message, place)
    else:
        for id in set(entry.order) - set(possible):
            yield _no_effect(f"`{id}` in `order` of `{entry.id}` has no effect: it has no spans", place)


def _closed(entry: Entry) -> Iterator[LintMessage]:
    below = (*entry.children, *entry.descendants)
    accepts_all: dict[str, str] = {
        "children": next((e.id for e in below if e.span and e.span.any and not has_expectations(e.where)), ""),
        "events": next((e.id for e in entry.content.events if e.event.any and e.via != "log"), ""),
        "links": next((e.id for e in entry.content.links if e.span.any), ""),
    }
    place = entry.places.get("closed", entry.place)
    for closed in sorted(entry.closed):
        if by := accepts_all.get(closed):
            yield _no_effect(f"`closed: [{closed}]` of `{entry.id}` has no effect: `{by}` accepts all {closed}", place)
    if "closed" in entry.places and not entry.closed:
        yield _no_effect(f"`closed` of `{entry.id}` has no effect: its list is empty", place)


def _concurrency(entry: Entry) -> Iterator[LintMessage]:
    wanted, most = entry.concurrency, entry.count.high
    place = entry.places.get("concurrency", entry.place)
    if wanted is None or most == 0:
        return
    if most is not None and wanted.low > most:
        message = f"`concurrency: {wanted}` of `{entry.id}` never holds: its `count` is {entry.count}"
        yield lint_message("never-holds", message, hint="fix one of the two numbers", place=place)
    elif wanted.low <= 1 and (wanted.high is None or (most is not None and most <= wanted.high)):
        message = f"`concurrency: {wanted}` of `{entry.id}` has no effect: its `count` of {entry.count} guarantees it"
        yield _no_effect(message, place)


def _limits(contract: LintedContract, entry: Entry) -> Iterator[LintMessage]:
    """Yield a message if `closed: [attributes]` allows no more attributes than `limits` does."""
    limits = entry.content.limits
    if limits is None or limits.attributes is None or "attributes" not in entry.closed:
        return
    lowered = not contract.is_binding(entry.id) or "attribute-extra" in contract.plan.levels
    parts: list[Entry | Rule] = [entry, *contract.plan.rules]
    named = frozenset().union(*(named_attributes(each) for part in parts for each in (part.where, part.content)))
    if not lowered and len(named) <= limits.attributes:
        what = f"`attributes: {limits.attributes}` in `limits` of `{entry.id}`"
        message = f"{what} has no effect: `closed: [attributes]` allows no more"
        yield _no_effect(message, entry.content.places.get("limits", entry.place))


def _items(content: Content, *, closed: frozenset[str]) -> Iterator[LintMessage]:
    """Yield a message for each event or link without expectations, unless naming it in a closed place counts."""
    for keyword, items in (("events", content.events), ("links", content.links)):
        for item in items:
            if item.count == ANY and not item.attributes and keyword not in closed:
                message = f"`{item.id}` in `{keyword}` has no effect: any number with any attributes is accepted"
                yield _no_effect(message, item.place)


def _rule(contract: LintedContract, rule: Rule) -> Iterator[LintMessage]:
    named = contract.closes_attributes and (rule.where.attributes or rule.where.exactly_one_true)
    counted = any(each.of == rule.id for each in contract.plan.across)
    demands = has_expectations(rule.content) or rule.parents or rule.aggregates or named or counted
    if not demands and rule.count in (None, ANY):
        yield _no_effect(f"the rule `{rule.id}` has no effect: it expects nothing of what it selects", rule.place)


def _aggregates(rule: Rule) -> Iterator[LintMessage]:
    for each in rule.aggregates:
        if isinstance(each.within, Count) and each.within.low <= 1 and each.within.high is None:
            message = f"`{each.path}` of `{rule.id}` has no effect: {each.within} is any number"
            yield _no_effect(message, each.place)


def _same_counts(compared: Sequence[Entry]) -> Iterator[LintMessage]:
    """Yield a message for each count that is its own, or that others which are compared at one place already give."""
    counts = {each.id: each.same_count.entry for each in compared if each.same_count and not each.same_count.attribute}
    ids = list(counts)
    for entry in compared:
        circle = _circle(entry.id, counts)
        if circle and entry.id == max(circle, key=ids.index):
            listed = ", ".join(f"`{id}`" for id in sorted(circle, key=ids.index)[:-1])
            why = f"{listed} and it refer to each other in a circle" if listed else "it compares a number with itself"
            place = entry.places.get("count", entry.place)
            yield _no_effect(f"`count` of `{entry.id}` has no effect: {why}", place)


def _circle(id: str, refers_to: Mapping[str, str]) -> list[str]:
    """Return the ids of the circle of references that an id is part of, itself first; none if it is in no circle."""
    found = [id]
    while (following := refers_to.get(found[-1], "")) and following not in found:
        found.append(following)
    return found if following == id else []


def _statement(contract: LintedContract, statement: Statement) -> Iterator[LintMessage]:
    if statement.error_rate == 1:
        yield _no_effect(f"`error_rate: 1` of `{statement.id}` has no effect: all spans may fail", statement.place)
    if statement.distinct_names is not None:
        parts: list[Entry | Rule] = [*contract.plan.top.walk(), *contract.plan.rules]
        names = next((each.span for each in parts if each.id == statement.of), None)
        if names and names.literal and len(names.exact) <= statement.distinct_names:
            what = f"`distinct_names: {statement.distinct_names}` of `{statement.id}`"
            yield _no_effect(f"{what} has no effect: `{statement.of}` selects no other names", statement.place)
    for (lower, bound), (higher, tighter) in combinations(sorted(statement.percentiles), 2):
        if tighter <= bound:
            message = f"`p{lower:g}` of `{statement.id}` has no effect: the bound of `p{higher:g}` is no looser"
            yield _no_effect(message, statement.place)


def _attributes(contract: LintedContract) -> Iterator[LintMessage]:
    """Yield messages about values compared with themselves, and about attributes that may have any value."""
    for id, attribute, reference in contract.references:
        own = id in contract.entries and id == reference.entry and attribute.names == (reference.attribute,)
        single = contract.possible_spans("top", id)[1] <= 1 if own else False
        if own and single and attribute in contract.entries[id].content.attributes:
            message = f"`same_as` of {id}.{attribute.name} has no effect: it compares a value with itself"
            yield _no_effect(message, attribute.place)
    for id, attribute in contract.attributes if not contract.closes_attributes else ():
        if _accepts_anything(attribute.matcher):
            message = f"`{attribute.name}` of `{id}` has no effect: it may be missing, or have any value"
            yield _no_effect(message, attribute.place)


def _accepts_anything(matcher: Matcher) -> bool:
    m = matcher
    constraints = (m.one_of, m.type, m.at_least, m.at_most, m.matches, m.same_as, m.presence)
    return m.optional and m.equals is UNSET and m.contains is UNSET and all(each is None for each in constraints)
