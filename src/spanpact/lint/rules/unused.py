"""Definitions that nothing uses: entries, aliases, privacy classes, fragments (sections 1 and 2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from spanpact.contract.compiled import ANY, Entry
from spanpact.contract.document import Location
from spanpact.contract.document import Mapping as Document
from spanpact.lint.linted_contract import LintedContract
from spanpact.lint.messages import LintMessage, lint_message
from spanpact.lint.name_coverage import disjoint
from spanpact.lint.rules.shadowing import assignment_keywords


def check_unused(contract: LintedContract) -> Iterator[LintMessage]:
    """Yield messages about what one contract declares and does not use."""
    attributes = attributes_used(contract)
    yield from _aliases(contract.document, attributes)
    yield from _classes(contract.document, classes_forbidden(contract))
    yield from _extends(contract, attributes)
    referenced = _referenced_entries(contract)
    for entry in contract.plan.top.walk():
        for siblings in (entry.children, entry.descendants):
            yield from _entries(referenced, entry, siblings)


def check_fragment(fragment: Document, users: Sequence[LintedContract]) -> Iterator[LintMessage]:
    """Yield messages about what a fragment declares and none of the contracts that extend it uses."""
    if not users:
        message = "no given contract extends this fragment"
        hint = "remove it, or name it in `extends`"
        yield lint_message("fragment-unused", message, hint=hint, place=fragment.keys["fragment"].place)
        return
    yield from _aliases(fragment, {name for contract in users for name in attributes_used(contract)})
    yield from _classes(fragment, {name for contract in users for name in classes_forbidden(contract)})


def attributes_used(contract: LintedContract) -> set[str]:
    """Return every attribute that a contract names, in its own file or in a fragment's rules."""
    found = {attribute.name for _, attribute in contract.attributes}
    found |= {names[0] for _, content in contract.contents for names in content.exactly_one_true}
    found |= {names[0] for rule in contract.plan.rules for each in rule.aggregates for names in each.names}
    found |= {entry.same_count.attribute for entry in contract.plan.top.walk() if entry.same_count}
    return found | {reference.attribute for _, _, reference in contract.references}


def classes_forbidden(contract: LintedContract) -> set[str]:
    """Return the privacy classes that a contract forbids somewhere."""
    return {each.name for _, content in contract.contents for each in content.forbid}


def section(document: Document, name: str) -> Mapping[str, object]:
    """Return the items of a section of the file, none if it is not there."""
    node = document.items.get(name)
    return node.items if isinstance(node, Document) else {}


def key_location(document: Document, name: str, key: str) -> Location:
    """Return where a key of a section is in the file."""
    node = document.items[name]
    assert isinstance(node, Document)
    return node.keys[key]


def _aliases(document: Document, used: set[str]) -> Iterator[LintMessage]:
    message = "no expectation names the attribute `{}`: its aliases have no effect"
    hint = "remove them; aliases belong to the name that expectations use"
    yield from _unused_keys("alias-unused", document, "aliases", used, message, hint)


def _classes(document: Document, forbidden: set[str]) -> Iterator[LintMessage]:
    message = "nothing forbids the class `{}`: it is only masked in reports"
    hint = "forbid it, unless it exists for masking"
    yield from _unused_keys("class-unused", document, "classes", forbidden, message, hint)


def _unused_keys(
    id: str, document: Document, name: str, used: set[str], message: str, hint: str
) -> Iterator[LintMessage]:
    """Yield a message for each key of a section that is not used; `{}` in the message is the key."""
    for key in section(document, name):
        if key not in used:
            yield lint_message(id, message.format(key), hint=hint, place=key_location(document, name, key).place)


def _extends(contract: LintedContract, used: set[str]) -> Iterator[LintMessage]:
    for fragment in contract.fragments:
        adds = any(section(fragment, name) for name in ("every", "classes", "clock", "levels"))
        if not adds and used.isdisjoint(section(fragment, "aliases")):
            name = fragment.keys["fragment"].place
            message = f"the contract uses nothing from the fragment {name.file if name else 'that it extends'}"
            place = contract.document.keys["extends"].place
            yield lint_message("extends-unused", message, hint="remove it from `extends`", place=place)


def _entries(referenced: set[str], holder: Entry, siblings: Sequence[Entry]) -> Iterator[LintMessage]:
    """Yield a message for each entry without expectations that changes neither a closed place nor an assignment."""
    for entry in siblings:
        free = entry.count == ANY and not entry.same_count
        free = free and not (assignment_keywords(entry) or entry.content.attributes or entry.concurrency)
        free = free and not (entry.children or entry.descendants or entry.closed or entry.order or entry.conditions)
        alone = all(other is entry or _cannot_compete(entry, other) for other in siblings)
        if free and alone and "children" not in holder.closed and entry.id not in referenced:
            message = f"the entry `{entry.id}` has no expectations, and nothing refers to it"
            yield lint_message("entry-unused", message, hint="remove it, or give it a `count`", place=entry.place)


def _cannot_compete(one: Entry, other: Entry) -> bool:
    return one.span is not None and other.span is not None and disjoint(one.span, other.span)


def _referenced_entries(contract: LintedContract) -> set[str]:
    """Return the ids of entries that an order, a condition, a `same_as` or a statement names."""
    plan = contract.plan
    found = {id for entry in plan.top.walk() for id in entry.order}
    for _, condition in contract.conditions:
        found |= {side.entry for side in (*condition.when, *condition.then)} | set(condition.order)
    found |= {entry.same_count.entry for entry in plan.top.walk() if entry.same_count}
    return found | {reference.entry for _, _, reference in contract.references} | {each.of for each in plan.across}
