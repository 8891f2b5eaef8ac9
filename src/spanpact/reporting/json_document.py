"""The parts that all JSON reports share: the version header, places, and how the text is written.

Within one version of a report's shape no field is renamed or removed; new ones may come.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import msgspec

from spanpact import __version__
from spanpact.errors import Place


def versioned(name: str, shape: int, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return a report's document: the version of its shape under `name`, spanpact's version, then the fields."""
    return {name: shape, "spanpact": __version__, **fields}


def json_text(document: Mapping[str, Any]) -> str:
    """Return the document as JSON text in valid UTF-8 that ends with a line break; lone surrogates are escaped."""
    try:  # json indents in Python, which takes longer than judging most traces
        return msgspec.json.format(json.dumps(document, ensure_ascii=False), indent=2) + "\n"
    except (UnicodeEncodeError, msgspec.DecodeError):  # a lone surrogate, or a number that is not finite
        text = json.dumps(document, ensure_ascii=False, indent=2)
        return text.encode("utf-8", "backslashreplace").decode("utf-8") + "\n"


def place_fields(place: Place | None) -> dict[str, Any] | None:
    """Return a place as plain values."""
    return {"file": place.file, "line": place.line, "column": place.column} if place else None
