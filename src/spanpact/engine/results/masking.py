"""Make texts of a trace safe to report: mask privacy classes first, then cut what is long."""

from __future__ import annotations

from functools import lru_cache

from spanpact.privacy import Mask, PrivacyClass, Scanner, known_classes

_LONGEST = 300  # characters of a text that a report shows


@lru_cache(64)
def masker(classes: tuple[PrivacyClass, ...]) -> Mask:
    """Return a function that masks the known privacy classes and these in a text."""
    return Scanner((*known_classes(), *classes)).mask


def abridged(text: str) -> str:
    """Return the text, cut where it is long. Mask it first: half an e-mail address does not look like one."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text)} characters)"
