"""Benchmarks of the export of spans and of sampling."""

from __future__ import annotations

__all__ = []
