"""What the export of spans takes without loss, and whether sampling keeps its rate."""

from __future__ import annotations

__all__ = []
