"""Reports as text for a person and as JSON for a program: one module for each subject and format.

| subject | text | JSON |
|---|---|---|
| a verification or comparison | `report_text` | `report_json` |
| two versions of contracts | `diff_text` | `diff_json` |
| lint | `lint_text` | `lint_json` |
| traces | `trace_tree` | |
| what traces hold, counted | `trace_summary_text` | `trace_summary_json` |
| a finding of a saved report | `explanation_text` | `explanation_json` |
| an error | | `error_json` |

The further formats of a verification are in `formats`, which says how to add one. A new subject has modules here named
`SUBJECT_FORMAT`, each with one function `render_SUBJECT_FORMAT(subject) -> str`. Text formats draw on the `Canvas` of a
`TextOptions` (`text_options`), which escapes and masks what comes from traces; `report_text` puts `sections` together.
JSON formats use `json_document`. What `spanpact listen` shows is in `live`.

May import `findings`, `trace`, `privacy`, and the results of `lint`, `diff`, `explaining` and `listening`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from spanpact.lazy_names import lazy_names

if TYPE_CHECKING:
    from spanpact.reporting.report_json import parse_json, render_json
    from spanpact.reporting.report_text import render_text, summary_line
    from spanpact.reporting.text_options import TextOptions, options_for
    from spanpact.reporting.trace_tree import render_traces

__all__ = [
    "TextOptions",
    "options_for",
    "parse_json",
    "render_json",
    "render_text",
    "render_traces",
    "summary_line",
]

__getattr__ = lazy_names(
    __name__,
    {
        "spanpact.reporting.report_json": ("parse_json", "render_json"),
        "spanpact.reporting.report_text": ("render_text", "summary_line"),
        "spanpact.reporting.text_options": ("TextOptions", "options_for"),
        "spanpact.reporting.trace_tree": ("render_traces",),
    },
)
