"""Value matchers (section 4): does a value equal, fit, lie within, match?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from spanpact.contract.compiled import UNSET, Matcher, TypeName
from spanpact.engine.checks.base import Undecided
from spanpact.trace.equality import equal
from spanpact.trace.model import Capability, Value

Fault: TypeAlias = tuple[str, str, str]
"""(`type` or `value`, what is expected, what was observed)."""

UNTOLD: Final = Undecided("capability", "the source does not tell array, map and null from string")
"""Of a text that `possible_values` are there of."""

_LONGEST_INT = 1024  # bits; Python refuses to write out far longer ones
_DEEPEST = 8  # levels of lists and maps that a report shows


def shown(value: Value, depth: int = 0) -> str:
    """A value as a report shows it: text quoted, a map's names in order, -0.0 as 0.0 (some sources do not tell them).

    Neither masked nor cut: whoever reports it does both, in that order. Cut first, half an e-mail address would look
    like none.
    """
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, list | dict) and depth == _DEEPEST:
        return "…"
    if isinstance(value, list):
        return f"[{', '.join(shown(each, depth + 1) for each in value)}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{name}: {shown(value[name], depth + 1)}' for name in sorted(value))}}}"
    if isinstance(value, int) and value.bit_length() > _LONGEST_INT:
        return f"an integer of {value.bit_length()} bits"
    if isinstance(value, float):
        value += 0.0
    return f'"{value}"' if isinstance(value, str) else str(value)


def type_of(value: Value) -> str:
    """The type's name as contracts write it; `null` for the empty value."""
    if isinstance(value, bool):
        return "boolean"
    names = {str: "string", int: "int", float: "double", bytes: "bytes", list: "array", dict: "map"}
    return names.get(type(value), "null")


def described(matcher: Matcher) -> str:
    """What a matcher accepts, in words."""
    if matcher.presence:
        return matcher.presence
    words = []
    if matcher.type:
        words.append(f"type {matcher.type}")
    if matcher.equals is not UNSET:
        words.append(shown(matcher.equals))  # type: ignore[arg-type]
    if matcher.one_of is not None:
        words.append("one of " + ", ".join(map(shown, matcher.one_of)))
    if matcher.at_least is not None:
        words.append(f"at least {matcher.at_least}")
    if matcher.at_most is not None:
        words.append(f"at most {matcher.at_most}")
    if matcher.matches is not None:
        words.append(f"matching /{matcher.matches}/")
    if matcher.same_as:
        words.append(f"the same as {matcher.same_as.entry}.{matcher.same_as.attribute}")
    return " and ".join(words) + (" or missing" if matcher.optional else "") or "present"


def _is_type(value: Value, name: TypeName) -> bool:
    observed = type_of(value)
    return observed == name or (name == "number" and observed in ("int", "double"))


def _same_family(one: Value, other: Value) -> bool:
    a, b = type_of(one), type_of(other)
    return a == b or {a, b} == {"int", "double"}


def _literal_fault(value: Value, accepted: Sequence[Value]) -> str:
    """`` where the value equals one of the accepted; else whether it is its type or only its value."""
    if any(equal(value, one) for one in accepted):
        return ""
    return "value" if any(_same_family(value, one) for one in accepted) else "type"


def _equals(wanted: Value) -> Callable[[Value], str]:
    kind = type(wanted)
    simple, accepted = kind in (str, bool, int), (wanted,)

    def test(value: Value) -> str:
        if simple and type(value) is kind and value == wanted:
            return ""  # almost always: the rest of the way tells type from value
        return _literal_fault(value, accepted)

    return test


def _bound_fault(value: Value, matcher: Matcher) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "type"
    above = matcher.at_least is None or value >= matcher.at_least
    below = matcher.at_most is None or value <= matcher.at_most
    is_number = value == value  # NaN lies within nothing
    return "" if above and below and is_number else "value"


def compile_matcher(matcher: Matcher) -> Callable[[Value], Fault | None]:
    """A function that gives the first fault of a value that is there, None where all words but `same_as` hold."""
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


def undecidable_type(matcher: Matcher, value: Value, capabilities: frozenset[Capability]) -> Undecided | None:
    """Whether the source cannot tell the type that the matcher asks for (a JSON 5 is an int and a double)."""
    if matcher.type in ("int", "double") and type_of(value) in ("int", "double"):
        if "number_types" not in capabilities:
            return Undecided("capability", "the source does not tell int from double")
    elif matcher.type in ("bytes", "string") and isinstance(value, str) and "bytes" not in capabilities:
        return Undecided("capability", "the source does not tell bytes from string")
    return None


def sure_fault(fault: Callable[[Value], Fault | None], value: Value, others: Sequence[Value]) -> Fault | None:
    """The fault of a text, if it has one whatever else it may have been; and the same one, but for the empty text.

    Null and a list without finite numbers are so rare that an empty text is said to be what it seems to be.
    """
    wrong = fault(value)
    if wrong is None:
        return None
    kinds = {other and other[0] for other in map(fault, others)}
    return wrong if None not in kinds and (not value or kinds == {wrong[0]}) else None
