"""Decoded readings of a text, each with the positions of its characters in the text as it is (section 8).

A value may be written in other ways than plainly: percent-encoded, with escapes of JSON or HTML, in full-width digits,
in base64, split over the members of a list. Every function here takes time linear in the length of the text.
"""

from __future__ import annotations

import base64
import binascii
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal, TypeAlias

from spanpact.privacy.candidates import LazyPattern

_LEVELS: Final = 3
"""How often one text is decoded: an escape within an escape within an escape."""

Step: TypeAlias = tuple[int, int, int, int]
"""Characters `a` to `b` of a view take the place of characters `c` to `d` of the text below it."""


Origin: TypeAlias = Literal["escapes", "guess", "members"]
"""How a view came about: from escapes, by a guess at what a text may be, or from the members of lists as one text."""


@dataclass(frozen=True, slots=True)
class View:
    """A reading of a text. `below` is the view that it was decoded from, None for the text as it is."""

    text: str
    below: View | None = None
    steps: Sequence[Step] = ()
    origin: Origin = "escapes"

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Return the range of the text as it is that a range of this view comes from."""
        view: View | None = self
        while view is not None and view.below is not None:
            start, end = view._below(start)[0], view._below(end - 1)[1]
            view = view.below
        return start, end

    def _below(self, position: int) -> tuple[int, int]:
        number = bisect_right(self.steps, (position, len(self.text) + 1)) - 1
        if number < 0:
            return position, position + 1
        _, end, below_start, below_end = self.steps[number]
        if position < end:
            return below_start, below_end
        return below_end + position - end, below_end + position - end + 1

    def joints(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Yield the ranges of this view that separate members of a list within a range of it."""
        for first, last, _, _ in self.steps[bisect_right(self.steps, (start, len(self.text) + 1)) :]:
            if last >= end:
                return
            yield first, last


_ESCAPE: Final = LazyPattern(
    r"(?:%[89A-Fa-f][0-9A-Fa-f])+|%[0-7][0-9A-Fa-f]|%u[0-9A-Fa-f]{4}"
    r"|\\{1,8}(?:u\{?[0-9A-Fa-f]{4}\}?|x[0-9A-Fa-f]{2}|[nrtfb/\"'])"
    r"|&(?:\#\d{1,7}|\#[xX][0-9A-Fa-f]{1,6}|[A-Za-z]{2,10});"
    r"|[^\x00-\x7f]"
)
_CONTROLS: Final = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "b": "\b"}
_INVISIBLE: Final = frozenset("\u00ad\u034f\u061c\u200b\u200c\u200d\u200e\u200f\u2060\u2061\u2062\u2063\u2064\ufeff")
_DASHES: Final = frozenset("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u00b7\ufe58\ufe63\uff0d")


def views_of(text: str) -> Iterator[View]:
    """Return the views of a text, the text as it is first. Those that would add nothing are left out."""
    chain = _chain(View(text))
    yield from chain
    last = chain[-1]
    for separator in ("", " "):
        if (joint := _lists_joined(last, separator)) is not None:
            yield joint
    if "+" in last.text and (spaced := _step(last, _PLUS, lambda _: " ")):
        yield spaced
    if (plain := _unpacked(last)) is not None:
        yield from _chain(plain)
    if _SOFT_BREAK.regex.search(text) and (printed := _step(chain[0], _QUOTED_PRINTABLE, _printed)):
        yield printed


def _chain(view: View) -> Sequence[View]:
    chain = [view]
    while len(chain) <= _LEVELS and (after := _step(chain[-1], _ESCAPE, _unescaped, "escapes")):
        chain.append(after)
    return chain


def _step(
    view: View, pattern: LazyPattern, replace: Callable[[str], str | None], origin: Origin = "guess"
) -> View | None:
    """Return the view in which every match is replaced, None if that changes nothing."""
    parts: list[str] = []
    steps: list[Step] = []
    length = position = 0
    for match in pattern.regex.finditer(view.text):
        new = replace(match[0])
        if new is None:
            continue
        start, end = match.span()
        parts += (view.text[position:start], new)
        length += start - position
        steps.append((length, length + len(new), start, end))
        length += len(new)
        position = end
    return View("".join([*parts, view.text[position:]]), view, steps, origin) if steps else None


def _unescaped(escape: str) -> str | None:
    first = escape[0]
    if first == "%":
        return chr(int(escape[2:], 16)) if escape[1] == "u" else _of_bytes(bytes.fromhex(escape.replace("%", "")))
    if first == "\\":
        return _of_json(escape.lstrip("\\"))
    if first == "&":
        import html  # its table of names takes long

        character = html.unescape(escape)
        return None if character == escape else character
    return _plain(escape)


