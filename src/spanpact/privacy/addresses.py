"""E-mail and IP addresses: tell them from what is only written like one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from spanpact.privacy.candidates import Candidate, LazyPattern, Range, words
from spanpact.privacy.placeholders import is_placeholder

_LOCAL: Final = r"[A-Za-z0-9._%+'&~\x{80}-\x{10FFFF}-]+"
_HOST: Final = r"[A-Za-z0-9\x{80}-\x{10FFFF}][A-Za-z0-9\x{80}-\x{10FFFF}-]*"
_AT: Final = r"\s{0,2}[\[({<]\s{0,2}(?:at|@)\s{0,2}[\])}>]\s{0,2}"
_DOT: Final = r"(?:\s{0,2}[\[({<]\s{0,2}(?:dot|\.)\s{0,2}[\])}>]\s{0,2}|\.)"
EMAIL: Final = (  # what may go on for long without an @ comes first: a search must not look far ahead for each match
    rf"(?i)[A-Za-z0-9._+-]+[ _]at[ _]{_HOST}(?:[ _]dot[ _]{_HOST})+"
    rf"|(?:{_LOCAL}|\"[^\"\s@]+(?: [^\"\s@]+)?\")@{_HOST}(?:{_DOT}{_HOST})+|{_LOCAL}{_AT}{_HOST}(?:{_DOT}{_HOST})+"
)
_DIVIDER: Final = LazyPattern(r"@|\s{0,2}[\[({<]\s{0,2}(?:at|@)\s{0,2}[\])}>]\s{0,2}|[ _]at[ _]", re.I)
_PARTS: Final = LazyPattern(r"\s{0,2}[\[({<]\s{0,2}(?:dot|\.)\s{0,2}[\])}>]\s{0,2}|[ _]dot[ _]|\.", re.I)
_FILES: Final = words(
    "png jpg jpeg gif webp svg ico avif heic bmp tif tiff css scss less js mjs cjs jsx ts tsx map json jsonl html "
    "htm xml yaml yml toml ini cfg conf txt csv tsv pdf doc docx xls xlsx zip gz tgz tar bz2 xz zst jar war ear whl "
    "egg gem nupkg deb rpm apk dmg exe dll msi bin iso so dylib a o class pyc pyi rb go kt java scala swift cpp hpp "
    "sql db sqlite log bak tmp lock woff woff2 ttf otf eot mp3 mp4 m4a mov avi webm wav ogg pem crt cer csr key p12 "
    "service socket target timer mount automount swap slice scope path device vue svelte wasm proto lua bat ps1 cs "
    "vb fs patch diff raw"
)
_FILES_AND_COUNTRIES: Final = words("md py rs sh pl cc so mov zip app tf")
_INSIDE: Final = words(
    "local internal lan localdomain localhost cluster svc home corp intra intranet private node consul docker "
    "compute pod"
)
_MASKED: Final = ("*", "•", "…", "}", "]", ">", "›")
"""Before an @ or a part of a name they are the end of a placeholder."""
_ACCOUNTS: Final = frozenset({"git", "hg", "svn"})
_DENSITY: Final = LazyPattern(r"(?:\d+(?:\.\d+)?x|v?\d+(?:[.-].*)?)", re.I)
_AUTHORITY: Final = LazyPattern(r"://[^/?#\s\"'<>]*\Z")


def emails(found: Candidate) -> Iterator[Range]:
    """Return the e-mail address that a candidate is."""
    text, start, end = found.text, found.start, found.end
    while start < end and not text[start].isalnum() and text[start] not in '_"' and text[start : start + 2] != "%s":
        start += 1
    while end > start and not text[end - 1].isalnum():
        end -= 1
    local, _, host = _DIVIDER.regex.sub("@", text[start:end], count=1).partition("@")
    labels = [part for part in _PARTS.regex.split(host) if part]
    before = text[max(0, start - 200) : start]
    if before[-1:] in _MASKED or (_AUTHORITY.regex.search(before) and text[end : end + 1] != "@"):
        return
    if len(labels) < 2 or not _is_top_level(labels[-1]):
        return
    if is_placeholder(local) or local.lower().rpartition("+")[2] in _ACCOUNTS or _is_no_host(labels):
        return
    if before.endswith("/") and labels[-1].isupper() and "." in local:  # a Kerberos principal of a service
        return
    yield start, end


def _is_top_level(label: str) -> bool:
    return len(label) > 1 and (label.lower().startswith("xn--") or all(not c.isdigit() and c != "-" for c in label))


def _is_no_host(labels: list[str]) -> bool:
    """Return whether what follows the @ is a file, a version, a unit of systemd or the name of a node."""
    last = labels[-1].lower()
    if last in _INSIDE or "svc" in labels:
        return True
    if last in _FILES and last not in _FILES_AND_COUNTRIES:
        return True
    numbered = _DENSITY.regex.fullmatch(labels[0]) is not None
    return numbered and (last in _FILES_AND_COUNTRIES or labels[0].isdigit() or labels[0][:1] in "vV")


_OCTET: Final = r"(?:25[0-5]|2[0-4]\d|0\d\d|1?\d?\d)"
_POINT: Final = r"(?:\.|\[\.\]|\(\.\)|\[dot\])"
_GROUP: Final = "[0-9A-Fa-f]{1,4}"
IP: Final = rf"{_OCTET}(?:{_POINT}{_OCTET}){{3}}|::|(?:{_GROUP}:){{6}}(?:{_GROUP}:{_GROUP}|\d)|://\d{{8,10}}(?:[/:]|$)"
_RUN: Final = LazyPattern(r"[0-9A-Fa-f:.]*")
_OF_RUNS: Final = "0123456789abcdefABCDEF:."
_LONGEST_RUN: Final = 64
_ZONE: Final = LazyPattern(r"%(?:25)?[A-Za-z][A-Za-z0-9_.-]{0,15}")
_WITHIN: Final = ((0x2000, 0x3FFF), (0xFC00, 0xFDFF), (0xFE80, 0xFEFF), (0xFF00, 0xFFFF), (0x64, 0x64))
"""First groups of addresses that are in use (RFC 4291, 2.4; RFC 4193; RFC 6052)."""

_OF_VERSIONS: Final = words(
    "version versions release build ver v vers section sect chapter § driver schema firmware revision rev kernel "
    "protocol netmask mask oid figure fig table clause paragraph annex appendix article plugin package pkg patch "
    "hotfix update edition assembly runtime framework sdk requires since installed downloading upgraded chrome "
    "chromium firefox edge opera safari msie windows jdk jre java openjdk dotnet oracle netty nuget maven python ruby "
    "node npm pypi headlesschrome kubernetes terraform"
)
"""Words before a number in four parts that is a version, the number of a section, or a mask."""
_LINKS: Final = words("is of to from number was database")
_HOSTS: Final = words(
    "ip ips host hosts addr address peer client clients lookup server tcp udp net network from to src dst source "
    "remote remoteaddr origin ipv4 dns router gateway gw endpoint node user nodes"
)
_OPERATORS: Final = ("==", "~=", "!=", ">=", "<=", "~>", "^", "@v", ".so.", ".dylib.")
_SEPARATORS: Final = " +\t\"'\\:=([{#*_/,-"
_VERSION_AFTER: Final = LazyPattern(
    r"\.(?:\d|jar|war|whl|tgz|tar|zip|deb|rpm|so|dll|nupkg|gem|exe|apk|msi|dylib|final|release|ga|el\d|v\d)"
    r"|-(?:snapshot|alpha|beta|rc|dev|pre|post|\d+(?:ubuntu|deb|\.el|build|~))|\+(?:build|git|g[0-9a-f]{5})|_(?:amd64|arm64)"
    r"|[A-Za-z]|\d",
    re.I,
)
_NO_WORD: Final = LazyPattern(r"[^\w§]|_")
_PRODUCT: Final = LazyPattern(r"(?:^|[\s;(\"',:+])([A-Za-z][\w.+-]*)/\Z")
_UNSPECIFIED: Final = frozenset({"0.0.0.0"})
_ALL_SMALL: Final = LazyPattern(r"\d(?:\.\d){3}")
_NAME_BEFORE: Final = LazyPattern(r"([A-Za-z]\w*)[-/@:]\Z")
_HEADING: Final = LazyPattern(r" [A-Z][a-z]+ ?")


def ips(found: Candidate) -> Iterator[Range]:
    """Return the IP address at a candidate, of either version, in the forms of RFC 4291 (2.2) and RFC 791."""
    text, start, end = found.text, found.start, found.end
    if text.startswith("://", start):
        digits = re.compile(r"\d+").search(text, start)
        if digits and 1 << 24 <= int(digits[0]) < 1 << 32:
            yield digits.span()
        return
    if ":" not in text[start:end]:
        yield from _v4(found)
        return
    before = text[max(0, start - _LONGEST_RUN) : start]
    last = _RUN.regex.match(text, start, start + _LONGEST_RUN)
    assert last is not None
    start, end = start - len(before) + len(before.rstrip(_OF_RUNS)), last.end()
    if end - start < _LONGEST_RUN:
        yield from _v6(text, start, end)


def _v4(found: Candidate) -> Iterator[Range]:
    text, start, end = found.text, found.start, found.end
    value = re.sub(r"\[(?:\.|dot)\]|\(\.\)", ".", text[start:end])
    before, after = text[max(0, start - 48) : start], text[end : end + 12]
    if found.kind == "version" or value in _UNSPECIFIED or _VERSION_AFTER.regex.match(after):
        return
    if any(len(octet) > 1 and octet[0] == "0" and len(octet) < 3 for octet in value.split(".")):
        return
    if before[-3:-2] != "%" and _is_after_a_version_word(before):
        return
    if value.endswith(".0.0") and after[:1] != "/" and not value.startswith(("10.", "127.", "172.", "192.")):
        return
    if _ALL_SMALL.regex.fullmatch(value) and _names_a_version(before, after, start):
        return
    product = _PRODUCT.regex.search(before) if before.endswith("/") else None
    if product and (found.kind == "agent" or product[1].lower() not in _HOSTS):
        return
    if before[len(before.rstrip(_OF_RUNS)) :].count(":") > 1:  # the end of an IPv6 address, found as such
        return
    yield start, end


def _is_after_a_version_word(before: str) -> bool:
    """Return whether the text before four numbers says that they are a version, or part of something longer."""
    if before[-1:].isalnum() or (before[-2:-1].isdigit() and before.endswith(".")):
        return True
    if before.rstrip(" ").endswith(_OPERATORS) or (before.endswith("@") and "pkg:" in before):
        return True
    stem = before.rstrip(_SEPARATORS)
    if not 0 < len(before) - len(stem) < 8:
        return False
    *others, word = _NO_WORD.regex.split(stem.lower())
    if word in _LINKS and others:
        word = others[-1]
    return word in _OF_VERSIONS or word.endswith("version") or (word.startswith("lib") and len(word) > 3)


def _names_a_version(before: str, after: str, start: int) -> bool:
    """Return whether four single digits stand behind a name, or are the number of a heading."""
    name = _NAME_BEFORE.regex.search(before)
    if name:
        return name[1].lower() not in _HOSTS
    return start == 0 and _HEADING.regex.match(after) is not None


def _v6(text: str, start: int, end: int) -> Iterator[Range]:
    while start < end and text[start] == ":" and text[start : start + 2] != "::":
        start += 1
    while end > start and (text[end - 1] == "." or (text[end - 1] == ":" and text[end - 2 : end] != "::")):
        end -= 1
    value = text[start:end]
    before, after = text[max(0, start - 1) : start], text[end : end + 1]
    if before.isalnum() or after.isalnum() or (value.startswith("::") and before in ("]", ")", ">", "$", "'")):
        return
    if not _is_valid_v6(value) or not _is_likely(
        value, bracketed=before == "[" and text[end : end + 2] in ("]:", "]/")
    ):
        return
    zone = _ZONE.regex.match(text, end)
    yield start, zone.end() if zone else end


def _is_valid_v6(value: str) -> bool:
    import ipaddress  # takes long to import, and few texts have anything like an address

    try:
        ipaddress.IPv6Address(value)
    except ValueError:
        return False
    return True


def _is_likely(value: str, *, bracketed: bool) -> bool:
    """Return whether a valid address is meant for one: not a slice, a fingerprint, or a name in C++."""
    groups = [group for group in value.split(":") if group]
    if "::" not in value:
        return any(len(group) != 2 for group in groups)
    if not any(c.isdigit() for c in value):
        return False
    if value == "::1" or len(groups) > 4 or "." in value:
        return True
    if len(groups) > 1 and value.startswith("::"):
        return any(len(group) > 2 for group in groups)
    return (len(groups[0]) > 1 and any(low <= int(groups[0], 16) <= high for low, high in _WITHIN)) or (
        bracketed and len(groups) > 2
    )
