"""Entries, rules and statements that nothing reaches or nothing can break (sections 2, 3, 5 and 6)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from spanpact.contract.compiled import ANY, Content, Entry, Rule, Statement
from spanpact.lint.contract_facts import Facts, implied
from spanpact.lint.messages import LintMessage, lint_message
from spanpact.lint.names import covered_texts, covers, disjoint
from spanpact.trace.name_patterns import NamePattern

_REMOVE = "remove it, or say what was meant"


def tree_messages(facts: Facts) -> Iterator[LintMessage]:
    """All that can be told of the entries, rules and statements of one contract."""
    referred = _referred(facts)
    for entry in facts.plan.top.walk():
        yield from _names(entry.id, "span", entry.span, entry)
        yield from _forbidden(facts, entry)
        yield from _order(facts, entry)
        yield from _closed(entry)
        yield from _concurrency(entry)
        yield from _parts(entry.content, closed=entry.closed)
        for group in (entry.children, entry.descendants):
            yield from _shadowed(group)
            yield from _unused(referred, entry, group)
    for rule in facts.plan.rules:
        yield from _names(rule.id, "event" if rule.span is None else "span", rule.span or rule.event, rule)
        yield from _rule(facts, rule)
        yield from _parts(rule.content, closed=frozenset())
    for statement in facts.plan.across:
        yield from _statement(facts, statement)
    yield from _attributes(facts)


def _names(id: str, keyword: str, pattern: NamePattern | None, part: Entry | Rule) -> Iterator[LintMessage]:
    for text, by in covered_texts(pattern) if pattern else ():
        message = f"`{text}` in `{keyword}` of `{id}` adds nothing: `{by}` covers it"
        place = part.places.get(keyword, part.place)
        yield lint_message("alternative-shadowed", message, hint="remove one of the two", place=place)


def _forbidden(facts: Facts, entry: Entry) -> Iterator[LintMessage]:
    """What is said of the spans of an entry that must not be there: they are counted, and never looked at."""
    if entry.count.high != 0:
        return
    said = [*entry.content.keywords(), *(f"closed: [{each}]" for each in sorted(entry.closed))]
    said += [k for k in ("children", "descendants", "order", "conditions", "concurrency") if getattr(entry, k)]
    said += [k for k in ("events", "links") if getattr(entry.content, k)]
    if said:
        message = f"{', '.join(f'`{each}`' for each in said)} of `{entry.id}` is never judged, as its `count` is 0"
        hint = "what tells the forbidden spans from others stands in `where`"
        yield lint_message("never-judged", message, hint=hint, place=entry.place)


def _order(facts: Facts, entry: Entry) -> Iterator[LintMessage]:
    there = [id for id in entry.order if facts.counted(entry.id, id)[1] > 0]
    place = entry.places.get("order", entry.place)
    if entry.order and len(there) < 2:
        message = f"`order` of `{entry.id}` says nothing: it takes two entries that can have spans"
        yield lint_message("says-nothing", message, hint=_REMOVE, place=place)
    else:
        for id in set(entry.order) - set(there):
            message = f"`{id}` in `order` of `{entry.id}` says nothing: it has no spans"
            yield lint_message("says-nothing", message, hint=_REMOVE, place=place)


def _closed(entry: Entry) -> Iterator[LintMessage]:
    beside = (*entry.children, *entry.descendants)
    names: dict[str, str] = {
        "children": next((e.id for e in beside if e.span and e.span.any and not _selects(e.where)), ""),
        "events": next((e.id for e in entry.content.events if e.event.any and e.via != "log"), ""),
        "links": next((e.id for e in entry.content.links if e.span.any), ""),
    }
    place = entry.places.get("closed", entry.place)
    for closed in sorted(entry.closed):
        if by := names.get(closed):
            message = f"`closed: [{closed}]` of `{entry.id}` says nothing: `{by}` names every one"
            yield lint_message("says-nothing", message, hint=_REMOVE, place=place)
    if "closed" in entry.places and not entry.closed:
        message = f"`closed` of `{entry.id}` says nothing: its list is empty"
        yield lint_message("says-nothing", message, hint=_REMOVE, place=place)


def _selects(where: Content) -> bool:
    return bool(where.keywords() or where.events or where.links)


def _concurrency(entry: Entry) -> Iterator[LintMessage]:
    wanted, most = entry.concurrency, entry.count.high
    place = entry.places.get("concurrency", entry.place)
    if wanted is None or most == 0:
        return
    if most is not None and wanted.low > most:
        message = f"`concurrency: {wanted}` of `{entry.id}` never holds: its `count` is {entry.count}"
        yield lint_message(
            "never-holds", message, hint="of two numbers that exclude each other, one is wrong", place=place
        )
    elif wanted.low <= 1 and (wanted.high is None or (most is not None and most <= wanted.high)):
        message = f"`concurrency: {wanted}` of `{entry.id}` says nothing more than its `count`, which is {entry.count}"
        yield lint_message("says-nothing", message, hint=_REMOVE, place=place)


def _parts(content: Content, *, closed: frozenset[str]) -> Iterator[LintMessage]:
    """Events and links of any number, of which nothing is said; and what is said of those that must not be there."""
    for keyword, parts in (("events", content.events), ("links", content.links)):
        for part in parts:
            if part.count == ANY and not part.attributes and keyword not in closed:
                message = f"`{part.id}` in `{keyword}` says nothing: any number may be there, and be as they like"
                yield lint_message("says-nothing", message, hint=_REMOVE, place=part.place)
            elif part.count.high == 0 and part.attributes:
                message = f"`attributes` of `{part.id}` add nothing: there must be none at all, as its `count` is 0"
                yield lint_message("never-judged", message, hint=_REMOVE, place=part.place)


def _shadowed(group: Sequence[Entry]) -> Iterator[LintMessage]:
    """Entries whose spans may all go to one beside it that takes any number of them, and asks nothing."""
    takers = [e for e in group if e.count.high is None and not _demands(e)]
    for entry in group:
        taker = next((t for t in takers if t is not entry and _takes_all(t, entry)), None)
        if taker is None:
            continue
        what = [f"`count: {entry.count}` of `{entry.id}` is never exceeded"] if entry.count.high is not None else []
        if entry.count.low == 0 and (said := _steering(entry)):
            what.append(f"{', '.join(f'`{each}`' for each in said)} of `{entry.id}` never broken")
        if what:
            message = f"{' and '.join(what)}, as such spans go to `{taker.id}`"
            hint = f"let `where` of one of the two, or `count` of `{taker.id}`, tell them apart"
            yield lint_message("entry-shadowed", message, hint=hint, place=entry.place)


def _demands(entry: Entry) -> bool:
    """Whether a span may cost anything in the entry: what is judged after assignment costs nothing."""
    return bool(_steering(entry) or entry.children or entry.descendants or "children" in entry.closed)


def _steering(entry: Entry) -> list[str]:
    related = {f"attributes.{a.name}" for a in entry.content.attributes if a.matcher.same_as}
    said = [keyword for keyword in entry.content.keywords() if keyword not in related]
    return said + [k for k in ("events", "links") if getattr(entry.content, k)]


def _takes_all(taker: Entry, entry: Entry) -> bool:
    if taker.span is None or entry.span is None:
        return False
    return covers(taker.span, entry.span) and implied(taker.where, entry.where)


def _unused(referred: set[str], holder: Entry, group: Sequence[Entry]) -> Iterator[LintMessage]:
    """Entries of any number that demand nothing, name nothing in a closed place, and compete with nobody."""
    for entry in group:
        bare = entry.count == ANY and not (_steering(entry) or entry.content.attributes or entry.concurrency)
        bare = bare and not (entry.children or entry.descendants or entry.closed or entry.order or entry.conditions)
        alone = all(other is entry or _disjoint(entry, other) for other in group)
        if bare and alone and "children" not in holder.closed and entry.id not in referred:
            message = f"the entry `{entry.id}` demands nothing, and nothing refers to it"
            yield lint_message("entry-unused", message, hint="remove it, or give it a `count`", place=entry.place)


def _disjoint(one: Entry, other: Entry) -> bool:
    return one.span is not None and other.span is not None and disjoint(one.span, other.span)


def _referred(facts: Facts) -> set[str]:
    """The entries that something names."""
    plan = facts.plan
    found = {id for entry in plan.top.walk() for id in entry.order}
    for _, condition in facts.conditions:
        found |= {side.entry for side in (*condition.when, *condition.then)} | set(condition.order)
    return found | {reference.entry for _, _, reference in facts.references} | {each.of for each in plan.across}


def _rule(facts: Facts, rule: Rule) -> Iterator[LintMessage]:
    said = rule.content.keywords() or rule.content.events or rule.content.links
    named = facts.closes_attributes and (rule.where.attributes or rule.where.exactly_one_true)
    if not said and not named and rule.count in (None, ANY):
        message = f"the rule `{rule.id}` says nothing of what it selects"
        yield lint_message("says-nothing", message, hint=_REMOVE, place=rule.place)


def _statement(facts: Facts, statement: Statement) -> Iterator[LintMessage]:
    if facts.counted("top", statement.of)[1] == 0:
        message = f"`{statement.id}` of `across` is never judged: `{statement.of}` has no spans"
        yield lint_message("never-judged", message, hint=_REMOVE, place=statement.place)
    if statement.error_rate == 1:
        message = f"`error_rate: 1` of `{statement.id}` says nothing: all may fail"
        yield lint_message("says-nothing", message, hint=_REMOVE, place=statement.place)
    for (lower, bound), (higher, tighter) in combinations(sorted(statement.percentiles), 2):
        if tighter <= bound:
            message = f"`p{lower:g}` of `{statement.id}` says nothing: `p{higher:g}` has no looser bound"
            yield lint_message("says-nothing", message, hint=_REMOVE, place=statement.place)


def _attributes(facts: Facts) -> Iterator[LintMessage]:
    """`same_as` that compares a value with itself or with nothing, and attributes that may be anything."""
    for id, attribute, reference in facts.references:
        if facts.counted("top", reference.entry)[1] == 0:
            message = f"`same_as` of {id}.{attribute.name} is never judged: `{reference.entry}` has no spans"
            yield lint_message("never-judged", message, hint=_REMOVE, place=attribute.place)
        own = id in facts.entries and id == reference.entry and attribute.names == (reference.attribute,)
        if own and attribute in facts.entries[id].content.attributes and facts.counted("top", id)[1] <= 1:
            message = f"`same_as` of {id}.{attribute.name} says nothing: it compares a value with itself"
            yield lint_message("says-nothing", message, hint=_REMOVE, place=attribute.place)
    for id, attribute in facts.attributes if not facts.closes_attributes else ():
        m = attribute.matcher
        words = (m.one_of, m.type, m.at_least, m.at_most, m.matches, m.same_as, m.presence)
        if m.optional and repr(m.equals) == "UNSET" and all(each is None for each in words):
            message = f"`{attribute.name}` of `{id}` says nothing: it may be missing, or be anything"
            yield lint_message("says-nothing", message, hint=_REMOVE, place=attribute.place)
