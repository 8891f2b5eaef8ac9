"""Names of spans that look as if they contained an id, so that there is no end of such names (section 3)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from spanpact.contract.compiled import Content, Entry, Rule
from spanpact.contract.document import quote
from spanpact.errors import Place
from spanpact.lint.linted_contract import LintedContract
from spanpact.lint.messages import LintMessage, lint_message
from spanpact.lint.satisfiability import literals
from spanpact.privacy import PrivacyClass, Scanner
from spanpact.trace.name_patterns import NamePattern

_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_TOKEN: Final = re.compile(r"[0-9A-Za-z]{16,}", re.ASCII)
_HEX: Final = re.compile(r"[0-9a-f]+", re.IGNORECASE)
_ULID: Final = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
_NUMBER: Final = re.compile(r"(?<![0-9A-Za-z.])[0-9]{6,}(?![0-9A-Za-z.])")
_SEGMENT: Final = re.compile(r"/([^/?#\s]+)/([0-9]+)(?=[/?#\s]|$)")
_NO_ID_AFTER: Final = re.compile(r"api|rest|v|version|errors?|status|codes?", re.IGNORECASE)
"""Segments of a path after which a short number is a version or a status code."""
_EMAIL: Final = Scanner([PrivacyClass("email")])
_HINT: Final = (
    "name spans by what they have in common, such as GET /users/{id}, and put the id in an attribute; "
    "where others name them so, write `*` for the id"
)


def check_span_names(contract: LintedContract) -> Iterator[LintMessage]:
    """Yield a message for each span name in one contract, or a fragment of it, that looks as if it held an id."""
    parts: list[Entry | Rule] = [*contract.plan.top.walk(), *contract.plan.rules]
    for part in parts:
        for keyword in ("span", "except_spans", "parents"):
            pattern = getattr(part, keyword, None)
            if isinstance(pattern, NamePattern):
                yield from _of_pattern(pattern, f"`{keyword}` of `{part.id}`", part.places.get(keyword, part.place))
    for id, content in contract.contents:
        yield from _of_content(id, content)


def _of_content(id: str, content: Content) -> Iterator[LintMessage]:
    for link in content.links:
        yield from _of_pattern(link.span, f"`span` of `{link.id}`", link.place)
    for name in (literals(content.name) if content.name else None) or ():
        if isinstance(name, str) and (found := id_in(name)):
            yield _message(name, found, f"`name` of `{id}`", content.places.get("name"))


def _of_pattern(pattern: NamePattern, what: str, place: Place | None) -> Iterator[LintMessage]:
    for text in pattern.texts:
        if found := id_in(text.replace("\\*", " ").replace("*", " ")):
            yield _message(text, found, what, place)


def _message(name: str, id: str, what: str, place: Place | None) -> LintMessage:
    message = f"{what} has an id in the name {quote(name)}: {quote(id)}"
    return lint_message("name-with-id", message, hint=_HINT, place=place)


def id_in(name: str) -> str:
    """Return the part of a name that looks like an id, "" for none: a UUID, a long token or number, an address."""
    if found := _UUID.search(name):
        return found[0]
    for token in _TOKEN.findall(name):
        digits = sum(map(str.isdigit, token))
        if digits and (_HEX.fullmatch(token) or (digits > 2 and _ULID.fullmatch(token))):
            return str(token)
    for segment, number in _SEGMENT.findall(name):
        if len(number) > 3 or not _NO_ID_AFTER.fullmatch(segment):
            return str(number)
    if found := _NUMBER.search(name):
        return found[0]
    address = next(iter(_EMAIL.scan(name)), None)
    return name[address.start : address.end] if address else ""
