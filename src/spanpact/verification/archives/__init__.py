"""Verify archives: as a stream in the order in which they were written, or grouped by shape in SQL (ADR 0063)."""

from __future__ import annotations
