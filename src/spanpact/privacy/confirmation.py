"""Confirm a pattern's match by checksums and surroundings, which a regular expression cannot express."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

_FRACTION_BEFORE, _FRACTION_AFTER = re.compile(r"\d\.$"), re.compile(r"^\.\d")
_UUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


def is_confirmed(name: str, text: str, start: int, end: int) -> bool:
    """Return whether `text[start:end]`, found by the pattern of class `name`, is a value of that class."""
    confirm = _CONFIRMATIONS.get(name)
    return confirm is None or confirm(text, start, end)


def _is_card(text: str, start: int, end: int) -> bool:
    fraction = _FRACTION_BEFORE.search(text[max(0, start - 2) : start])
    in_uuid = any(m.start() <= start < m.end() for m in _UUID.finditer(text))
    return not fraction and not in_uuid and _satisfies_luhn(text[start:end])


def _is_address(text: str, start: int, end: int) -> bool:
    """Return whether a match is an address, not part of a dotted number (1.3.6.1.4.1) or of a name (`Cafe::add`)."""
    before, after, found = text[max(0, start - 2) : start], text[end : end + 2], text[start:end]
    if ":" not in found:
        return not _FRACTION_BEFORE.search(before) and not _FRACTION_AFTER.search(after)
    named = found.startswith("::") and re.search(r"[\w>]$", before)
    return not named and before != "::" and after != "::" and any(c.isdigit() for c in found)


def _satisfies_luhn(text: str) -> bool:
    digits = [int(c) for c in text if c.isdigit()]
    doubled = [d * 2 - 9 * (d > 4) for d in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


_CONFIRMATIONS: Mapping[str, Callable[[str, int, int], bool]] = {"card": _is_card, "ip": _is_address}
