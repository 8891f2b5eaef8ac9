"""The Docker engine of this machine: asked over its socket, started where none answers, and its containers."""

from __future__ import annotations

__all__ = []
