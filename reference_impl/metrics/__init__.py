"""Metrics: counted for every call, sampled or not, and scraped by Prometheus with exemplars (S4.4)."""

from __future__ import annotations

__all__ = []
