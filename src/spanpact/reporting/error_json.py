"""An error as JSON, for programs that read reports; `spanpact schema error` describes the shape."""

from __future__ import annotations

from typing import Any, Final

from spanpact.errors import CacheError, ContractError, SourceError, SpanpactError
from spanpact.reporting.json_document import json_text, place_fields, versioned

SHAPE: Final = 1
"""The version of the shape, under the key `spanpact_error`."""
_KINDS: Final = {ContractError: "contract", SourceError: "source", CacheError: "internal"}


def render_error_json(error: SpanpactError) -> str:
    """Return the error as JSON text, with the further ones in the same contract file."""
    kind = next((kind for each, kind in _KINDS.items() if isinstance(error, each)), "usage")
    others = error.others if isinstance(error, ContractError) else ()
    return _document(kind, error.exit_code, [_fields(each) for each in (error, *others)])


def render_internal_error_json(message: str) -> str:
    """Return a fault of spanpact itself as JSON text; the message is masked by the caller."""
    return _document("internal", 3, [{"message": message, "hint": "", "place": None}])


def _document(kind: str, exit_code: int, errors: list[dict[str, Any]]) -> str:
    return json_text(versioned("spanpact_error", SHAPE, {"exit_code": exit_code, "kind": kind, "errors": errors}))


def _fields(error: SpanpactError) -> dict[str, Any]:
    place = error.place if isinstance(error, ContractError) else None
    return {"message": error.message, "hint": error.hint, "place": place_fields(place)}
