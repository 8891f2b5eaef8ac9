"""The patterns of the screen of texts, as far as the core reads them as RE2 does."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from spanpact.verification.shapes.alike_texts import AlikeTexts

_PLAIN_SYNTAX: Final = re.compile(
    r"""(?:
        [A-Za-z0-9_\ =:/@,;\#%!'"-]                        # a character that stands for itself
        | \\[dDwWsS.+*?()\[\]{}|/-] | \\[bB](?!\{)          # a class of characters, an escaped sign, a border of a word
        | \[\^?(?:[A-Za-z0-9_.:/+@=,;\#%!\ ]|\\[dDwWsS.\-\]]|-(?!-))+\]
        | [.*+?|^$] | \{\d+(?:,\d*)?\}                      # repetitions, alternatives, both ends
        | \((?:\?:|\?i:|\?i\)|(?!\?)) | \)                  # groups, and letters in any case
    )*""",
    re.VERBOSE,
)


def patterns_of(alike: AlikeTexts) -> Sequence[str]:
    """Return the patterns that fit no clean text; none, by which nothing is clean, where one may mean something else.

    In ASCII both engines read nearly all patterns alike. Rust's also knows `[a&&b]`, `[a--b]`, `[[a]b]`, `\\<` and
    `\\b{start}`. spanpact's own patterns have nothing of the kind; those of a contract must be of plain syntax.
    """
    own = (each.pattern for each in alike.scanner.classes if each.pattern)
    return alike.screen.patterns if all(map(_PLAIN_SYNTAX.fullmatch, own)) else ()
