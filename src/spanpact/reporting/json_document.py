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
from spanpact.unsafe_text import CI_MARK, UNSAFE


def versioned(name: str, shape: int, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return a report's document: the version of its shape under `name`, spanpact's version, then the fields."""
    return {name: shape, "spanpact": __version__, **fields}


def json_text(document: Mapping[str, Any]) -> str:
    """Return the document as JSON text in valid UTF-8 that ends with a line break.

    Control, invisible and direction-changing characters are escaped, as JSON is shown on terminals too; so are lone
    surrogates.
    """
    try:  # json indents in Python, which takes longer than judging most traces
        text = msgspec.json.format(json.dumps(document, ensure_ascii=False), indent=2)
    except (UnicodeEncodeError, msgspec.DecodeError):  # a lone surrogate, or a number that is not finite
        text = json.dumps(document, ensure_ascii=False, indent=2)
    return f"{escape_in_json(text)}\n"


def escape_in_json(text: str) -> str:
    """Return a JSON text in which what a terminal or a runner of CI could obey is escaped; a parser reads the same."""
    if "##" in text:
        text = CI_MARK.sub(r"\\u0023", text)
    if text.isascii() and "\x7f" not in text:
        return text
    return UNSAFE.sub(lambda match: "\n" if match.group() == "\n" else json.dumps(match.group()).strip('"'), text)


def place_fields(place: Place | None) -> dict[str, Any] | None:
    """Return a place as plain values."""
    return {"file": place.file, "line": place.line, "column": place.column} if place else None
