"""Reports: of a verification, for a person (`render_text`) and for a program (`render_json`)."""

from __future__ import annotations

from spanpact.reporting.json_report import parse_json, render_json
from spanpact.reporting.text_report import TextOptions, options_for, render_text, summary_line
from spanpact.reporting.trace_text import render_traces

__all__ = [
    "TextOptions",
    "options_for",
    "parse_json",
    "render_json",
    "render_text",
    "render_traces",
    "summary_line",
]
