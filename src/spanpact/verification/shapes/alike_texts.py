"""Know the texts of attributes that contracts cannot tell apart, so that each need not be decoded and tested."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, fields
from typing import Final

from spanpact.contract.compiled import AttributeExpectation, Matcher
from spanpact.privacy import Scanner, TextScreen
from spanpact.trace.model import Capability

_LONGEST: Final = 1 << 12
_ANY_TEXT: Final = "x"
_OF_VALUES: Final = [each for each in fields(Matcher) if each.name not in ("type", "optional", "presence", "same_as")]


@dataclass(frozen=True, slots=True)
class AlikeTexts:
    """Clean texts of at most `longest` bytes have the same test results under any name that is not `told_apart`.

    `told_apart` are the names under which a test looks at more than whether the value is a text. `scanner` has the
    classes of `screen`. `types_are_known`: the source tells a text from what may be written as one.
    """

    screen: TextScreen
    scanner: Scanner
    told_apart: AbstractSet[str]
    longest: int
    types_are_known: bool

    @classmethod
    def of(
        cls,
        scanner: Scanner,
        expectations: Iterable[AttributeExpectation],
        numbers: AbstractSet[str],
        lengths: Sequence[int],
        capabilities: AbstractSet[Capability],
    ) -> AlikeTexts:
        """Return what is alike by some expectations and limits of length; `numbers` are names of counts and sums."""
        told_apart = {name for each in expectations if _looks_at_texts(each.matcher) for name in each.names}
        return cls(
            TextScreen(scanner.classes),
            scanner,
            frozenset(told_apart | numbers),
            min([_LONGEST, *lengths]),
            "value_types" in capabilities,
        )

    def covers(self, name: str) -> bool:
        """Return whether the clean texts of this name are alike; not where the name says that they are secrets."""
        known = self.types_are_known and name not in self.told_apart
        return known and not self.scanner.may_leak((name, _ANY_TEXT), name)

    def is_clean(self, text: bytes) -> bool:
        """Return whether a text, as it is encoded, is one of those that are alike."""
        return len(text) <= self.longest and self.screen.is_clean(text)


def _looks_at_texts(matcher: Matcher) -> bool:
    """Return whether a matcher looks at more than the type of a value; `same_as` compares values apart from this."""
    return any(getattr(matcher, field.name) != field.default for field in _OF_VALUES)
