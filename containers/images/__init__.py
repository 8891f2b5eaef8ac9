"""The images of the backends: named, pinned, pulled or made on this machine."""

from __future__ import annotations

__all__ = []
