"""Read the ids of OTLP JSON, which are hexadecimal, or base64 where protobuf's own JSON mapping wrote them."""

from __future__ import annotations

import base64
from typing import Final

_HEX: Final = frozenset("0123456789abcdef")
_STANDARD_BASE64: Final = {ord("-"): "+", ord("_"): "/"}
_ID_BYTES: Final = (16, 8)


def normalize_id(text: str) -> str:
    """Return an id in lower case, one in base64 as hexadecimal; any other text as sent, for a check to judge.

    The forms are distinguished by their length: base64, as protobuf's own JSON mapping writes it, has 24 or 12
    characters for the 16 or 8 bytes of an id.
    """
    if len(text) & 15 and text.endswith("="):  # hexadecimal ids have 32 or 16 characters
        return _from_base64(text)
    lower = text.lower()
    return lower if lower == text or _HEX.issuperset(lower) else text


def _from_base64(text: str) -> str:
    try:
        data = base64.b64decode(text.translate(_STANDARD_BASE64), validate=True)
    except ValueError:
        return text
    return data.hex() if len(data) in _ID_BYTES else text
