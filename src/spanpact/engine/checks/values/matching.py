"""Judge one attribute value by a matcher: type, literal, bounds, regular expression (section 4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Final, TypeAlias

import re2

from spanpact.contract.compiled import UNSET, Matcher, TypeName
from spanpact.engine.checks.outcomes import Undecided
from spanpact.engine.checks.values.shown import described, shown
from spanpact.trace.equality import equal
from spanpact.trace.model import Capability, Value

Fault: TypeAlias = tuple[str, str, str]
"""What is wrong with a value: `type` or `value`, what is expected, what was observed."""

TYPE_UNKNOWN: Final = Undecided("capability", "the source does not distinguish array, map and null from string")
"""The outcome on a text that may stand for another value: see `possible_values`."""


def type_of(value: Value) -> str:
    """Return the type's name as contracts write it; `null` for the empty value."""
    known = _TYPES.get(type(value))
    return known or ("map" if isinstance(value, dict) else "null")


_TYPES: Final[Mapping[type, str]] = {
    str: "string", bool: "boolean", int: "int", float: "double", bytes: "bytes", list: "array", dict: "map",
}  # fmt: skip


def _is_type(value: Value, name: TypeName) -> bool:
    observed = type_of(value)
    return observed == name or (name == "number" and observed in ("int", "double"))


def _same_family(one: Value, other: Value) -> bool:
    a, b = type_of(one), type_of(other)
    return a == b or {a, b} == {"int", "double"}


def _literal_fault(value: Value, accepted: Sequence[Value]) -> str:
    """Return "" if the value equals one of the accepted ones; else `value` if the type fits one of them, or `type`."""
    if any(equal(value, one) for one in accepted):
        return ""
    return "value" if any(_same_family(value, one) for one in accepted) else "type"


def _equals(wanted: Value) -> Callable[[Value], str]:
    kind = type(wanted)
    simple, accepted = kind in (str, bool, int), (wanted,)

    def test(value: Value) -> str:
        if simple and type(value) is kind and value == wanted:
            return ""  # almost always; what follows distinguishes a wrong type from a wrong value
        return _literal_fault(value, accepted)

    return test


def _contains(wanted: Value) -> Callable[[Value], str]:
    def test(value: Value) -> str:
        if isinstance(value, list):
            return "" if any(equal(member, wanted) for member in value) else "value"
        if isinstance(value, str) and isinstance(wanted, str):
            return "" if wanted in value else "value"
        return "type"

    return test


def _bound_fault(value: Value, matcher: Matcher) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "type"
    above = matcher.at_least is None or value >= matcher.at_least
    below = matcher.at_most is None or value <= matcher.at_most
    is_number = value == value  # NaN lies within nothing
    return "" if above and below and is_number else "value"


def compile_matcher(matcher: Matcher) -> Callable[[Value], Fault | None]:
    """Return a function that gives the first fault of a value, None if it fulfils all of the matcher but `same_as`."""
    tests: list[Callable[[Value], str]] = []
    if (wanted := matcher.type) is not None:
        tests.append(lambda value: "" if _is_type(value, wanted) else "type")
    if matcher.equals is not UNSET:
        tests.append(_equals(matcher.equals))  # type: ignore[arg-type]
    if (several := matcher.one_of) is not None:
        tests.append(lambda value: _literal_fault(value, several))
    if matcher.at_least is not None or matcher.at_most is not None:
        tests.append(lambda value: _bound_fault(value, matcher))
    if (regex := matcher.regex) is not None:
        tests.append(lambda v: ("" if _covers(regex, v) else "value") if isinstance(v, str) else "type")
    if matcher.contains is not UNSET:
        tests.append(_contains(matcher.contains))  # type: ignore[arg-type]
    expected = described(matcher)

    def fault(value: Value) -> Fault | None:
        for test in tests:
            if kind := test(value):
                seen = f"{shown(value)} ({type_of(value)})" if kind == "type" else shown(value)
                return kind, expected, seen
        return None

    return fault


def _covers(regex: object, text: str) -> bool:
    try:
        return regex.fullmatch(text) is not None  # type: ignore[attr-defined]
    except UnicodeEncodeError:  # a lone surrogate: RE2 takes valid UTF-8 only
        return regex.fullmatch(text.encode("utf-8", "replace").decode()) is not None  # type: ignore[attr-defined]


def line_end_hint(matcher: Matcher, value: Value) -> str:
    """Return a hint where `matches` fails only because `.` stops at the end of a line; else ""."""
    if matcher.matches is None or not isinstance(value, str) or "\n" not in value:
        return ""
    across_lines = _across_lines(matcher.matches)
    if across_lines is None or _covers(matcher.regex, value) or not _covers(across_lines, value):
        return ""
    return (
        "the text has several lines, and `.` stops at the end of a line: begin the pattern with (?s), or use contains"
    )


@lru_cache(maxsize=64)
def _across_lines(pattern: str) -> object | None:
    try:
        compiled: object = re2.compile(f"(?s){pattern}")
    except re2.error:
        return None
    return compiled


def undecidable_type(matcher: Matcher, value: Value, capabilities: frozenset[Capability]) -> Undecided | None:
    """Return why the source cannot show the type that the matcher asks for (5 in JSON is int or double), else None."""
    if matcher.type in ("int", "double") and type_of(value) in ("int", "double"):
        if "number_types" not in capabilities:
            return Undecided("capability", "the source does not distinguish int from double")
    elif matcher.type in ("bytes", "string") and isinstance(value, str) and "bytes" not in capabilities:
        return Undecided("capability", "the source does not distinguish bytes from string")
    return None


def certain_fault(fault: Callable[[Value], Fault | None], value: Value, others: Sequence[Value]) -> Fault | None:
    """Return the fault of a text if all values that it may stand for have it too; None if that is not certain.

    The faults must be of the same kind, or one of those of numbers and booleans is that of a value: whatever was sent
    is wrong then. The empty text is an exception: what else it may stand for is so rare that its own fault is reported.
    """
    wrong = fault(value)
    if wrong is None:
        return None
    found = [(other, fault(other)) for other in others]
    kinds = {each and each[0] for _, each in found}
    if None in kinds:
        return None
    if not value or kinds == {wrong[0]}:
        return wrong
    scalars = [each for other, each in found if not isinstance(other, list | dict | None)]
    return next((each for each in scalars if each and each[0] == "value"), None)
