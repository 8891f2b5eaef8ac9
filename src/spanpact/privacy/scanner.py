"""Find and mask values of privacy classes in texts, in time linear in their length, whatever the patterns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import zip_longest
from typing import Any, Final, NamedTuple, Protocol

import re2

from spanpact.byte_budget import ByteBudget
from spanpact.privacy.candidates import Candidate, Kind, Range, any_of
from spanpact.privacy.classes import KNOWN_CLASSES, PrivacyClass, known_classes
from spanpact.privacy.secret_values import cookies, kind_of_name, secret_value
from spanpact.privacy.views import BASE64, HEXADECIMAL, SOFT_BREAK, View, joined, views_of

_QUIET: Final = re2.Options()
_QUIET.log_errors = False

_MOST_REMEMBERED: Final = 1 << 20  # bytes of the texts that a scanner saw last

_NUMBERS: Final = range(10**12, 10**19)
"""Numbers that may be those of a payment card, the only class that is sent as a number."""

_KINDS_OF_SECRETS: Final = ("secret", "cookie")
"""What the names of attributes may say of their values that makes a leak of a text in which nothing else is one."""

_ENCODED: Final = (
    r"[^\x00-\x7F]|%[0-9A-Fa-fu][0-9A-Fa-f]|\\[nrtfbux/\"'\\]|&[#A-Za-z][0-9A-Za-z]{1,9};"
    rf"|{SOFT_BREAK}|[\w%:=.,'\")-]\+[\w%'\"(]|\[\s*\"[^\"\[]*\"\s*,\s*\"|(?:^|[^A-Za-z0-9+/_-]){BASE64}|(?:^|[^A-Za-z0-9]){HEXADECIMAL}(?:$|[^A-Za-z0-9])"
)
"""Where this is in a text, it has views (`views_of`)."""


class Leak(NamedTuple):
    """A class found in a text, and where: characters `start` (included) to `end` (excluded)."""

    name: str
    start: int
    end: int


class Mask(Protocol):
    """A function that masks a text, which is the value of an attribute of this name ("" for any other text)."""

    def __call__(self, text: str, attribute: str = "", /) -> str:
        """Return the text with every value of a privacy class replaced by the class."""


class Scanner:
    """Finds and masks a fixed set of classes; remembers the short texts that it saw last."""

    __slots__ = ("_budget", "_known", "_names", "_own", "_own_any", "_seen", "classes")

    def __init__(self, classes: Iterable[PrivacyClass]) -> None:
        chosen = list(dict.fromkeys(classes))
        self.classes = tuple(chosen)
        self._names = tuple(dict.fromkeys(each.name for each in chosen))
        self._known = Finder.of(tuple(each.name for each in chosen if not each.pattern))
        self._own = [(each.name, re2.compile(each.pattern)) for each in chosen if each.pattern]
        # One pass says "nothing here" for almost every text; only then is each class searched by itself.
        self._own_any = alternatives([each.pattern for each in chosen if each.pattern])
        self._seen: dict[str | tuple[str, str], Sequence[Leak]] = {}
        self._budget = ByteBudget(_MOST_REMEMBERED)

    def may_leak(self, texts: Sequence[str], attribute: str = "") -> bool:
        """Return whether `scan` may find something in any of some texts, the values of an attribute of this name.

        That is false for almost all texts. One pass over all of them is cheaper than `scan` on each.
        """
        if attribute and kind_of(attribute) in _KINDS_OF_SECRETS:
            return True
        return self._known.fits("\n".join(texts)) or bool(self._own and any(map(self._own_any.search, texts)))

    def scan(self, text: str, attribute: str = "") -> Sequence[Leak]:
        """Return every leak in a text, the value of an attribute of this name, by class and then by position."""
        kind = kind_of(attribute) if attribute else ""
        key = (kind, text) if kind else text
        found = self._seen.get(key)
        if found is None:
            found = self._scan(text, kind)
            if self._budget.takes(len(text)):
                if self._budget.is_spent:
                    self._seen.clear()
                    self._budget.renew()
                self._budget.spend(len(text))
                self._seen[key] = found
        return found

    def scan_joined(self, members: Sequence[str], attribute: str = "") -> Sequence[Leak]:
        """Return the classes that are in no member of a list, but in the members as one text."""
        if not self.may_leak(("".join(members), " ".join(members))):
            return ()
        alone = {leak.name for member in members for leak in self.scan(member, attribute)}
        found: dict[Leak, None] = {}
        for view in joined(members):
            for leak in self.scan(view.text):
                if leak.name not in alone and _is_in_parts(view, leak):
                    found[leak] = None
        return list(found)

    def mask(self, text: str, attribute: str = "") -> str:
        """Return the text with every leak replaced by its class: `session:‹email›`."""
        leaks = self.scan(text, attribute)
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

    def _scan(self, text: str, kind: Kind) -> Sequence[Leak]:
        text = text if text.isascii() else _searchable(text)
        encoded, suspects = self._known.suspects(text)
        is_named = kind in _KINDS_OF_SECRETS
        if not encoded and not suspects and not is_named and not (self._own and self._own_any.search(text)):
            return ()
        ranges: dict[str, set[Range]] = {}
        views = list(views_of(text)) if encoded else [View(text)]
        for view, following in zip_longest(views, views[1:]):
            if view.below is not None:
                suspects = self._known.suspects(view.text)[1]
            if following is not None and following.origin == "escapes" and following.below is view:
                suspects = ()  # what is written in escapes is meant as it is decoded
            for leak in self._found(view, suspects, kind):
                known, found = ranges.setdefault(leak.name, set()), view.original(leak.start, leak.end)
                if view.origin != "members" or (_is_in_parts(view, leak) and not _overlaps(known, found)):
                    known.add(found)
        return [Leak(name, *each) for name in self._names for each in _united(ranges.get(name, ()))]

    def _found(self, view: View, suspects: Sequence[str], kind: Kind) -> Iterator[Leak]:
        text = view.text
        for name in suspects:
            known = KNOWN_CLASSES[name]
            done = 0
            for match in _compiled(known.pattern).finditer(text):
                if match.start() < done:  # within a value that was found already
                    continue
                for start, done in known.confirm(Candidate(text, match.start(), match.end(), kind)):
                    yield Leak(name, start, done)
        if kind in _KINDS_OF_SECRETS and "secret_pair" in self._known.names and view.below is None:
            values = secret_value(text) if kind == "secret" else cookies(text, 0, len(text))
            for start, end in values:
                yield Leak("secret_pair", start, end)
        for name, pattern in self._own:
            for match in pattern.finditer(text):
                if match.start() < match.end():
                    yield Leak(name, *match.span())


class Finder:
    """Tells in one pass which known classes may be in a text, and whether something in it is encoded."""

    __slots__ = ("_set", "names", "patterns")

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names
        self.patterns = (_ENCODED, *(KNOWN_CLASSES[name].trigger for name in names))
        options = re2.Options()
        options.max_mem = 1 << 26
        self._set = re2.Set.SearchSet(options)
        for pattern in self.patterns:
            self._set.Add(pattern)
        self._set.Compile()

    @staticmethod
    @lru_cache(64)
    def of(names: tuple[str, ...]) -> Finder:
        """Return the finder of these classes; all scanners of the same classes share it."""
        return Finder(names)

    def fits(self, text: str) -> bool:
        """Return whether `suspects` has anything to say about a text, or any of its lines."""
        try:
            return bool(self._set.Match(text.encode()))
        except UnicodeEncodeError:  # a lone surrogate
            return True

    def fits_bytes(self, text: bytes) -> bool:
        """Return the same for a text of ASCII."""
        return bool(self._set.Match(text))

    def suspects(self, text: str) -> tuple[bool, Sequence[str]]:
        """Return whether something is encoded, and the classes that a candidate is there of, in their order."""
        found = self._set.Match(text)
        if not found:
            return False, ()
        return 0 in found, [self.names[i - 1] for i in sorted(found) if i]


def mask(text: str, attribute: str = "") -> str:
    """Return the text with every value of a known class masked."""
    return _known().mask(text, attribute)


def number_text(number: int | float) -> str:
    """Return the digits of a number that may be that of a payment card, "" for any other.

    Exporters turn whole numbers into doubles.
    """
    if isinstance(number, float):
        if not number.is_integer():
            return ""
        number = int(number)
    return str(number) if abs(number) in _NUMBERS else ""


@lru_cache(1)
def _known() -> Scanner:
    return Scanner(known_classes())


_compiled = lru_cache(64)(re2.compile)
kind_of = lru_cache(4096)(kind_of_name)


_GLUED: Final = frozenset({"jwt", "api_key", "private_key", "card", "iban"})
"""Known classes whose values may be cut between any two characters; the parts of others are cut next to a sign."""


def _is_in_parts(view: View, leak: Leak) -> bool:
    """Return whether a leak is one of several members of a list together, and not of two words that were glued."""
    text, start, end = view.text, leak.start, leak.end
    joints = list(view.joints(start - 2 if leak.name == "secret_pair" else start, end))  # its name is before it
    if not joints or joints[0][0] < joints[0][1] or leak.name in _GLUED or leak.name not in KNOWN_CLASSES:
        return bool(joints)
    if text[max(0, start - 1) : start] in ("", '"') and text[end : end + 1] in ("", '"'):  # it is all of the list
        return True
    return not any(text[first - 1].isalpha() and text[first].isalpha() for first, _ in joints)


def _overlaps(ranges: Iterable[Range], other: Range) -> bool:
    return any(start < other[1] and other[0] < end for start, end in ranges)


def _united(ranges: Iterable[Range]) -> Iterator[Range]:
    """Return ranges in order, those that overlap as one."""
    start = end = -1
    for a, b in sorted(ranges):
        if a < end:
            end = max(end, b)
            continue
        if end >= 0:
            yield start, end
        start, end = a, b
    if end >= 0:
        yield start, end


def _searchable(text: str) -> str:
    """Return a text that RE2 takes: UTF-8 only. A lone surrogate becomes `?`, which keeps every position."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text


def alternatives(patterns: Sequence[str]) -> Any:
    """Return one pattern for all, or for anything where all together are too large for RE2."""
    try:
        return re2.compile(any_of(patterns) or r"[^\s\S]", _QUIET)
    except re2.error:
        return re2.compile("")
