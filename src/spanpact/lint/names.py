"""Whether one name pattern covers all that another one fits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from spanpact.trace.name_patterns import NamePattern

_ANY_TEXT: Final = "\U000f0000"  # a character that stands for whatever a wildcard takes in; nobody writes it


def covers(one: NamePattern, other: NamePattern) -> bool:
    """Whether every name that fits `other` fits `one`; it may do so without being seen here, if only many texts do."""
    if any(_ANY_TEXT in text for text in one.texts):
        return False
    return all(any(_covers_text(own, text) for own in one.texts) for text in other.texts)


def covered_texts(pattern: NamePattern) -> Iterator[tuple[str, str]]:
    """The texts of a list that add nothing, each with the one that covers it."""
    for i, text in enumerate(pattern.texts):
        for j, other in enumerate(pattern.texts):
            if i != j and _covers_text(other, text) and (j < i or not _covers_text(text, other)):
                yield text, other
                break


def disjoint(one: NamePattern, other: NamePattern) -> bool:
    """Whether it is sure that no name fits both."""
    if one.literal:
        return not any(map(other.fits, one.exact))
    return other.literal and not any(map(one.fits, other.exact))


def _covers_text(own: str, text: str) -> bool:
    """A pattern covers another one if it fits the other's text, each wildcard being a character it does not have."""
    example = re.sub(r"\\\*|\*+", lambda found: "*" if found[0] == "\\*" else _ANY_TEXT, text)
    return NamePattern((own,)).fits(example)
