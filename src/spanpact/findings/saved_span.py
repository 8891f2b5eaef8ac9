"""A span that a finding is about, as a saved report holds it: its texts are masked, its values are texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SavedSpan:
    """A span without events and links.

    `service` and `language` (of the SDK, such as `nodejs`) are "" where the resource does not name them. `start_ns`
    counts from the Unix epoch; `duration_ns` is None for a span that never ended. `attributes` are names and values, as
    the text report writes a value.
    """

    trace_id: str
    span_id: str
    parent_id: str
    name: str
    service: str
    language: str
    kind: str
    status: str
    status_message: str
    start_ns: int
    duration_ns: int | None
    attributes: Sequence[tuple[str, str]] = ()
