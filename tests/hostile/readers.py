"""Read each format back, as what shows it would: which texts are in it, and what is structure.

The structure of a report on hostile texts must be that of the same report on harmless ones.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from xml.etree import ElementTree

from markdown_it import MarkdownIt
from markdown_it.token import Token

from tests.reporting.formats.html.pages import read_page

Structure = Counter[str]
_MARK: Final = re.compile(r"[hz]\d+q")
_GITHUB: Final = re.compile(r"::(error|warning|notice) ((?:[a-z]+=[^,:]*)(?:,[a-z]+=[^,:]*)*)::(.*)")
_ANYWHERE: Final = re.compile(r"##(?=\[|vso\[|teamcity\[)")
"""What a runner of GitHub, Azure or TeamCity obeys anywhere in a line."""
_UNSEEN: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\ufe0e\uffa0\U000e0100")
"""Characters without a glyph that Unicode counts as letters and marks."""


def obeyed(text: str) -> set[str]:
    """Return the characters of a text that a terminal obeys, or that nobody sees."""
    kinds = ("Cc", "Cf", "Cs", "Zl", "Zp")
    return {each for each in set(text) if each in _UNSEEN or unicodedata.category(each) in kinds} - {"\n"}


def commands_of_ci(text: str) -> list[str]:
    """Return the lines of which a runner takes something for a command, when it sees them on standard output."""
    return [line for line in text.split("\n") if line.lstrip().startswith("::") or _ANYWHERE.search(line)]


def read_text(text: str) -> Structure:
    """Return the number of lines."""
    assert commands_of_ci(text) == []
    return Counter(lines=text.count("\n"))


def read_json(text: str) -> Structure:
    """Return how often each path of keys occurs. Keys are our own."""
    assert commands_of_ci(text) == []
    return Counter(_paths(json.loads(text), ""))


def _paths(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _paths(each, f"{path}.{key}")
    elif isinstance(value, list):
        for each in value:
            yield from _paths(each, f"{path}[]")
    else:
        yield f"{path} {type(value).__name__}"


def read_junit(text: str) -> Structure:
    """Return the number of elements with each set of attributes."""
    assert commands_of_ci(text) == []
    root = ElementTree.fromstring(text.encode("utf-8"))
    return Counter(f"{each.tag} {sorted(each.keys())}" for each in root.iter())


def read_github(text: str) -> Structure:
    """Return the number of commands with each set of properties; the last line is none."""
    *lines, _last = text.splitlines()
    found: Structure = Counter()
    for line in lines:
        match = _GITHUB.fullmatch(line)
        assert match, line
        found[f"{match[1]} {[each.partition('=')[0] for each in match[2].split(',')]}"] += 1
    return found


def read_markdown(text: str) -> Structure:
    """Return the number of elements of each kind; a hostile text is in code only."""
    tokens = list(_flat(MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)))
    outside = [each.content for each in tokens if each.type not in ("code_inline", "fence", "inline")]
    assert [each for each in outside if _MARK.search(each)] == []
    return Counter(f"{each.type} {each.tag}" for each in tokens)


def _flat(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _flat(token.children or [])


def read_html(text: str) -> Structure:
    """Return the number of elements with each set of attributes; a hostile text is in no script and no style."""
    page = read_page(text)
    assert [kind for kind, raw in page.raw if kind != "application/json" and _MARK.search(raw)] == []
    assert not any((has.get("href") or "").startswith("javascript") for _, has in page.elements)
    json.dumps(page.data)
    return Counter(f"{tag} {sorted(has)}" for tag, has in page.elements)


READERS: Final[Mapping[str, Callable[[str], Structure]]] = {
    "text": read_text,
    "json": read_json,
    "sarif": read_json,
    "junit": read_junit,
    "github": read_github,
    "markdown": read_markdown,
    "html": read_html,
}
"""The reader of each format, by its name in `--format`."""


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _strings(each)


def _seen_in_json(text: str) -> str:
    return "\n".join(_strings(json.loads(text)))


SEEN: Final[Mapping[str, Callable[[str], str]]] = {
    "text": str,
    "json": _seen_in_json,
    "sarif": _seen_in_json,
    "junit": lambda text: "".join(ElementTree.fromstring(text.encode("utf-8")).itertext()),
}
"""What a reader of a format sees, without the escapes of the format."""
