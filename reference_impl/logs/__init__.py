"""Structured logs: JSON lines that carry the ids of their trace, without secrets, also sent by OTLP (S5.3)."""

from __future__ import annotations

__all__ = []
