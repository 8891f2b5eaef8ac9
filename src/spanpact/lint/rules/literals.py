"""Literals that look like something else: a presence word, a range, a comparison, a type, a pattern (section 4)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from spanpact.contract.document import Mapping, Node, Scalar, quote
from spanpact.lint.linted_contract import LintedContract
from spanpact.lint.messages import LintMessage, lint_message

_VALUES: Final = ("attributes", "resource")
_SINGLE_VALUES: Final = ("name", "scope", "status_message")
_PARTS: Final = ("children", "descendants", "events", "links", "every")
_PRESENT: Final = frozenset(
    [
        "exists", "exist", "any", "anything", "something", "required", "defined", "nonempty", "not empty", "is set",
        "not null", "notnull", "not_null", "nonnull", "non-null", "is present", "is_present", "mandatory", "!null",
        "...", "+",
    ]
)  # fmt: skip
_ABSENT: Final = frozenset(
    [
        "missing", "not exists", "not_exists", "nonexistent", "not present", "not_present", "undefined", "forbidden",
        "is absent", "unset", "null", "nil", "!exists", "not set",
    ]
)  # fmt: skip
_TYPES: Final = {
    "str": "string", "string": "string", "text": "string", "bool": "boolean", "boolean": "boolean", "int": "int",
    "integer": "int", "int64": "int", "long": "int", "double": "double", "float": "double", "number": "number",
    "list": "array", "array": "array", "bytes": "bytes", "map": "map", "object": "map",
}  # fmt: skip
_NUMBER: Final = r"-?\d+(?:\.\d+)?"
_RANGE: Final = re.compile(rf"({_NUMBER})?\s*\.\.\.?\s*({_NUMBER})?", re.ASCII)
_DASHED: Final = re.compile(r"(\d{1,5})\s*-\s*(\d{1,5})", re.ASCII)
_STATUS_CLASS: Final = re.compile(r"([1-5])xx", re.IGNORECASE)
_COMPARISON: Final = re.compile(rf"(>=|<=|>|<|≥|≤)\s*({_NUMBER})", re.ASCII)
_SLASHES: Final = re.compile(r"/([^/]+)/|/(.*[*+^$|\\\[(].*)/[gimsuy]{0,3}", re.DOTALL)
_PATTERN: Final = re.compile(r"\^.|.\$$|\.[*+]|\\[dws]|\[[^\]]*-[^\]]*\][*+?{]|\[\^|\(\?[:i=!P]|\]\+|\)\*")


def check_literals(contract: LintedContract) -> Iterator[LintMessage]:
    """Yield a message for each bare literal in a contract, or in a fragment of it, that looks like a matcher."""
    for document in (contract.document, *contract.fragments):
        for name, node in _bare_values(document):
            if isinstance(node, Scalar) and (found := _question(node.value)):
                what, instead = found
                message = f"`{name}`: {what}"
                place = node.location.place
                hint = f"{instead}; if the literal is meant, write {{equals: …}}"
                yield lint_message("literal-suspicious", message, hint=hint, place=place)


def _bare_values(holder: Node) -> Iterator[tuple[str, Node]]:
    """Yield the matchers of values in a body, entry, rule, event, link, or side of a condition, and of those below."""
    if not isinstance(holder, Mapping):
        return
    for keyword, node in holder.items.items():
        if keyword in _VALUES and isinstance(node, Mapping):
            yield from node.items.items()
        elif keyword in _SINGLE_VALUES:
            yield keyword, node
        elif keyword == "where":
            yield from _bare_values(node)
        elif keyword in _PARTS:
            yield from _values_of_each(node)
        elif keyword == "conditions" and isinstance(node, Mapping):
            for condition in node.items.values():
                sides = condition.items if isinstance(condition, Mapping) else {}
                for side in ("when", "then"):
                    yield from _values_of_each(sides.get(side))


def _values_of_each(node: Node | None) -> Iterator[tuple[str, Node]]:
    for each in node.items.values() if isinstance(node, Mapping) else ():
        yield from _bare_values(each)


def _question(value: object) -> tuple[str, str] | None:
    """Return what a literal is and looks like, and what to write instead; None for one that is not questioned."""
    if value is None:
        return "`null` is the empty value, not any value and not a missing one", "write `present` or `absent`"
    if not isinstance(value, str):
        return None
    text = value.strip()
    word = text.lower()
    if word in _PRESENT:
        return f"{quote(value)} is the literal text", "for any value write `present`"
    if word in _ABSENT:
        return f"{quote(value)} is the literal text", "for a missing attribute write `absent`"
    if word == "optional":
        return f"{quote(value)} is the literal text", "for an attribute that may be missing write {optional: true}"
    if word in _TYPES:
        return f"{quote(value)} is the literal text", f"for any value of the type write {{type: {_TYPES[word]}}}"
    if bounds := _bounds(text):
        return f"{quote(value)} is a text, not a range", f"write {{{bounds}}}"
    return _pattern(value)


def _bounds(text: str) -> str:
    """Return the bounds that a text seems to mean, empty where it does not look like a range."""
    low = high = ""
    if found := _RANGE.fullmatch(text):
        low, high = found[1] or "", found[2] or ""
    elif (found := _DASHED.fullmatch(text)) and len(found[1]) == len(found[2]) and found[1] < found[2]:
        low, high = found[1], found[2]
    elif found := _STATUS_CLASS.fullmatch(text):
        low, high = f"{found[1]}00", f"{found[1]}99"
    elif found := _COMPARISON.fullmatch(text):
        low, high = (found[2], "") if found[1] in (">", ">=", "≥") else ("", found[2])
    parts = [f"at_least: {low}"] if low else []
    return ", ".join(parts + ([f"at_most: {high}"] if high else []))


def _pattern(value: str) -> tuple[str, str] | None:
    if found := _SLASHES.fullmatch(value):
        return f"{quote(value)} is a text, not a pattern", f"a pattern is {{matches: {_quoted(found[1] or found[2])}}}"
    if _PATTERN.search(value):
        return f"{quote(value)} is a text, not a pattern", f"a pattern is {{matches: {_quoted(value)}}}"
    if "*" in value:
        pattern = ".*".join(map(re.escape, value.split("*")))
        message = f"`*` in {quote(value)} is an asterisk, not a wildcard"
        return message, f"a pattern is {{matches: {_quoted(pattern)}}}"
    return None


def _quoted(pattern: str) -> str:
    return "'" + pattern.replace("'", "''")[:60] + "'"
