"""Privacy classes: what must never be in telemetry, found and masked.

A class is an RE2 pattern that is searched anywhere in a text (docs/contract-format.md, section 8). A text is
scanned in time linear in its length, whatever the pattern.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import re2

from spanpact.plan import PrivacyClass

_QUIET = re2.Options()
_QUIET.log_errors = False
_FRACTION_BEFORE, _FRACTION_AFTER = re.compile(r"\d\.$"), re.compile(r"^\.\d")
_UUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")

_OCTET = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_HEX = r"[0-9A-Fa-f]{1,4}"

KNOWN_CLASSES: Mapping[str, str] = MappingProxyType(
    {
        "email": r"[A-Za-z0-9._%+\-]+(?:@|%40)[A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)*\.[A-Za-z]{2,}",
        "card": r"\b(?:[3-6]\d{12,18}|2[2-7]\d{14}|[2-6]\d{3}[ -]\d{4}[ -]\d{4}[ -]\d{4}(?:[ -]\d{3})?"
        r"|3[47]\d{2}[ -]\d{6}[ -]\d{5})\b",
        "ip": rf"\b(?:(?:{_OCTET}\.){{3}}{_OCTET}|(?:{_HEX}:){{7}}{_HEX}|(?:{_HEX}:){{1,6}}(?::{_HEX}){{1,6}})\b|::1\b",
        "jwt": r"\beyJ[A-Za-z0-9_\-]{5,}\.[A-Za-z0-9_\-]{5,}\.[A-Za-z0-9_\-]*",
        "bearer": r"(?i)\bbearer\s+[A-Za-z0-9._~+/\-]{8,}=*",
        "private_key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
        "url_credentials": r"[A-Za-z][A-Za-z0-9+.\-]*://[^\s/:@]*:[^\s/@]+@",
    }
)
"""Name to pattern. A `card` must also satisfy the Luhn checksum (ISO/IEC 7812-1); neither it nor an `ip` counts as a
part of something longer that looks like it: a decimal, a UUID, an object identifier, a C++ name.
"""


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
        chosen = dict.fromkeys((c.name, c.pattern) for c in classes)
        self._patterns = [(name, re2.compile(pattern)) for name, pattern in chosen]
        # One pass says "nothing here" for almost every text; only then the classes are told apart.
        self._any = _alternatives([pattern for _, pattern in chosen])
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
            if match.start() < match.end() and _CONFIRMED.get(name, _always)(text, *match.span())
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


def _alternatives(patterns: Sequence[str]) -> Any:
    """One pattern for all, or for anything where all together are too large for RE2."""
    try:
        return re2.compile("|".join(f"(?:{pattern})" for pattern in patterns) or r"[^\s\S]", _QUIET)
    except re2.error:
        return re2.compile("")


def _always(text: str, start: int, end: int) -> bool:
    return True


def _is_card(text: str, start: int, end: int) -> bool:
    fraction = _FRACTION_BEFORE.search(text[max(0, start - 2) : start])
    in_uuid = any(m.start() <= start < m.end() for m in _UUID.finditer(text))
    return not fraction and not in_uuid and _satisfies_luhn(text[start:end])


def _is_address(text: str, start: int, end: int) -> bool:
    """Not a part of a longer dotted number (1.3.6.1.4.1), nor of a name such as `Cafe::add`."""
    before, after, found = text[max(0, start - 2) : start], text[end : end + 2], text[start:end]
    if ":" not in found:
        return not _FRACTION_BEFORE.search(before) and not _FRACTION_AFTER.search(after)
    named = found.startswith("::") and re.search(r"[\w>]$", before)
    return not named and before != "::" and after != "::" and any(c.isdigit() for c in found)


def _satisfies_luhn(text: str) -> bool:
    digits = [int(c) for c in text if c.isdigit()]
    doubled = [d * 2 - 9 * (d > 4) for d in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


_CONFIRMED: Mapping[str, Callable[[str, int, int], bool]] = {"card": _is_card, "ip": _is_address}
_KNOWN = Scanner(known_classes())
