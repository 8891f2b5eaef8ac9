"""Pages with one entry for each rule: fixed headings, an example, and what spanpact prints for it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tests.docs.pages import Block, blocks, page

MANDATORY = ("What it checks", "Why it matters", "Example", "How to fix")
OPTIONAL = ("Options",)
_ENTRY = re.compile(r"^### `([a-z-]+)`\n(.*?)(?=^#{2,3} |\Z)", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^\*\*([A-Z][a-z ]+):\*\*", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Rule:
    """One entry of a page: its id, the line below it, and the text under each heading, in the page's order."""

    id: str
    summary: str
    parts: Mapping[str, str]

    @property
    def blocks(self) -> list[Block]:
        """The blocks of code of the example."""
        return list(blocks(self.parts.get("Example", "")))

    @property
    def why(self) -> str:
        """Why it matters, on one line."""
        return " ".join(self.parts.get("Why it matters", "").split())


def rules(name: str) -> list[Rule]:
    """Read the entries of a page in docs/, from its top."""
    return [_rule(id, body) for id, body in _ENTRY.findall(page(name))]


def headings_missing(rule: Rule) -> list[str]:
    """Return the mandatory headings that the entry lacks or leaves empty."""
    return [heading for heading in MANDATORY if not rule.parts.get(heading)]


def misplaced(rule: Rule) -> list[str]:
    """Return the headings that are unknown, repeated or out of order."""
    known = [heading for heading in (*MANDATORY, *OPTIONAL) if heading in rule.parts]
    return [] if list(rule.parts) == known else list(rule.parts)


def sentences(text: str) -> int:
    """Count the sentences of a text."""
    return len(re.findall(r"[.?!](?=\s+[A-Z`(]|\s*\Z)", text))


def _rule(id: str, body: str) -> Rule:
    summary, *rest = _HEADING.split(body)
    parts: dict[str, str] = {}
    for heading, text in zip(rest[::2], rest[1::2], strict=True):
        name = heading if heading not in parts else f"{heading} (again)"
        parts[name] = text.strip()
    return Rule(id, summary.strip(), parts)
