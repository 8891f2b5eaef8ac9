"""Decide whether one name pattern covers every name that another one matches."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from spanpact.trace.name_patterns import NamePattern

_ANY_TEXT: Final = "\U000f0000"  # stands for what a wildcard matches; private use, so no pattern contains it


def covers(one: NamePattern, other: NamePattern) -> bool:
    """Return whether every name that fits `other` certainly fits `one`.

    A text of `other` that only several texts of `one` cover together is not recognized.
    """
    if any(_ANY_TEXT in text for text in one.texts):
        return False
    return all(any(_covers_text(own, text) for own in one.texts) for text in other.texts)


def covered_texts(pattern: NamePattern) -> Iterator[tuple[str, str]]:
    """Yield the texts of a list that have no effect, each with the text that covers it."""
    for i, text in enumerate(pattern.texts):
        for j, other in enumerate(pattern.texts):
            if i != j and _covers_text(other, text) and (j < i or not _covers_text(text, other)):
                yield text, other
                break


def disjoint(one: NamePattern, other: NamePattern) -> bool:
    """Return whether certainly no name fits both."""
    if one.literal:
        return not any(map(other.fits, one.exact))
    return other.literal and not any(map(one.fits, other.exact))


def _covers_text(own: str, text: str) -> bool:
    """Return whether a text covers another: it matches it, with each wildcard replaced by a character it lacks."""
    example = re.sub(r"\\\*|\*+", lambda found: "*" if found[0] == "\\*" else _ANY_TEXT, text)
    return NamePattern((own,)).fits(example)
