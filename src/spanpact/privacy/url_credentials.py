"""User and password, or a token, in front of the host of a URL or of a data source name (RFC 3986, 3.2.1)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from spanpact.privacy.candidates import Candidate, LazyPattern, Range
from spanpact.privacy.placeholders import is_example, is_placeholder

URL_CREDENTIALS: Final = (
    r"://[^\s@]+@|(?:^|[\s\"'=(,>])//[^\s@/]+:[^\s@/]+@"
    r"|[\w.+-]+:[^\s@:/\"',;{}]+@(?:(?:tcp|unix|udp)\(|[A-Za-z0-9.-]+:\d{2,5}/)"
    r"|(?i:thin|oci8?|oracle):[\w.$*-]+/[^\s@/]+@"
)
_LONGEST: Final = 1024
_SCHEME: Final = LazyPattern(r"[A-Za-z][A-Za-z0-9+.-]{0,40}\Z")
_TEXT: Final = LazyPattern(r"[^\s\"'`]*")
_AUTHORITY: Final = LazyPattern(r"[^/?#]*")
_PORT: Final = LazyPattern(r":\d{0,5}\Z")
_HOST: Final = LazyPattern(r"@(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?(?:[,/?#]|$)")
_LONG_TOKEN: Final = LazyPattern(
    r"(?=.*\d)(?=.*[A-Za-z])[A-Za-z0-9._~+=-]{16,}|gh[a-z]_.+|glpat-.+|[A-Za-z0-9+/=_-]{32,}"
)
_TEMPLATED: Final = LazyPattern(r"[${<%‹]")


def url_credentials(found: Candidate) -> Iterator[Range]:
    """Return the scheme and the credentials of the URL at a candidate, up to the `@` before its host."""
    text, start, end = found.text, found.start, found.end
    if text.startswith("://", start):
        scheme = _SCHEME.regex.search(text, max(0, start - 41), start)
        if scheme is None:
            return
        first = start + 3
        last = _end_of_userinfo(text, first)
        if last and _is_secret(text[first:last]):
            yield scheme.start(), last + 1
        return
    if "//" in text[start : start + 3] and ":" in text[start:end]:  # a URL without its scheme
        start = text.index("//", start)
        if _is_secret(text[start + 2 : end - 1]):
            yield start, end
        return
    end = text.index("@", start) + 1
    if re.match(r"(?i:thin|oci8?|oracle):", text[start:end]):
        start = text.index(":", start) + 1
        if _is_secret(text[start : end - 1].replace("/", ":", 1)):
            yield start, end
    elif _is_start(text[max(0, start - 1) : start]) and _is_secret(text[start : end - 1]):
        yield start, end


def _is_start(before: str) -> bool:
    return not before.isalnum() and before not in ("/", "@")


def _end_of_userinfo(text: str, first: int) -> int | None:
    """Return the position of the last @ before the host. A password may hold what should have been encoded."""
    whole = _TEXT.regex.match(text, first, first + _LONGEST)
    assert whole is not None
    authority = _AUTHORITY.regex.match(whole[0])
    assert authority is not None
    at = authority[0].rfind("@")
    if at >= 0:
        return first + at
    if ":" not in authority[0] or authority[0].startswith("[") or _PORT.regex.search(authority[0]):
        return None
    hosts = [m.start() for m in _HOST.regex.finditer(whole[0])]
    return first + hosts[-1] if hosts else None


def _is_secret(userinfo: str) -> bool:
    user, colon, password = userinfo.partition(":")
    if not colon:
        return bool(_LONG_TOKEN.regex.fullmatch(user)) and not is_placeholder(user) and not is_example(user)
    if is_placeholder(password):
        return False
    words = is_example(password) and re.search(r"[_-]|^[A-Z]+$", password) is not None
    return not words and not (_TEMPLATED.regex.match(password) and _is_template(password))


def _is_template(password: str) -> bool:
    return re.fullmatch(r"\$\{.*|\$\(.*|\{.*\}|<.*>|%\(?\w*\)?[sdv]|\$[A-Z_]+|‹.*›", password) is not None
