"""The core's screen of texts: its patterns, as far as the core reads them as RE2 does, and numbers of bank accounts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from spanpact.privacy import KNOWN_CLASSES
from spanpact.privacy.payment_numbers import IBAN_LENGTHS
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


def screen_of(module: Any, alike: AlikeTexts) -> Any:
    """Return the screen that calls no text clean in which a class of `alike` may be; `module` is that of the core.

    The trigger of account numbers fits one id in a hundred, so the core checks what the scanner checks of them.
    """
    patterns, trigger = patterns_of(alike), KNOWN_CLASSES["iban"].trigger
    ibans = {country.encode(): length for country, length in IBAN_LENGTHS.items()} if trigger in patterns else {}
    return module.Screen([each for each in patterns if each != trigger], ibans, alike.longest)


def patterns_of(alike: AlikeTexts) -> Sequence[str]:
    """Return the patterns of which none fits a clean text; none, so that no text is clean, where one may differ.

    In ASCII both engines read nearly all patterns alike. Rust's also knows `[a&&b]`, `[a--b]`, `[[a]b]`, `\\<` and
    `\\b{start}`. spanpact's own patterns have nothing of the kind; those of a contract must be of plain syntax.
    """
    own = (each.pattern for each in alike.scanner.classes if each.pattern)
    return alike.screen.patterns if all(map(_PLAIN_SYNTAX.fullmatch, own)) else ()
