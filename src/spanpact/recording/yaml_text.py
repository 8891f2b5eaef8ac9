"""Write a proposed contract as YAML that people edit: short mappings on one line, and a comment behind each clause."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from spanpact.unsafe_text import CI_MARK, UNSAFE

_PLAIN: Final = re.compile(r"[A-Za-z_/][A-Za-z0-9_./+-]*(?: [A-Za-z0-9_./+-]+)*")
_NAMED_VALUES: Final = frozenset(["true", "false", "null", "yes", "no", "on", "off", "y", "n"])
_PARAGRAPHS: Final = ("span:", "every:", "levels:", "examples:")  # an empty line before each
_WIDTH: Final = 110  # characters of a mapping on one line
_COMMENTS_AT: Final = 60  # the column of comments
_NOT_IN_YAML: Final = re.compile(r"[^\x20-\x7e\xa1-\ud7ff\ue000-\ufefe\uff00-\uffef\U00010000-\U0010ffff]")
_ESCAPED: Final = (_NOT_IN_YAML, UNSAFE, CI_MARK)


class Block(dict[str, Any]):
    """A mapping of the file. `notes` are the comments of its keys; plain dicts and lists are written on one line."""

    def __init__(self, items: Mapping[str, Any] | None = None) -> None:
        super().__init__(items or {})
        self.notes: dict[str, str] = {}

    def put(self, key: str, value: Any, note: str = "") -> None:
        """Set a key and its comment."""
        self[key] = value
        if note:
            self.notes[key] = note


def yaml_text(block: Block) -> str:
    """Return the text of a contract, with a line feed at its end. Empty mappings in it are left out."""
    lines = _lines(block, "")
    return "".join(f"\n{line}\n" if line.startswith(_PARAGRAPHS) else f"{line}\n" for line in lines)


def _lines(mapping: Mapping[str, Any], indent: str) -> Iterator[str]:
    notes = mapping.notes if isinstance(mapping, Block) else {}
    for key, value in mapping.items():
        if isinstance(value, Block) and not value:
            continue
        yield from _value_lines(f"{indent}{scalar_text(key)}:", value, notes.get(key, ""), indent)


def _value_lines(start: str, value: Any, note: str, indent: str) -> Iterator[str]:
    """Yield a value behind `start`: on its line, or below it if it is long or has comments of its own."""
    line = f"{start} {inline_text(value)}"
    if isinstance(value, Mapping) and value and (_is_noted(value) or len(line) > _WIDTH):
        yield _noted(start, note)
        yield from _lines(value, f"{indent}  ")
    elif isinstance(value, list) and len(line) > _WIDTH and any(isinstance(each, Mapping) for each in value):
        yield _noted(start, note)
        for item in value:
            yield from _item_lines(item, f"{indent}  ")
    else:
        yield _noted(line, note)


def _item_lines(item: Any, indent: str) -> Iterator[str]:
    line = f"{indent}- {inline_text(item)}"
    if not isinstance(item, Mapping) or len(line) <= _WIDTH:
        yield line
        return
    first, *others = _lines(item, f"{indent}  ")
    yield f"{indent}- {first.lstrip()}"
    yield from others


def _is_noted(value: Any) -> bool:
    """Return whether a key in a mapping, or below it, has a comment."""
    if not isinstance(value, Block):
        return False
    return bool(value.notes) or any(map(_is_noted, value.values()))


def _noted(line: str, note: str) -> str:
    return f"{line.ljust(_COMMENTS_AT)}  # {note}" if note else line


def inline_text(value: Any) -> str:
    """Return a value on one line."""
    if isinstance(value, Mapping):
        return (
            "{"
            + ", ".join(
                f"{scalar_text(key)}: {inline_text(each)}" for key, each in value.items() if not _is_empty(each)
            )
            + "}"
        )
    if isinstance(value, list):
        return "[" + ", ".join(map(inline_text, value)) + "]"
    return scalar_text(value)


def _is_empty(value: Any) -> bool:
    return isinstance(value, Block) and not value


def scalar_text(value: Any) -> str:
    """Return a scalar, quoted only where YAML would read something else."""
    if not isinstance(value, str):
        return json.dumps(value)
    if re.fullmatch(r"\d+\.\.\d*|\d+\.\d+\.\d+", value):
        return value
    if _PLAIN.fullmatch(value) and value.lower() not in _NAMED_VALUES:
        return value
    if any(each.search(value) for each in _ESCAPED):
        quoted = json.dumps(value, ensure_ascii=False)
        for each in _ESCAPED:
            quoted = each.sub(lambda match: f"\\U{ord(match[0]):08x}", quoted)
        return quoted
    return "'" + value.replace("'", "''") + "'"
