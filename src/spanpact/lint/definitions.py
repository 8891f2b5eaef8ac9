"""Definitions that nothing uses: aliases, classes, fragments, levels; agreements past their date (sections 1, 10)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence

from spanpact.contract.compiled import Content, ContractPlan
from spanpact.contract.document import Location
from spanpact.contract.document import Mapping as Document
from spanpact.findings.catalogue import CATALOGUE
from spanpact.lint.contract_facts import Facts
from spanpact.lint.messages import LintMessage, lint_message

_ALWAYS = frozenset(
    ("trace-roots", "span-orphan", "span-duplicate", "span-cycle", "id-invalid", "span-times", "child-early",
     "child-late", "value-not-finite", "data-dropped", "log-uncorrelated", "span-lost", "span-altered"),
)  # fmt: skip
"""Findings of any trace, or of any two sources: a level by the bare finding, or by `integrity`, may always matter."""
_OF_THE_FILE = frozenset(("expectation-unproven", "example-wrong", "pending-kept", "pending-expired"))
_SPANS = ("span-missing", "span-surplus", "span-misplaced", "match-ambiguous")
_ATTRIBUTE = ("missing", "type", "value", "unexpected", "relation")
_OWN_NAME = {"status_message": "status-message", "forbid": "privacy-leak", "exactly_one_true": "attribute-relation"}


def contract_definitions(facts: Facts, today: dt.date) -> Iterator[LintMessage]:
    """What one contract declares and does not use, and what of it is past its date."""
    used = attributes_used(facts)
    yield from _aliases(facts.document, used)
    yield from _classes(facts.document, _forbidden(facts))
    yield from _levels(facts)
    yield from _extended(facts, used)
    for id, pending in facts.plan.pending.items():
        if dt.date.fromisoformat(pending.until) < today:
            message = f"`{id}` was pending until {pending.until} ({pending.owner}: {pending.reason})"
            hint = "remove it, so that the requirement binds, or agree on another day"
            yield lint_message("pending-expired", message, hint=hint, place=_spot(facts.document, "pending", id).place)


def fragment_definitions(fragment: Document, users: Sequence[Facts]) -> Iterator[LintMessage]:
    """What a fragment declares and no contract that extends it uses."""
    if not users:
        message = "no contract among those given extends this fragment"
        hint = "remove it, or name it in `extends`"
        yield lint_message("fragment-unused", message, hint=hint, place=fragment.keys["fragment"].place)
        return
    yield from _aliases(fragment, {name for facts in users for name in attributes_used(facts)})
    yield from _classes(fragment, {name for facts in users for name in _forbidden(facts)})


def names_twice(contracts: Sequence[Facts]) -> Iterator[LintMessage]:
    """Contracts that a report could not tell apart."""
    first: dict[tuple[str, str], ContractPlan] = {}
    for plan in (facts.plan for facts in contracts):
        known = first.setdefault((plan.name, plan.version), plan)
        if known is not plan:
            message = (
                f"the name `{plan.name}` and the version {plan.version} are those of {known.place or 'another'} too"
            )
            yield lint_message("name-twice", message, hint="give one of them another name", place=plan.place)


def attributes_used(facts: Facts) -> set[str]:
    """Every attribute that a contract names, in its own file or in a fragment's rules."""
    found = {attribute.name for _, attribute in facts.attributes}
    found |= {names[0] for _, content in facts.contents for names in content.exactly_one_true}
    return found | {reference.attribute for _, _, reference in facts.references}


def _forbidden(facts: Facts) -> set[str]:
    return {each.name for _, content in facts.contents for each in content.forbid}


def _section(document: Document, section: str) -> Mapping[str, object]:
    node = document.items.get(section)
    return node.items if isinstance(node, Document) else {}


def _spot(document: Document, section: str, key: str) -> Location:
    node = document.items[section]
    assert isinstance(node, Document)
    return node.keys[key]


