"""Secrets masked in texts: e-mail addresses, tokens, cards, credentials, addresses of machines, private keys (S5.3)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

MAX_TEXT: Final = 1024
"""The longest text of one value, in characters."""

_SHORT: Final = 31  # longest text whose result is kept: names of events, loggers and routes come again, ids do not
_AHEAD: Final = 512  # characters read beyond the cut, so that a secret at the cut is still recognized
SECRET_NAME = re.compile(
    r"passw|secret|token|authorization|cookie|credential|api_?key|private_?key|dsn|e_?mail", re.IGNORECASE
)
"""Names of fields whose values are hidden."""
_OCTET = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_HEX = r"[0-9A-Fa-f]{1,4}"
_SECRETS: Final = {
    "private_key": r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----.*",
    "url_credentials": r"(?<=://)[^\s/:@]*:[^\s/@]+@",
    "email": r"(?<![\w.%+\-])[\w.%+\-]+(?:@|%40)[\w\-]+(?:\.[\w\-]+)+",
    "bearer": r"(?i:\bbearer\s+[A-Za-z0-9._~+/\-]{8,}=*)",
    "jwt": r"\beyJ[A-Za-z0-9_\-]{5,}[A-Za-z0-9_.\-]*",
    "card": r"\b[2-6](?:[ -]?\d){12,18}\b",
    "ip": rf"(?<![\w.])(?!127\.|0\.0\.0\.0)(?:{_OCTET}\.){{3}}{_OCTET}(?![\w.])"
    rf"|(?<![\w:])(?=[A-Fa-f:]*\d)(?:(?:{_HEX}:){{7}}{_HEX}|(?:{_HEX}:){{1,6}}(?::{_HEX}){{1,6}})(?![\w:])",
}
"""Each pattern begins at a mark or at the start of a word and reads a bounded part of the text: none is quadratic."""
_SECRET = re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in _SECRETS.items()))
_MARK = re.compile(r"[@%:\d]|eyJ|BEGIN|(?i:bearer)")
"""A text without one of these has no secret: a quick check."""


def clean_text(value: str) -> str:
    """Return the text as one line of printable characters, at most MAX_TEXT of them, with secrets masked."""
    plain = str.__str__(value)  # not the method of a subclass
    return _clean_short(plain) if len(plain) <= _SHORT else _clean(plain)


def _clean(plain: str) -> str:
    seen = plain[: MAX_TEXT + _AHEAD]
    if not seen.isprintable():
        seen = "".join(c if c.isprintable() else " " if c in "\t\r\n" else "?" for c in seen)
    masked = mask(seen)
    whole = len(masked) <= MAX_TEXT and len(plain) <= len(seen)
    return masked if whole else f"{masked[: MAX_TEXT - 1]}…"


_clean_short = lru_cache(512)(_clean)


def mask(line: str) -> str:
    """Return the text with each secret replaced by its class: `‹email›`."""
    if line.isalnum() and not (line.isdecimal() or line.startswith("eyJ")):
        return line  # one word can only be a card or a JWT
    return _SECRET.sub(_masked, line) if _MARK.search(line) else line


def _masked(match: re.Match[str]) -> str:
    found = match.group()
    if match.lastgroup == "card" and not _satisfies_luhn(found):
        return found
    return f"‹{match.lastgroup}›" + ("@" if match.lastgroup == "url_credentials" else "")


def _satisfies_luhn(number: str) -> bool:
    digits = [int(c) for c in reversed(number) if c.isdecimal()]
    return sum(n if place % 2 == 0 else sum(divmod(n * 2, 10)) for place, n in enumerate(digits)) % 10 == 0
