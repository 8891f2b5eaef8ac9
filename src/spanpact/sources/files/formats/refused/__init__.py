"""What is refused by name: `known_json` and `known_bytes` list the formats, `refusals` makes the errors."""

from __future__ import annotations

from spanpact.sources.files.formats.refused.refusals import refusal, unknown

__all__ = ["refusal", "unknown"]
