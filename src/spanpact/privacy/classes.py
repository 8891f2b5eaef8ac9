"""The privacy classes that spanpact knows, each an RE2 pattern (section 8 of docs/contract-format.md)."""

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
"""Name to pattern. A `card` must also satisfy the Luhn checksum (ISO/IEC 7812-1); neither it nor an `ip` counts as a
part of something longer that looks like it: a decimal, a UUID, an object identifier, a C++ name.
"""


@dataclass(frozen=True, slots=True)
class PrivacyClass:
    """A privacy class and its RE2 pattern, which is searched anywhere in a text."""

    name: str
    pattern: str


def known_classes(names: Iterable[str] | None = None) -> tuple[PrivacyClass, ...]:
    """The known classes of these names (None: all), as the plan holds them."""
    return tuple(PrivacyClass(n, KNOWN_CLASSES[n]) for n in (KNOWN_CLASSES if names is None else names))
