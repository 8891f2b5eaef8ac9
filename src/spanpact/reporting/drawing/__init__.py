"""Drawing on a terminal: trees of spans, findings under their spans, and text that is safe to print.

`safe_text` and `canvas` know only text, `value_text` and `span_tree` draw traces, `flow_findings`, `finding_lines` and
`flow_tree` draw findings. May import `findings`, `trace` and `privacy`.
"""

from __future__ import annotations

from spanpact.reporting.drawing.canvas import Canvas
from spanpact.reporting.drawing.safe_text import clip, escape_controls
from spanpact.reporting.drawing.span_tree import Node, draw, outline

__all__ = ["Canvas", "Node", "clip", "draw", "escape_controls", "outline"]
