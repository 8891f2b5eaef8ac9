"""Expectations on spans, events and links that must not exist: they are counted, but never checked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from spanpact.contract.compiled import Content, Entry, Rule
from spanpact.lint.linted_contract import LintedContract, items_of, matchers_of
from spanpact.lint.messages import LintMessage, lint_message

_REMOVE: Final = "remove it, or write what you meant"


def check_never_judged(contract: LintedContract) -> Iterator[LintMessage]:
    """Yield messages about the entries, rules, statements and references of one contract."""
    for entry in contract.plan.top.walk():
        yield from _forbidden_entry(entry)
        yield from _forbidden_items(entry.content)
        reference = entry.same_count
        if reference and reference.attribute and contract.possible_spans("top", reference.entry)[1] == 0:
            message = f"`count` of `{entry.id}` is never checked: `{reference.entry}` has no spans"
            yield lint_message("never-judged", message, hint=_REMOVE, place=entry.places.get("count", entry.place))
    for rule in contract.plan.rules:
        yield from _forbidden_items(rule.content)
        yield from _absent_aggregates(rule)
    for statement in contract.plan.across:
        if contract.possible_spans("top", statement.of)[1] == 0:
            message = f"`{statement.id}` of `across` is never checked: `{statement.of}` has no spans"
            yield lint_message("never-judged", message, hint=_REMOVE, place=statement.place)
    for id, attribute, reference in contract.references:
        if contract.possible_spans("top", reference.entry)[1] == 0:
            message = f"`same_as` of {id}.{attribute.name} is never checked: `{reference.entry}` has no spans"
            yield lint_message("never-judged", message, hint=_REMOVE, place=attribute.place)


def _absent_aggregates(rule: Rule) -> Iterator[LintMessage]:
    for aggregate in rule.aggregates:
        if all(any(each.presence == "absent" for each in matchers_of(rule, names)) for names in aggregate.names):
            message = f"`{aggregate.path}` of `{rule.id}` adds nothing: the attribute must be absent"
            yield lint_message("never-judged", message, hint=_REMOVE, place=aggregate.place)


def _forbidden_entry(entry: Entry) -> Iterator[LintMessage]:
    if entry.count.high != 0:
        return
    keywords = [*entry.content.keywords(), *(f"closed: [{each}]" for each in sorted(entry.closed))]
    keywords += [k for k in ("children", "descendants", "order", "conditions", "concurrency") if getattr(entry, k)]
    keywords += [k for k in ("events", "links") if getattr(entry.content, k)]
    if keywords:
        listed = ", ".join(f"`{each}`" for each in keywords)
        message = f"{listed} of `{entry.id}` is never checked: its `count` is 0"
        hint = "to distinguish forbidden spans from others, use `where`"
        yield lint_message("never-judged", message, hint=hint, place=entry.place)


def _forbidden_items(content: Content) -> Iterator[LintMessage]:
    for item in items_of(content):
        if item.count.high == 0 and item.attributes:
            message = f"`attributes` of `{item.id}` are never checked: its `count` is 0"
            yield lint_message("never-judged", message, hint=_REMOVE, place=item.place)
