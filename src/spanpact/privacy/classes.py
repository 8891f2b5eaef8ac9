"""The built-in privacy classes, each an RE2 pattern (section 8 of docs/contract-format.md)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

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
"""Class name to pattern. `confirmation` also rejects a `card` with a wrong Luhn checksum (ISO/IEC 7812-1), and a `card`
or `ip` that is part of a decimal, a UUID, an object identifier or a C++ name.
"""


@dataclass(frozen=True, slots=True)
class PrivacyClass:
    """A privacy class and its RE2 pattern, which is searched anywhere in a text."""

    name: str
    pattern: str


def known_classes(names: Iterable[str] | None = None) -> tuple[PrivacyClass, ...]:
    """Return the built-in classes with these names (None: all of them)."""
    return tuple(PrivacyClass(name, KNOWN_CLASSES[name]) for name in (KNOWN_CLASSES if names is None else names))
