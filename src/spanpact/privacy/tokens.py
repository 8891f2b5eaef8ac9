"""Tokens and keys that are secret by themselves: JSON Web Tokens, bearer tokens, private keys."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from spanpact.privacy.candidates import Candidate, LazyPattern, Range, words
from spanpact.privacy.placeholders import is_example, is_placeholder

_PART: Final = "[A-Za-z0-9_-]"
JWT: Final = rf"eyJ{_PART}{{5,}}\.{_PART}*(?:\.{_PART}*){{0,3}}"


def jwts(found: Candidate) -> Iterator[Range]:
    """Return the JSON Web Token (RFC 7519), signed, unsigned or encrypted, at a candidate."""
    text, start, end = found.text, found.start, found.end
    header, payload, *others = text[start:end].split(".")
    if text[max(0, start - 1) : start].isalnum():
        return
    encrypted = len(others) == 3 and len(others[1]) > 7
    detached = payload in ("", "e30") and len(others) == 1 and len(others[0]) > 7
    if detached and header.startswith("eyJ"):
        yield start, end
        return
    signed = len(payload) > 4 and (payload.startswith("ey") or bool(others))
    if encrypted or (signed and (others or header.startswith(("eyJhbGci", "eyJ0eXAi", "eyJraWQi")))):
        yield start, end if text[end - 1] != "." or len(others) < 2 else end - 1


BEARER: Final = r"(?i)bearer[\"']?[\s:=+,]{1,4}[\"'\[(]?[A-Za-z0-9._~+/!|-]{4,}=*"
_BEARER: Final = LazyPattern(r"(bearer)([\"']?[\s:=+,]{1,4}[\"'\[(]?)(.+)", re.I | re.S)
_AUTHORIZATION: Final = LazyPattern(r"authorization[\"']?\s{0,2}[:=]\s{0,2}[\"'\[]{0,2}\Z", re.I)
_PROSE: Final = words(
    "token tokens auth authentication authorization authenticate authorized unauthorized scheme schemes based only "
    "credential credentials header headers required missing invalid challenge realm error errors type format flow "
    "grant expired failed handler filter expected not found was is are the and or of for with bearer jwt oauth "
    "access security unsupported exception provider method mode value string this letter should present here ok "
    "none methods supported uri auth2 oauth2 malformed revoked used rotated"
)
_WORD: Final = LazyPattern(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_LIKE_A_WORD: Final = LazyPattern(r"(?=.*[aeiouy])[a-z]{3,14}")
_SHORTEST: Final = 8


def bearers(found: Candidate) -> Iterator[Range]:
    """Return the bearer token (RFC 6750) at a candidate; prose about bearers is none."""
    text, start, end = found.text, found.start, found.end
    parts = _BEARER.regex.match(text[start:end])
    if parts is None or text[max(0, start - 1) : start].isalnum():
        return
    token = parts[3].rstrip(".!|")
    end -= len(parts[3]) - len(token)
    if is_placeholder(token) or is_example(token):
        return
    if re.fullmatch(r"[A-Za-z_]+=+", token) and end < len(text):  # a parameter of a challenge: `Bearer realm="shop"`
        return
    named = found.kind == "secret" or _AUTHORIZATION.regex.search(text[max(0, start - 24) : start]) is not None
    pieces = [word.lower() for word in _WORD.regex.findall(token)]
    if all(word in _PROSE for word in pieces):
        return
    if all(_LIKE_A_WORD.regex.fullmatch(word) for word in re.split("[-_./+]", token)) and not named:
        return
    plain = parts[2].isspace() or "+" in parts[2]
    looks = re.search(r"[0-9._~+/=!|-]|.[A-Z]", token) is not None and (plain or re.search(r"\d", token) is not None)
    if named or (len(token) >= _SHORTEST and looks):
        yield start, end


_DASHES: Final = r"-{4,5} ?"
_NAME: Final = r"[A-Z0-9 +_]{0,40}PRIVATE[ +_]KEY(?:[ +_]BLOCK)?"
PRIVATE_KEY: Final = (
    rf"(?i:{_DASHES}(?:BEGIN|END)[ +_]{_NAME} ?-{{4,5}})|PuTTY-User-Key-File-\d: |<RSAKeyValue>"
    r"|MII[A-Za-z0-9+/]{3}IBA(?:DANBgkqhkiG9w0BAQEFA|AK[BC])|MC4CAQAwBQYDK2VwBCIEI|MI[GH][A-Za-z0-9]AgEAMBMGByqGSM49|MHcCAQEEI|b3BlbnNzaC1rZXktdj"
)
_MARK: Final = LazyPattern(rf"(?P<end>{_DASHES}END[ +_]{_NAME} ?-{{4,5}}|</RSAKeyValue>)|{_DASHES}BEGIN", re.I)
_BETWEEN: Final = r"(?:\s|\\{1,4}[nrt]|[\"',+>])*"
_LINES: Final = LazyPattern(
    rf"(?:{_BETWEEN}(?:[A-Za-z-]+: [^\n\\]{{0,100}}(?:\n|\\{{1,4}}n)|[A-Za-z0-9+/]{{16,}}={{0,2}}"
    rf"|(?=[A-Za-z0-9+/]*[0-9A-Z+/])[A-Za-z0-9+/]{{10,}}={{0,2}}|[A-Za-z0-9+/]{{1,15}}={{1,2}}))*"
)
_LINE: Final = LazyPattern(r"[A-Za-z0-9+/=]{16,}")
_OF_LINES: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\\ \t\r\n"
_FAR: Final = 1 << 14
_REMOVED: Final = LazyPattern(r"redacted|filtered|masked|removed|omitted|\*{3}|xxxx", re.I)


def private_keys(found: Candidate) -> Iterator[Range]:
    """Return the private key at a candidate, up to its END line, or to the end of the base64 text where that is cut."""
    text, start, end = found.text, found.start, found.end
    if re.match(r"-{4,5} ?END", text[start:end], re.I):
        before = text[max(0, start - _FAR) : start]
        body = before[len(before.rstrip(_OF_LINES)) :]
        if line := _LINE.regex.search(body):
            yield start - len(body) + line.start(), end
        return
    mark = _MARK.regex.search(text, end, end + _FAR) if text[start] in "-<" else None
    if mark and mark["end"]:
        body = text[end : mark.start()]
        if not (len(body) < 80 and _REMOVED.regex.search(body)):
            yield start, mark.end()
        return
    lines = _LINES.regex.match(text, end)
    yield start, lines.end() if lines else end
