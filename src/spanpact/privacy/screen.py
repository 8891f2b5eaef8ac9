"""Tell from the bytes of a text, before it is decoded, that no privacy class is in it.

Most texts that never come twice, such as the ids of requests, are plain: nothing in them is written in another way, and
no class has its trigger there. `Scanner` finds nothing in such a text, because it looks at views of a text only where
something is encoded, and for a class only where its trigger fits. So this screen asks for the same triggers, of the
bytes. Whatever it does not know is not clean: control characters and all beyond ASCII, and backslashes, by which JSON
writes any character. A clean text is the same in JSON between its quotes, in protobuf, and decoded.

What the name of an attribute says of its value is no part of this: under the name of a secret every text is one
(`Scanner.may_leak`).
"""

from __future__ import annotations

from collections.abc import Iterable

from spanpact.privacy.classes import PrivacyClass
from spanpact.privacy.scanner import Finder, alternatives

_NOT_PLAIN = bytes(range(0x20)) + b"\\" + bytes(range(0x7F, 0x100))


class TextScreen:
    """A screen for texts in which some classes are searched; `patterns` are those that fit no clean text (RE2)."""

    __slots__ = ("_finder", "_own", "patterns")

    def __init__(self, classes: Iterable[PrivacyClass]) -> None:
        chosen = list(dict.fromkeys(classes))
        own = tuple(each.pattern for each in chosen if each.pattern)
        self._finder = Finder.of(tuple(each.name for each in chosen if not each.pattern))
        self._own = alternatives(own) if own else None
        self.patterns = (*self._finder.patterns, *own)

    def is_clean(self, text: bytes) -> bool:
        """Return whether surely no class is in the text. False says nothing."""
        return (
            len(text.translate(None, _NOT_PLAIN)) == len(text)
            and not self._finder.fits_bytes(text)
            and not (self._own and self._own.search(text))
        )
