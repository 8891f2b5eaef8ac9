"""Decide whether one matcher accepts every value that another accepts (section 4 of docs/contract-format.md).

The answer is yes only if it can be shown; for two different patterns, for example, it is no.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Final, TypeAlias

from spanpact.contract.compiled import UNSET, Matcher
from spanpact.engine.checks.values.matching import compile_matcher
from spanpact.trace.equality import equal
from spanpact.trace.model import Value

Implied: TypeAlias = Callable[[Matcher, Matcher], bool]
"""(the matcher that accepts less, the matcher with the keyword) → whether everything the first accepts meets it."""

_NUMBERS: Final = ("int", "double", "number")


def _type(less: Matcher, more: Matcher) -> bool:
    if less.type == more.type or (more.type == "number" and less.type in _NUMBERS):
        return True
    bounded = less.at_least is not None or less.at_most is not None
    return (more.type == "number" and bounded) or (more.type == "string" and less.matches is not None)


def _contains(less: Matcher, more: Matcher) -> bool:
    """Return whether what the first accepts contains the other's text or member; a part of a member is no member."""
    part, whole = more.contains, less.contains
    if part is UNSET or whole is UNSET:
        return False
    if isinstance(part, str) and isinstance(whole, str) and (less.type == "string" or less.matches is not None):
        return part in whole
    return equal(part, whole)  # type: ignore[arg-type]


def _at_least(less: Matcher, more: Matcher) -> bool:
    return less.at_least is not None and more.at_least is not None and less.at_least >= more.at_least


def _at_most(less: Matcher, more: Matcher) -> bool:
    return less.at_most is not None and more.at_most is not None and less.at_most <= more.at_most


WORDS: Final[Mapping[str, Implied]] = MappingProxyType(
    {
        "equals": lambda less, more: more.equals is UNSET,  # `literals` has tried each value before
        "one_of": lambda less, more: more.one_of is None,
        "type": lambda less, more: more.type is None or _type(less, more),
        "at_least": lambda less, more: more.at_least is None or _at_least(less, more),
        "at_most": lambda less, more: more.at_most is None or _at_most(less, more),
        "matches": lambda less, more: more.matches is None or less.matches == more.matches,
        "contains": lambda less, more: more.contains is UNSET or _contains(less, more),
        "same_as": lambda less, more: more.same_as is None or _same_reference(less, more),
        "optional": lambda less, more: accepts_missing(more) or not accepts_missing(less),
    }
)
"""For each keyword of matchers, when a matcher implies it."""


def _same_reference(less: Matcher, more: Matcher) -> bool:
    """Return whether both refer to the same attribute; aliases are compared once, for the whole contract."""
    if less.same_as is None or more.same_as is None:
        return False
    return (less.same_as.entry, less.same_as.attribute) == (more.same_as.entry, more.same_as.attribute)


def accepts_missing(matcher: Matcher) -> bool:
    """Return whether a missing attribute is accepted."""
    return matcher.presence == "absent" or matcher.optional


def literals(matcher: Matcher) -> list[Value] | None:
    """Return every value that the matcher accepts, whole numbers as int and double; None if they are not listed."""
    if matcher.presence:
        return [] if matcher.presence == "absent" else None
    if matcher.equals is UNSET and matcher.one_of is None:
        return None
    listed = matcher.one_of if matcher.equals is UNSET else (matcher.equals,)
    fault = compile_matcher(matcher)
    return [each for value in listed or () for each in _equal_values(value) if fault(each) is None]  # type: ignore[arg-type]


def _equal_values(value: Value) -> Iterator[Value]:
    yield value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return
    if isinstance(value, int):
        yield float(value)
    elif value.is_integer():
        yield int(value)


def includes(more: Matcher, less: Matcher) -> bool:
    """Return whether `more` accepts every value of an attribute, and its absence, that `less` accepts."""
    if not WORDS["optional"](less, more):
        return False
    return _includes_values(more, less)


def _includes_values(more: Matcher, less: Matcher) -> bool:
    listed = literals(less)
    if listed is not None:
        related = not listed or WORDS["same_as"](less, more)
        return related and (not listed or more.presence != "absent") and _all_accepted(more, listed)
    if more.presence:
        return more.presence == "present"
    return all(implied(less, more) for word, implied in WORDS.items() if word != "optional")


def _all_accepted(matcher: Matcher, listed: Sequence[Value]) -> bool:
    fault = compile_matcher(matcher)
    return all(fault(value) is None for value in listed)


def includes_text(more: Matcher, less: Matcher, vocabulary: Sequence[str] | None = None) -> bool:
    """Return whether `more` accepts every text that `less` accepts, of a text that every span has.

    The empty text counts as missing for `present`, `absent` and `optional` only. `vocabulary` lists all possible texts.
    """
    if not WORDS["same_as"](less, more):
        return False
    if vocabulary is not None:
        return all(_accepts_text(more, text) for text in vocabulary if _accepts_text(less, text))
    if _accepts_text(less, "") and not _accepts_text(more, ""):
        return False
    listed = _literal_texts(less)
    if listed is not None:
        return all(_accepts_text(more, text) for text in listed)
    return _includes_values(replace(more, optional=False), replace(less, optional=False))


def _literal_texts(matcher: Matcher) -> list[str] | None:
    """Return every text except the empty one that the matcher accepts, None if they are not listed."""
    if matcher.presence == "absent":
        return []
    if matcher.equals is UNSET and matcher.one_of is None:
        return None
    found = [*(matcher.one_of or ()), *(() if matcher.equals is UNSET else (matcher.equals,))]
    return [text for text in found if isinstance(text, str) and text and _accepts_text(matcher, text)]


def _accepts_text(matcher: Matcher, text: str) -> bool:
    if text == matcher.equals:
        return True
    if not text and (matcher.presence or matcher.optional):
        return matcher.presence != "present"
    return matcher.presence != "absent" and compile_matcher(matcher)(text) is None
