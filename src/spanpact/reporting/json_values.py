"""What every JSON report shares: how its text is written, and how a place of a file shows in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from spanpact.errors import Place


def json_text(document: Mapping[str, Any]) -> str:
    """The document as JSON text in valid UTF-8, ending with a line break; a lone surrogate stays its JSON escape."""
    text = json.dumps(document, ensure_ascii=False, indent=2)
    return text.encode("utf-8", "backslashreplace").decode("utf-8") + "\n"


def place_values(place: Place | None) -> dict[str, Any] | None:
    """The place as plain values."""
    return {"file": place.file, "line": place.line, "column": place.column} if place else None
