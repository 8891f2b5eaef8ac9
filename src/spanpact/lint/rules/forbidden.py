"""`forbid` of an entry: it covers the entry's own spans, not those below them (sections 3 and 8)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from spanpact.contract.compiled import Entry
from spanpact.lint.linted_contract import LintedContract, has_expectations
from spanpact.lint.messages import LintMessage, lint_message
from spanpact.lint.name_coverage import covers
from spanpact.trace.name_patterns import NamePattern

_EVERY_SPAN: Final = NamePattern(("*",))


def check_forbidden(contract: LintedContract) -> Iterator[LintMessage]:
    """Yield a message for each `forbid` of an entry with spans below it that no rule extends to all spans."""
    everywhere = _forbidden_everywhere(contract)
    for entry in contract.plan.top.walk():
        names = [each.name for each in entry.content.forbid if each.name not in everywhere]
        if names and (entry.id == "top" or entry.children or entry.descendants):
            yield _message(entry, names)


def _forbidden_everywhere(contract: LintedContract) -> set[str]:
    """Return the classes that a binding rule of `every` forbids on all spans of the flow."""
    return {
        each.name
        for rule in contract.plan.rules
        if rule.span and not rule.except_spans and covers(rule.span, _EVERY_SPAN) and not has_expectations(rule.where)
        if contract.is_binding(rule.id)
        for each in rule.content.forbid
    }


def _message(entry: Entry, names: list[str]) -> LintMessage:
    listed = ", ".join(names)
    message = f"`forbid` covers the spans of `{entry.id}` alone, not those below: {listed}"
    hint = f"for the whole flow write every: {{private: {{span: '*', forbid: [{listed}]}}}}"
    place = entry.content.places.get("forbid", entry.place)
    return lint_message("forbid-of-one-span", message, hint=hint, place=place)
