"""Find the patterns of span names: what varies in many names, such as the id in `GET /users/123`, becomes `*`."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Final

from spanpact.privacy import mask
from spanpact.trace.name_patterns import NamePattern

MANY_NAMES: Final = 8
"""So many names that differ in one part only are one kind of span, whose part varies."""

_PARTS: Final = re.compile(r"[^/ .:_\-?=&#@,;|()\[\]{}]+|.", re.DOTALL)
_ID: Final = re.compile(r"\d+|(?=[a-fA-F]*\d)[0-9a-fA-F]{8,}")
_LONG_ID: Final = re.compile(
    r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|(?<![0-9A-Za-z])(?:\d{4,}|(?=[a-fA-F]*\d)[0-9a-fA-F]{16,})(?![0-9A-Za-z])"
)
_WILD: Final = "\0"  # stands for `*` until the rest is escaped
_LONGEST: Final = 200  # characters of a pattern
_MOST_PARTS: Final = 12  # of a name; what varies further back is not found


class NameKinds:
    """The pattern of each name among `counts`: names with the number of their spans."""

    def __init__(self, counts: Mapping[str, int]) -> None:
        templates = {name: _template(name) for name in counts}
        self._varying_ids(templates)
        self._varying_parts(templates, counts)
        texts = {name: _text(template) for name, template in templates.items()}
        patterns = [NamePattern((text,)) for text in sorted(set(texts.values()), key=len) if "*" in text]
        wild = [pattern for pattern in patterns if not pattern.literal]
        self._texts = {
            name: next((pattern.texts[0] for pattern in wild if pattern.fits(name)), text)
            for name, text in texts.items()
        }

    def __getitem__(self, name: str) -> str:
        """Return the pattern of one of the names, as a contract writes it; "" for a name that tells nothing."""
        return self._texts[name]

    @staticmethod
    def _varying_ids(templates: dict[str, str]) -> None:
        """Let numbers vary in names that are equal but for them."""
        alike: dict[str, list[str]] = defaultdict(list)
        for name, template in templates.items():
            alike["".join(_WILD if _ID.fullmatch(part) else part for part in _PARTS.findall(template))].append(name)
        for template, names in alike.items():
            if len(names) > 1:
                templates.update(dict.fromkeys(names, template))

    @staticmethod
    def _varying_parts(templates: dict[str, str], counts: Mapping[str, int]) -> None:
        """Let a part vary if many names differ in it alone, and most of them are seldom."""
        alike: dict[tuple[str, ...], set[str]] = defaultdict(set)
        for template in set(templates.values()):
            parts = _PARTS.findall(template)
            if len(parts) == 1:
                continue
            for at, part in enumerate(parts[: 2 * _MOST_PARTS]):
                if part[0].isalnum():
                    alike[(*parts[:at], _WILD, *parts[at + 1 :])].add(template)
        spans: dict[str, int] = defaultdict(int)
        for name, template in templates.items():
            spans[template] += counts[name]
        for wider, found in alike.items():
            seldom = sum(spans[each] <= 2 for each in found)
            if len(found) >= MANY_NAMES and 2 * seldom >= len(found):
                templates.update({name: "".join(wider) for name, template in templates.items() if template in found})


def _template(name: str) -> str:
    """Return the name with what is an id or private in it as a wildcard."""
    text = _LONG_ID.sub(_WILD, name.replace(_WILD, " "))
    return _WILD.join(re.split("‹[a-z_]+›", masked)) if (masked := mask(text)) != text else text


def _text(template: str) -> str:
    """Return a template as a pattern of the contract language."""
    pieces = template.split(_WILD)
    if len(template) > _LONGEST or not all(piece.isprintable() for piece in pieces):
        pieces = [pieces[0][: _LONGEST // 2] if pieces[0][: _LONGEST // 2].isprintable() else "", ""]
    text = re.sub(r"(?<!\\)\*\*+", "*", "*".join(map(literal_pattern, pieces)))
    return "" if text == "*" else text


def is_constant(name: str) -> bool:
    """Return whether a name has no id in it and nothing private, so that it can be written down."""
    return bool(name) and _text(_template(name)) == literal_pattern(name)


def literal_pattern(name: str) -> str:
    """Return the pattern that only this name matches."""
    return name.replace("*", r"\*")
