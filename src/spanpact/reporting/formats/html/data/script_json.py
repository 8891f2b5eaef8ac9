"""JSON that can be inside of a `<script>` element: no text in it can end the element or begin a comment."""

from __future__ import annotations

import json

_ESCAPES = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026"}


def script_json(value: object) -> str:
    """Return plain values as JSON on one line, without `<`, `>` and `&`."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).translate(_ESCAPES)
