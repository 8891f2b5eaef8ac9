"""The report as one HTML page that works offline: it loads nothing, and only its own script and style are allowed.

Verdict, findings and contracts are HTML, so that they can be read without a script. The script draws the traces, which
are JSON in a `<script>` element that is not run. The policy names script and style by their hash.
"""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from importlib.resources import files
from typing import Final

from spanpact.findings import Report
from spanpact.reporting.drawing.flow_findings import MaskedTraces
from spanpact.reporting.formats.html.data.report_data import report_data
from spanpact.reporting.formats.html.kinds import groups_of_findings
from spanpact.reporting.formats.html.markup import Html, element, text
from spanpact.reporting.formats.html.sections.contracts import contracts_section
from spanpact.reporting.formats.html.sections.findings import findings_section
from spanpact.reporting.formats.html.sections.run import STYLES, banner, run_section, traces_section
from spanpact.reporting.sections.summary import plain_summary
from spanpact.reporting.text_options import TextOptions

STYLE_FILES: Final = ("colours.css", "page.css", "report.css", "trace.css")
SCRIPT_FILES: Final = (
    "elements.js", "amounts.js", "data.js", "rows.js", "virtual_list.js", "address.js", "timeline.js",
    "span_details.js", "waterfall.js", "trace_page.js", "trace_list.js", "report_filter.js", "help.js", "main.js",
)  # fmt: skip
"""Modules of the script, each after those it imports: they are put together into one, as a page loads no others."""
_IMPORT: Final = re.compile(r"^import [^;]*;\n", re.MULTILINE)
_EXPORT: Final = re.compile(r"^export ", re.MULTILINE)


def render(report: Report, options: TextOptions) -> str:
    """Return the page; it ends with a line break."""
    traces = MaskedTraces(report.reading, options.mask)
    groups = groups_of_findings(report, traces)
    data = report_data(report, groups, traces, options)
    summary = plain_summary(report)
    mark, style = STYLES[report.verdict]
    body = element(
        "main",
        banner(report, groups),
        findings_section(groups, data, options),
        contracts_section(report, groups),
        traces_section(report, data),
        run_section(report, options),
        id="report",
    )
    head = [
        Html('<meta charset="utf-8">'),
        Html(f'<meta http-equiv="Content-Security-Policy" content="{text(_policy())}">'),
        Html('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        Html('<meta name="referrer" content="no-referrer">'),
        element("title", text(f"{mark} {summary} · spanpact")),
        Html(f"<style>{style_text()}</style>"),
    ]
    held = Html(f'<script type="application/json" id="data">{data.json}</script>')
    script = Html(f'<script type="module">{script_text()}</script>')
    page = element("html", element("head", *head), element("body", body, held, script), lang="en", class_=style)
    return f"<!doctype html>\n{page}\n"


@cache
def style_text() -> str:
    """Return the style of every page."""
    return "".join(_asset("style", name) for name in STYLE_FILES)


@cache
def script_text() -> str:
    """Return the script of every page: its modules one after the other, without their imports and exports."""
    return "".join(_EXPORT.sub("", _IMPORT.sub("", _asset("script", name))) for name in SCRIPT_FILES)


def _asset(folder: str, name: str) -> str:
    return files(__package__).joinpath(folder, name).read_text(encoding="utf-8")


def _policy() -> str:
    rules = [
        "default-src 'none'",
        f"script-src {_hash(script_text())}",
        f"style-src {_hash(style_text())}",
        "base-uri 'none'",
        "form-action 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    ]
    return "; ".join(rules)


def _hash(content: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"
