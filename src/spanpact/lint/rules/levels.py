"""Levels for findings that the contract cannot give (section 1 of docs/contract-format.md)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from spanpact.contract.compiled import Content
from spanpact.findings.catalogue import CATALOGUE
from spanpact.lint.linted_contract import LintedContract
from spanpact.lint.messages import LintMessage, lint_message
from spanpact.lint.rules.unused import key_location, section

_OF_ANY_TRACE: Final = frozenset(
    ("trace-roots", "span-orphan", "span-duplicate", "span-cycle", "id-invalid", "span-times", "child-early",
     "child-late", "value-not-finite", "attribute-repeated", "data-dropped", "link-dangling", "log-uncorrelated",
     "span-lost", "span-altered"),
)  # fmt: skip
"""Findings of any trace or of two sources: a level for the finding, or for it at `integrity`, can always apply."""
_OF_THE_FILE: Final = frozenset(("expectation-unproven", "example-wrong", "pending-kept", "pending-expired"))
_SPANS: Final = ("span-missing", "span-surplus", "span-misplaced", "match-ambiguous")
_ATTRIBUTE: Final = ("missing", "type", "value", "unexpected", "relation")
_NAMED_OTHERWISE: Final = {
    "name": "span-name", "status_message": "status-message", "forbid": "privacy-leak",
    "limits": "attribute-limit",
    "exactly_one_true": "attribute-relation",
}  # fmt: skip
"""Keywords whose finding has another name."""
_OF_STATEMENTS: Final = {
    "sampling": "sampling-rate", "duration": "duration", "error_rate": "error-rate", "distinct_names": "distinct-names",
}  # fmt: skip


def check_levels(contract: LintedContract) -> Iterator[LintMessage]:
    """Yield a message for each level that can never apply."""
    possible = possible_findings(contract)
    anywhere = _OF_ANY_TRACE | _OF_THE_FILE | {finding for findings in possible.values() for finding in findings}
    for key in section(contract.document, "levels"):
        id, slash, finding = key.rpartition("/")
        known = (possible.get(id, set()) | _OF_THE_FILE) if slash else anywhere
        if finding not in known and not (id == "integrity" and finding in _OF_ANY_TRACE):
            who = f"`{id}`" if slash else "the contract"
            message = f"the level of `{key}` has no effect: {who} cannot give `{finding}`"
            place = key_location(contract.document, "levels", key).place
            yield lint_message("level-unused", message, hint="remove it, or fix its id", place=place)


def possible_findings(contract: LintedContract) -> dict[str, set[str]]:
    """Return the findings that each id can carry."""
    found: dict[str, set[str]] = {}
    for entry in contract.plan.top.walk():
        own = found.setdefault(entry.id, set())
        own |= set(_SPANS) if entry.id != "top" else {"span-missing"} if contract.plan.scenario else set()
        own |= {"span-extra" if each == "children" else f"{each[:-1]}-extra" for each in entry.closed}
        own |= {each for each in ("order", "concurrency") if getattr(entry, each)}
        own |= {"attribute-type"} if entry.same_count and entry.same_count.attribute else set()
        _add_content(found, entry.id, entry.content)
        for condition in entry.conditions:
            found.setdefault(condition.id, set()).update({"order"} if condition.order else ())
            for side in condition.then:
                found.setdefault(side.entry, set()).update(_SPANS[:2])
                _add_content(found, side.entry, side.content)
    for rule in contract.plan.rules:
        what = "span" if rule.event is None else "event"
        found[rule.id] = {f"{what}-missing", f"{what}-surplus"} if rule.count else set()
        found[rule.id] |= {"parent"} if rule.parents else set()
        found[rule.id] |= {f"attribute-{each.keyword}" for each in rule.aggregates}
        found[rule.id] |= {"attribute-type"} if any(each.keyword == "sum" for each in rule.aggregates) else set()
        _add_content(found, rule.id, rule.content)
    for statement in contract.plan.across:
        found[statement.id] = {_OF_STATEMENTS[statement.keyword]}
    return {id: {each for each in findings if each in CATALOGUE} for id, findings in found.items()}


def _add_content(found: dict[str, set[str]], id: str, content: Content) -> None:
    own = found.setdefault(id, set())
    for keyword in content.keywords():
        if keyword.startswith(("attributes.", "resource.")):
            own |= {f"attribute-{each}" for each in _ATTRIBUTE}
        else:
            own.add(_NAMED_OTHERWISE.get(keyword, keyword))
    for what, items in (("event", content.events), ("link", content.links)):
        for item in items:
            found.setdefault(item.id, set()).update((f"{what}-missing", f"{what}-surplus"))
            found[item.id] |= {f"attribute-{each}" for each in _ATTRIBUTE if item.attributes}
