"""Decide whether a value can meet several matchers at once (section 4 of docs/contract-format.md).

The answer is no only if that is certain: two patterns, for example, are always assumed to have a text in common.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from spanpact.contract.compiled import UNSET, Matcher
from spanpact.engine.checks.values.matching import compile_matcher, type_of
from spanpact.trace.model import Value

_NUMBERS: Final = frozenset(("int", "double"))
_ALL_TYPES: Final = frozenset(("string", "boolean", "int", "double", "bytes", "array", "map", "null"))


def attribute_possible(*matchers: Matcher) -> bool:
    """Return whether an attribute can meet all matchers, with a value or by being missing."""
    if all(each.optional or each.presence == "absent" for each in matchers):
        return True
    return all(each.presence != "absent" for each in matchers) and value_possible(*matchers)


def value_possible(*matchers: Matcher) -> bool:
    """Return whether a value can meet all matchers."""
    if any(each.presence == "absent" for each in matchers):
        return False
    listed = next((values for each in matchers if (values := literals(each)) is not None), None)
    if listed is not None:
        return any(_all_met(matchers, equal) for value in listed for equal in _equal_values(value))
    types = frozenset.intersection(_ALL_TYPES, *map(_types, matchers))
    return bool(types) and (not types <= _NUMBERS or _number_possible(types, matchers))


def text_possible(matchers: Sequence[Matcher], vocabulary: Sequence[str] = ()) -> bool:
    """Return whether a text that every span has can meet all matchers: kind, status, status message or scope.

    `vocabulary` lists all possible texts; empty means any text.
    """
    listed = next((values for each in matchers if (values := literals(each)) is not None), None)
    candidates: Sequence[Value] | None = vocabulary or (None if listed is None else (*listed, ""))
    if candidates is not None:
        return any(isinstance(text, str) and all(_meets_text(m, text) for m in matchers) for text in candidates)
    return all(_meets_text(each, "") for each in matchers) or (
        all(each.presence != "absent" and "string" in _types(each) for each in matchers)
    )


def literals(matcher: Matcher) -> tuple[Value, ...] | None:
    """Return the values that the matcher lists, None if it lists none; the rest of it may exclude some of them."""
    if matcher.equals is not UNSET:
        return (matcher.equals,)  # type: ignore[return-value]
    return matcher.one_of


def impossible_alternatives(matcher: Matcher) -> Iterator[Value]:
    """Yield the values of `one_of` that the rest of the matcher excludes."""
    for value in matcher.one_of or ():
        if not value_possible(replace(matcher, one_of=(value,), optional=False)):
            yield value


def _meets_text(matcher: Matcher, text: str) -> bool:
    if not text and (matcher.presence or matcher.optional):
        return matcher.presence != "present"
    return matcher.presence != "absent" and _all_met((matcher,), text)


def _all_met(matchers: Sequence[Matcher], value: Value) -> bool:
    return all(compile_matcher(each)(value) is None for each in matchers)


def _equal_values(value: Value) -> Iterator[Value]:
    """Yield the value and what equals it: a whole number may be an int or a double."""
    yield value
    if isinstance(value, int) and not isinstance(value, bool):
        yield float(value)
    elif isinstance(value, float) and value.is_integer():
        yield int(value)


def _types(matcher: Matcher) -> frozenset[str]:
    """Return the types that a value may have."""
    types = _ALL_TYPES
    if matcher.type is not None:
        types &= _NUMBERS if matcher.type == "number" else {matcher.type}
    if matcher.at_least is not None or matcher.at_most is not None:
        types &= _NUMBERS
    if matcher.matches is not None:
        types &= {"string"}
    if matcher.contains is not UNSET:
        types &= {"string", "array"} if isinstance(matcher.contains, str) else {"array"}
    if (listed := literals(matcher)) is not None:
        types &= {type_of(equal) for value in listed for equal in _equal_values(value)}
    return types


def _number_possible(types: frozenset[str], matchers: Sequence[Matcher]) -> bool:
    low = max((each.at_least for each in matchers if each.at_least is not None), default=-math.inf)
    high = min((each.at_most for each in matchers if each.at_most is not None), default=math.inf)
    if types == {"int"} and math.isfinite(low) and math.isfinite(high):
        return math.ceil(low) <= math.floor(high)
    return low <= high
