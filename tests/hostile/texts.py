"""About 260 hostile texts: what a name or a value may hold to take over a terminal, a page, a log or a file.

Each has a mark of its own behind it, and most have one before it, so that a test finds it again in any output.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Final

from spanpact.reporting.drawing.safe_text import escape_controls

_CONTROLS: Final = [chr(code) for code in (*range(0x20), *range(0x7F, 0xA0))]
_INVISIBLE: Final = list(
    "\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180e\u180f\u200b\u200c\u200d\u200e\u200f\u2028\u2029"
    "\u202a\u202b\u202c\u202d\u202e\u2060\u2061\u2062\u2063\u2064\u2065\u2066\u2067\u2068\u2069\u206a\u206f\u3164\ufe0e"
    "\ufeff\uffa0\ufff9\ufffa\ufffb\U0001d173\U000e0001\U000e0041\U000e007f\U000e0100"
)
_NOT_IN_XML: Final = ["\ufffe", "\uffff", "\ud800", "\udfff"]
_TERMINAL: Final = [
    "\x1b[31m", "\x1b[2J\x1b[H", "\x1b]0;title\x07", "\x1b]8;;http://evil.example\x1b\\", "\x1b]52;c;ZXZpbA==\x07",
    "\x1bP+q544e\x1b\\", "\x1b_evil\x1b\\", "\x9b31m", "\x9d0;title\x9c", "\x1b[?1049h", "\x1b[1A\x1b[2K", "\rover",
    "\b\b\bover", "\x1b[8m", "\x1bc", "\r\n\r\n", "\x0e", "a\u0301\u0302\u0303",
]  # fmt: skip
_COMMANDS_OF_CI: Final = [
    "::error::e", "::add-mask::e", "::stop-commands::e", "::set-output name=a::e", "::error file=a,line=1::e",
    "\n::error::e", "\r::warning::e", "%0A::error::e", "%0D%0A::debug::e", " ::error::e", "::group::e", "::endgroup::",
    "##[error]e", "##[add-mask]e", "##[stop-commands]e", "##[group]e", "##vso[task.setvariable variable=a]e",
    "##teamcity[buildStatus status='SUCCESS']", "section_start:1:a\r\x1b[0K", "a=b,c:d%e",
]  # fmt: skip
_PAGES: Final = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", '"><svg onload=alert(1)>', "</script><script>alert(1)",
    "<!--", "-->", "--", "--!>", "]]>", "<![CDATA[", "&lt;b&gt;", "&#x3c;b&#x3e;", "javascript:alert(1)", "{{7*7}}",
    "${alert(1)}", "</title><b>", "</style><b>", "</pre><b>", "</details><b>", "</textarea><b>", "<base href=//e>",
    "<meta http-equiv=refresh content=0>", "' onmouseover='alert(1)", '" onmouseover="alert(1)',
    "<?xml version='1.0'?>",
    "<!DOCTYPE a [<!ENTITY b 'c'>]>", "&b;", "%3Cscript%3E", "\\u003cscript\\u003e", "<a href='//e'>e</a>", "<",
    ">", "&",
    "'", '"', "\\", "\\\\", '\\"', "`",
]  # fmt: skip
_MARKDOWN: Final = [
    "[e](http://evil.example)", "![e](http://evil.example/p.png)", "<http://evil.example>", "http://evil.example/",
    "www.evil.example", "|", "\\|", "| a | b |", "||", "`|`", "```", "````", "~~~", "``", "# h", "- e", "> e", "1. e",
    "***", "---", "===", "@octocat", "#123", "GH-1", "**b**", "_i_", "~~s~~", "[e]: http://evil.example", "&copy;",
    "<br>", "<details>", "</details>", ":smile:", "- [ ] e", "$x$", "a\n\nb", "a\n```\nb", "\n| a |", "e\\",
]  # fmt: skip
_YAML: Final = [
    "*a", "&a", "!a", "a: b", "a #b", "- a", "? a", "| a", "> a", "% a", "@a", "{a}", "[a]", "{a: b}", "[a, b]", ", a",
    ": a", "--- a", "...", "<<", "~", "null", "true", "no", "0x1", "1e3", ".inf", "-1", "012", "1:30", "=", "*", "\\*",
    " a", "a ", "''", '""', "a\tb", "2026-01-01", "present", "1..2", "1.2.3",
]  # fmt: skip
_OTHERS: Final = [
    "=1+1", "%s%n", "{0}", "$(e)", "`e`", ";e", "'; DROP TABLE e;--", "../../e", "..\\e", "C:e", "a/b", "\\x1b[31m",
    "\\n", "-e", "--format", "~e", "*e?", "e" * 40, "\u540d\u524d", "\U0001f600", "\u0645\u0631", "a\u3000b", "a\xa0b",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Hostile:
    """A text with its marks. `leads`: it is at the beginning, as there it is special; else it has a mark before it."""

    number: int
    text: str
    leads: bool = False

    @property
    def whole(self) -> str:
        """Return the text with its marks: what goes in."""
        return f"{'' if self.leads else f'h{self.number}q'}{self.text}z{self.number}q"

    def harmless(self) -> Hostile:
        """Return a text of letters with the same marks, as wide as this one is when it is escaped."""
        return Hostile(self.number, re.sub(r"[^ ]", "e", escape_controls(self.text)), self.leads)


def _all() -> Iterator[tuple[str, bool]]:
    yield from ((text, False) for text in chain(_CONTROLS, _INVISIBLE, _NOT_IN_XML, _TERMINAL, _PAGES))
    yield from ((text, True) for text in chain(_COMMANDS_OF_CI, _MARKDOWN, _YAML, _OTHERS))


BARE: Final = tuple(dict.fromkeys(text for text, _ in _all()))
"""All texts, without marks."""
TEXTS: Final = tuple(Hostile(number, text, leads) for number, (text, leads) in enumerate(dict(_all()).items()))
"""All texts with their marks."""
