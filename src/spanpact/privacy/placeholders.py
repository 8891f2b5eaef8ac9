"""Recognise what is written in place of a secret: `REDACTED`, `***`, `<token>`, `${TOKEN}`, `‹bearer›`."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

from spanpact.privacy.candidates import LazyPattern, words

_LONGEST: Final = 200
"""Characters of the longest placeholder; anything longer is taken for real."""

_ONE_CHARACTER: Final = LazyPattern(r"([xX])(?:\1|[\s./:_-])+|([*.•●█#?_-])(?:\2|[\s./:_-])*|\W*")
_REMOVED: Final = LazyPattern(r"redacted|filtered|masked|scrubbed|sanitized|anonymi[sz]ed|obfuscated|[*•●█]{3}", re.I)
_TEMPLATE: Final = LazyPattern(
    r"\$\{.*\}|\$\(.*\)|\{+[^{}\"]*\}+|<[^<>]*>|\[[^\[\]\"']*\]|\([^()]*\)|‹.*›|#\{.*\}"
    r"|%\(?\w*\)?[sdvq]|%\w+%|\?+|\$\d+|\$[A-Za-z_]+|:[A-Za-z_]+|@[A-Za-z_]+|__\w+__",
    re.S,
)
_NOTHING: Final = words(
    "null none nil undefined empty unset blank hidden removed omitted deleted suppressed concealed placeholder "
    "unknown missing notset n/a na nan tbd todo anonymous true false yes no on off"
)
_WORD: Final = LazyPattern(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_OF_EXAMPLES: Final = words(
    "your my the a an some this that access refresh auth oauth api app token key secret password passwd pass here "
    "value goes insert enter replace with name user username client id bearer jwt put credential credentials "
    "session example placeholder not set shown"
)


def is_placeholder(text: str) -> bool:
    """Return whether a text is empty or only takes the place of a secret."""
    core = (unquote(text) if "%" in text else text).strip(" \t\r\n\"'`,;\\")
    if len(core) > _LONGEST:
        return False
    return (
        core.lower() in _NOTHING
        or _TEMPLATE.regex.fullmatch(core) is not None
        or _ONE_CHARACTER.regex.fullmatch(core) is not None
        or _REMOVED.regex.search(core) is not None
    )


def is_example(text: str) -> bool:
    """Return whether a text is only words of documentation: `YOUR_ACCESS_TOKEN`, `my-token`, `password`."""
    if len(text) > _LONGEST:
        return False
    words = [word.lower() for word in _WORD.regex.findall(text)]
    return bool(words) and all(word in _OF_EXAMPLES for word in words)
