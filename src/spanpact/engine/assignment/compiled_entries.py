"""Compile the entries of a contract once: their checks, and their rank among their siblings (section 5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from spanpact.contract.compiled import Condition, Count, Entry, Side
from spanpact.engine.checks import Check
from spanpact.engine.checks.content import compile_content
from spanpact.engine.checks.keywords.closed import named_attributes
from spanpact.errors import Place


@dataclass(frozen=True, slots=True)
class CompiledEntry:
    """An entry with its checks compiled.

    `named` are the attributes that the contract names for its spans, `ids_of_content` the ids of its own events and
    links, `ids_within` these and those of its conditions, `groups` its places (`children`, `descendants`) that hold
    entries or are closed. `same_counts` are the entries whose `count` (`same_as`) is compared for each span
    of this one.

    Siblings are in the order of their rank: of equal spans, the earliest goes to the first.
    """

    plan: Entry
    where: tuple[Check, ...]
    content: tuple[Check, ...]
    children: tuple[CompiledEntry, ...]
    descendants: tuple[CompiledEntry, ...]
    conditions: tuple[CompiledCondition, ...]
    named: frozenset[str]
    id: str
    ids_of_content: tuple[str, ...]
    ids_within: tuple[str, ...]
    groups: tuple[tuple[str, tuple[CompiledEntry, ...]], ...]
    same_counts: tuple[Entry, ...] = ()

    def walk(self) -> Iterator[CompiledEntry]:
        """Yield this entry and all below it."""
        yield self
        for each in (*self.children, *self.descendants):
            yield from each.walk()


@dataclass(frozen=True, slots=True)
class CompiledSide:
    """One entry that `when` or `then` of a condition names, with its checks compiled."""

    entry: str
    mode: str
    content: tuple[Check, ...]
    count: Count | None
    place: Place | None


@dataclass(frozen=True, slots=True)
class CompiledCondition:
    """A condition with both its sides compiled."""

    plan: Condition
    when: tuple[CompiledSide, ...]
    then: tuple[CompiledSide, ...]


def compile_entry(
    entry: Entry,
    order: tuple[str, ...] = (),
    named_by_conditions: Mapping[str, frozenset[str]] | None = None,
    same_counts: Mapping[str, tuple[Entry, ...]] | None = None,
) -> CompiledEntry:
    """Return the entry and all below it compiled, siblings ranked by `order` first, then by id.

    `order` holds the ids that the entries above put in order, `named_by_conditions` the attributes that conditions
    above name, by entry, `same_counts` the entries whose count is compared, by the entry where that is done.
    """
    order = order + entry.order
    conditional = _named_by_conditions(entry) if named_by_conditions is None else named_by_conditions
    compared = same_counts_by_holder(entry) if same_counts is None else same_counts

    def ranked(entries: Sequence[Entry]) -> tuple[CompiledEntry, ...]:
        listed = {name: i for i, name in reversed(list(enumerate(order)))}
        chosen = sorted(entries, key=lambda e: (listed.get(e.id, len(order)), e.id))
        return tuple(compile_entry(e, order, conditional, compared) for e in chosen)

    children, descendants = ranked(entry.children), ranked(entry.descendants)
    places = (("children", children), ("descendants", descendants))
    ids_of_content = (*(event.id for event in entry.content.events), *(link.id for link in entry.content.links))
    return CompiledEntry(
        entry,
        compile_content(entry.where),
        compile_content(entry.content),
        children,
        descendants,
        tuple(_compile_condition(c) for c in entry.conditions),
        named_attributes(entry.where) | named_attributes(entry.content) | conditional.get(entry.id, frozenset()),
        entry.id,
        ids_of_content,
        (*ids_of_content, *(condition.id for condition in entry.conditions)),
        tuple((kind, entries) for kind, entries in places if entries or kind in entry.closed),
        compared.get(entry.id, ()),
    )


def same_counts_by_holder(top: Entry) -> dict[str, tuple[Entry, ...]]:
    """Return the entries with `count: {same_as: …}` by the lowest entry that holds both them and what they refer to."""
    parents = {below.id: entry.id for entry in top.walk() for below in (*entry.children, *entry.descendants)}
    found: dict[str, tuple[Entry, ...]] = {}
    for entry in top.walk():
        if entry.same_count and entry.id in parents:
            above = set(_up_from(entry.same_count.entry, parents))
            holder = next((id for id in _up_from(parents[entry.id], parents) if id in above), top.id)
            found[holder] = (*found.get(holder, ()), entry)
    return found


def _up_from(id: str, parents: Mapping[str, str]) -> Iterator[str]:
    yield id
    while id in parents:
        id = parents[id]
        yield id


def _named_by_conditions(top: Entry) -> dict[str, frozenset[str]]:
    """Return the attributes that conditions name, by entry."""
    named: dict[str, frozenset[str]] = {}
    for entry in top.walk():
        for condition in entry.conditions:
            for side in (*condition.when, *condition.then):
                named[side.entry] = named.get(side.entry, frozenset()) | named_attributes(side.content)
    return named


def _compile_condition(condition: Condition) -> CompiledCondition:
    def sides(plans: Sequence[Side]) -> tuple[CompiledSide, ...]:
        return tuple(CompiledSide(s.entry, s.mode, compile_content(s.content), s.count, s.place) for s in plans)

    return CompiledCondition(condition, sides(condition.when), sides(condition.then))
