"""Privacy classes: what must never be in telemetry, found and masked.

A class is an RE2 pattern that is searched anywhere in a text (docs/contract-format.md, section 8). A text is
scanned in time linear in its length, whatever the pattern.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import re2

from spanpact.plan import PrivacyClass

_OCTET = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_HEX = r"[0-9A-Fa-f]{1,4}"

KNOWN_CLASSES: Mapping[str, str] = MappingProxyType(
    {
        "email": r"[A-Za-z0-9._%+\-]+(?:@|%40)[A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)*\.[A-Za-z]{2,}",
        "card": r"\b[3-6]\d{3}(?:[ -]?\d){9,15}\b",
        "ip": rf"\b(?:(?:{_OCTET}\.){{3}}{_OCTET}|(?:{_HEX}:){{7}}{_HEX}|(?:{_HEX}:){{1,6}}(?::{_HEX}){{1,6}})\b|::1\b",
        "jwt": r"\beyJ[A-Za-z0-9_\-]{5,}\.[A-Za-z0-9_\-]{5,}\.[A-Za-z0-9_\-]*",
        "bearer": r"(?i)\bbearer\s+[A-Za-z0-9._~+/\-]{8,}=*",
        "private_key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
        "url_credentials": r"[A-Za-z][A-Za-z0-9+.\-]*://[^\s/:@]*:[^\s/@]+@",
    }
)
"""Name to pattern. Beside its pattern a `card` must satisfy the Luhn checksum (ISO/IEC 7812-1)."""


class Leak(NamedTuple):
    """A class found in a text, and where: characters `start` (included) to `end` (excluded)."""

    name: str
    start: int
    end: int


class Scanner:
    """Finds and masks a fixed set of classes; remembers the texts that it saw last."""

    __slots__ = ("_any", "_patterns", "_seen")
    _REMEMBERED = 4096

    def __init__(self, classes: Iterable[PrivacyClass]) -> None:
        chosen = {c.name: c.pattern for c in classes}
        self._patterns = [(name, re2.compile(pattern)) for name, pattern in chosen.items()]
        # One pass says "nothing here" for almost every text; only then the classes are told apart.
        self._any = re2.compile("|".join(f"(?:{pattern})" for pattern in chosen.values()) or r"[^\s\S]")
        self._seen: dict[str, Sequence[Leak]] = {}

    def scan(self, text: str) -> Sequence[Leak]:
        """Every leak in the text, by class and then by position."""
        found = self._seen.get(text)
        if found is None:
            found = self._scan(text)
            if len(self._seen) >= self._REMEMBERED:
                self._seen.clear()
            self._seen[text] = found
        return found

    def _scan(self, text: str) -> Sequence[Leak]:
        text = _searchable(text)
        if self._any.search(text) is None:
            return ()
        return [
            Leak(name, *match.span())
            for name, pattern in self._patterns
            for match in pattern.finditer(text)
            if match.start() < match.end() and (name != "card" or _satisfies_luhn(match.group()))
        ]

    def mask(self, text: str) -> str:
        """The text with every leak replaced by its class: `session:‹email›`."""
        leaks = self.scan(text)
        if not leaks:
            return text
        parts, position = [], 0
        for leak in sorted(leaks, key=lambda leak: (leak.start, -leak.end)):
            if leak.start < position:  # within a leak that is masked already, or overlapping it
                position = max(position, leak.end)
                continue
            parts += [text[position : leak.start], f"‹{leak.name}›"]
            position = leak.end
        return "".join([*parts, text[position:]])


def known_classes(names: Iterable[str] | None = None) -> tuple[PrivacyClass, ...]:
    """The known classes of these names (None: all), as the plan holds them."""
    return tuple(PrivacyClass(n, KNOWN_CLASSES[n]) for n in (KNOWN_CLASSES if names is None else names))


_KNOWN = Scanner(known_classes())


def mask(text: str) -> str:
    """The text with every value of a known class masked."""
    return _KNOWN.mask(text)


def _searchable(text: str) -> str:
    """RE2 takes valid UTF-8 only: a lone surrogate is searched as `?`, which keeps every position."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text


def _satisfies_luhn(text: str) -> bool:
    digits = [int(c) for c in text if c.isdigit()]
    doubled = [d * 2 - 9 * (d > 4) for d in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0
