"""Find the paths of the keys at the beginning of a JSON text, which may be cut anywhere."""

from __future__ import annotations

import re
from typing import Final

_JSON_START: Final = re.compile(rb'\{\s*(?:"[^"\x00-\x1f]*(?:"\s*(?::|$)|$)|\}|$)|\[\s*(?:[\[{\]]|$)')
_TOKEN: Final = re.compile(rb'"([^"\\]*(?:\\.[^"\\]*)*)"(\s*:)?|[{}\[\]]', re.DOTALL)
_DEEPEST: Final = 5  # keys and lists within one another
_STEPS: Final = {b"{": "", b"[": "[]"}


def is_json(text: bytes) -> bool:
    """Return whether a text without leading blanks begins like a JSON object or list.

    A protobuf message does not: what looks like a brace is a length there, and no key follows it.
    """
    return _JSON_START.match(text) is not None


def json_paths(text: bytes) -> frozenset[str]:
    """Return the paths of all keys up to a depth of five, of all JSON texts that the bytes begin with.

    `[]` stands for a list: `{"data": [{"traceID": "1"}]}` has the paths `data` and `data[].traceID`. None for a text
    that does not begin with a JSON object or list.
    """
    found = set[str]()
    if not is_json(text):
        return frozenset()
    open_paths: list[str] = []  # the paths of the objects and lists that are open
    key = ""
    for token in _TOKEN.finditer(text):
        kind = token[0][:1]
        if kind == b'"':
            if token[2] and len(open_paths) <= _DEEPEST:
                key = _joined(open_paths[-1] if open_paths else "", token[1].decode("utf-8", "replace"))
                found.add(key)
        elif kind in _STEPS:
            outer = open_paths[-1] if open_paths else ""
            open_paths.append((key or outer) + _STEPS[kind])
            key = ""
        elif open_paths:
            open_paths.pop()
            key = ""
    return frozenset(found)


def _joined(outer: str, key: str) -> str:
    return f"{outer}.{key}" if outer else key
