"""Tempo: its query API. `source` is the source, `spec` parses `tempo:URL?…`."""

from __future__ import annotations

from spanpact.sources.tempo.source import TempoSource

__all__ = ["TempoSource"]
