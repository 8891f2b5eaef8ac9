"""Drawing for terminals: trees of spans, findings under their spans, and text that is safe to print."""

from __future__ import annotations

from spanpact.reporting.drawing.safe_text import Canvas, clip, safe
from spanpact.reporting.drawing.tree import Node, draw, outline

__all__ = ["Canvas", "Node", "clip", "draw", "outline", "safe"]
