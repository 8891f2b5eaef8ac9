"""Halves of surrogate pairs in JSON texts: SDKs for JavaScript that cut a long text leave one behind.

JSON allows such an escape, and no Unicode text can hold it. By protobuf, the same SDKs send U+FFFD in its place.
"""

from __future__ import annotations

import re
from typing import Final

_PAIR: Final = rb"[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_HALF: Final = rb"([dD][89a-fA-F][0-9a-fA-F]{2})"
_ESCAPE: Final = re.compile(rb"\\(?:u(?:%b|%b)|[^u])" % (_PAIR, _HALF), re.DOTALL)
_REPLACEMENT: Final = rb"\ufffd"


def with_whole_characters(data: bytes) -> bytes:
    """Return a JSON text with U+FFFD for each half of a surrogate pair. Its length stays the same."""
    if b"\\" not in data or (b"\\ud" not in data and b"\\uD" not in data):  # almost always; one byte is found fast
        return data
    return _ESCAPE.sub(lambda found: _REPLACEMENT if found[1] else found[0], data)