def _aliases(document: Document, used: set[str]) -> Iterator[LintMessage]:
    for name in _section(document, "aliases"):
        if name not in used:
            message = f"nothing names the attribute `{name}`, so that its aliases say nothing"
            hint = "remove them; aliases belong to the name that expectations use"
            yield lint_message("alias-unused", message, hint=hint, place=_spot(document, "aliases", name).place)


def _classes(document: Document, forbidden: set[str]) -> Iterator[LintMessage]:
    for name in _section(document, "classes"):
        if name not in forbidden:
            message = f"nothing forbids the class `{name}`: it is only masked in reports"
            hint = "forbid it, unless masking is what it is for"
            yield lint_message("class-unused", message, hint=hint, place=_spot(document, "classes", name).place)


def _extended(facts: Facts, used: set[str]) -> Iterator[LintMessage]:
    for fragment in facts.fragments:
        takes = any(_section(fragment, section) for section in ("every", "classes", "clock", "levels"))
        if not takes and used.isdisjoint(_section(fragment, "aliases")):
            name = fragment.keys["fragment"].place
            message = f"the contract takes nothing from the fragment {name.file if name else 'that it extends'}"
            place = facts.document.keys["extends"].place
            yield lint_message("extends-unused", message, hint="remove it from `extends`", place=place)


def _levels(facts: Facts) -> Iterator[LintMessage]:
    possible = possible_findings(facts)
    anywhere = _ALWAYS | _OF_THE_FILE | {finding for findings in possible.values() for finding in findings}
    for key in _section(facts.document, "levels"):
        id, slash, finding = key.rpartition("/")
        known = (possible.get(id, set()) | _OF_THE_FILE) if slash else anywhere
        if finding not in known and not (id == "integrity" and finding in _ALWAYS):
            who = f"`{id}` says nothing that gives" if slash else "nothing in the contract gives"
            message = f"the level of `{key}` is never asked for: {who} `{finding}`"
            place = _spot(facts.document, "levels", key).place
            yield lint_message("level-unused", message, hint="remove it, or mend its id", place=place)


def possible_findings(facts: Facts) -> dict[str, set[str]]:
    """The findings that each id can carry."""
    found: dict[str, set[str]] = {}
    for entry in facts.plan.top.walk():
        own = found.setdefault(entry.id, set())
        own |= set(_SPANS) if entry.id != "top" else {"span-missing"} if facts.plan.scenario else set()
        own |= {"span-extra" if each == "children" else f"{each[:-1]}-extra" for each in entry.closed}
        own |= {each for each in ("order", "concurrency") if getattr(entry, each)}
        _add_content(found, entry.id, entry.content)
        for condition in entry.conditions:
            found.setdefault(condition.id, set()).update({"order"} if condition.order else ())
            for side in condition.then:
                found.setdefault(side.entry, set()).update(_SPANS[:2])
                _add_content(found, side.entry, side.content)
    for rule in facts.plan.rules:
        what = "span" if rule.event is None else "event"
        found[rule.id] = {f"{what}-missing", f"{what}-surplus"} if rule.count else set()
        _add_content(found, rule.id, rule.content)
    for statement in facts.plan.across:
        sampled = "sampling-rate" if statement.sampling is not None else "duration"
        found[statement.id] = {"error-rate" if statement.error_rate is not None else sampled}
    return {id: {each for each in findings if each in CATALOGUE} for id, findings in found.items()}


def _add_content(found: dict[str, set[str]], id: str, content: Content) -> None:
    own = found.setdefault(id, set())
    for keyword in content.keywords():
        if keyword.startswith(("attributes.", "resource.")):
            own |= {f"attribute-{each}" for each in _ATTRIBUTE}
        else:
            own.add(_OWN_NAME.get(keyword, keyword))
    for what, parts in (("event", content.events), ("link", content.links)):
        for part in parts:
            found.setdefault(part.id, set()).update((f"{what}-missing", f"{what}-surplus"))
            found[part.id] |= {f"attribute-{each}" for each in _ATTRIBUTE if part.attributes}