def _of_bytes(data: bytes) -> str | None:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def _of_json(escape: str) -> str:
    kind = escape[0]
    if kind in _CONTROLS:
        return _CONTROLS[kind]
    if kind not in "ux":
        return kind
    number = int(escape[1:].strip("{}"), 16)
    return "?" if 0xD800 <= number < 0xE000 else chr(number)


@lru_cache(4096)
def _plain(character: str) -> str | None:
    """Return what a character beyond ASCII stands for in ASCII; None if it is only itself."""
    if character in _INVISIBLE:
        return ""
    if character in _DASHES:
        return "-"
    if character in "\u3002\uff61":
        return "."
    digit = unicodedata.digit(character, None)
    if digit is not None:
        return str(digit)
    if unicodedata.category(character) == "Zs":
        return " "
    normal = unicodedata.normalize("NFKC", character)
    return normal if normal != character and normal.isascii() else None


_PLUS: Final = LazyPattern(r"(?<=[\w%:=.,'\")-])\+(?=[\w%'\"(])")
SOFT_BREAK: Final = r"=(?:\r?\n|3D|0D=0A|[C-F][0-9A-F]=[89AB])|[A-Za-z0-9]=40[A-Za-z]"
"""Only quoted-printable (RFC 2045, 6.7) has this: `page=40` is none."""
_SOFT_BREAK: Final = LazyPattern(SOFT_BREAK)
_QUOTED_PRINTABLE: Final = LazyPattern(r"=\r?\n|(?:=[0-9A-F]{2})+")


def _printed(escape: str) -> str | None:
    return "" if escape[1] in "\r\n" else _of_bytes(bytes.fromhex(escape.replace("=", "")))


_STRING: Final = r'"(?:[^"\\\[\]{}]|\\.)*"'
_LIST: Final = LazyPattern(rf"\[\s*{_STRING}(?:\s*,\s*{_STRING})+\s*\]")
_BETWEEN: Final = LazyPattern(r'"\s*,\s*"')


def _lists_joined(view: View, separator: str) -> View | None:
    """Return the view in which the members of JSON lists of texts are one text."""
    if '"' not in view.text or "[" not in view.text:
        return None
    spans = [match.span() for match in _LIST.regex.finditer(view.text)]
    steps: list[Step] = []
    parts: list[str] = []
    length = position = 0
    for start, end in spans:
        for match in _BETWEEN.regex.finditer(view.text, start, end):
            parts += (view.text[position : match.start()], separator)
            length += match.start() - position
            steps.append((length, length + len(separator), *match.span()))
            length += len(separator)
            position = match.end()
    return View("".join([*parts, view.text[position:]]), view, steps, origin="members") if steps else None


def joined(members: Sequence[str]) -> Iterator[View]:
    """Yield views of the members of a list as one text: without anything between them, and with spaces."""
    for separator in ("", " "):
        steps: list[Step] = []
        length = 0
        for member in members[:-1]:
            length += len(member)
            steps.append((length, length + len(separator), 0, 0))
            length += len(separator)
        yield View(separator.join(members), None, steps, "members")


_FIRST: Final = "[I-Za-f]"  # of four characters of base64 that are three characters of printable ASCII
_SECOND: Final = "[CDEFGHSTUVWXijklmnyz0123]"
_THIRD: Final = "[AEIMQUYcgkosw048BFJNRVZdhlptx159]"
_ANY: Final = "[A-Za-z0-9+/_-]"
BASE64: Final = rf"(?:{_FIRST}{_SECOND}{_THIRD}{_ANY}){{2}}{_ANY}{{3,}}={{0,2}}"
"""Base64 of a text that begins with six characters of ASCII; one random text of two hundred looks so."""
HEXADECIMAL: Final = r"[2-7][0-9A-Fa-f](?:[2-7][0-9A-Fa-f]|0[9aAdD]){9,}"
_PACKED: Final = LazyPattern(
    rf"(?<![A-Za-z0-9+/_-])(?:{_ANY}{{60,76}}\r?\n)+{_ANY}+={{0,2}}|(?<![A-Za-z0-9]){HEXADECIMAL}(?![A-Za-z0-9])"
    rf"|(?<![A-Za-z0-9+/_-]){BASE64}(?![A-Za-z0-9+/_=-])"
)


def _unpacked(view: View) -> View | None:
    return _step(view, _PACKED, unpacked)


def unpacked(text: str) -> str | None:
    """Return the printable text that is written in base64 or hexadecimal; None if there is none."""
    digits = "".join(text.split())
    try:
        data = bytes.fromhex(digits)
    except ValueError:
        digits = digits.rstrip("=").replace("-", "+").replace("_", "/")
        try:
            data = base64.b64decode(digits + "=" * (-len(digits) % 4), validate=True)
        except (binascii.Error, ValueError):
            return None
    try:
        plain = data.decode()
    except UnicodeDecodeError:
        return None
    return f"\n{plain}\n" if all(c.isprintable() or c in "\r\n\t" for c in plain) else None
