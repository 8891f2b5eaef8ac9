"""The formats of a verification's report: one module each, imported when a report is written in it.

To add a format: write a module here with `render(report, options) -> str`, name it in `FORMATS`, and describe it in
docs/cli.md with its stability.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from spanpact.findings import Report
    from spanpact.reporting.text_options import TextOptions

FORMATS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "text": ("spanpact.reporting.report_text", "render_text"),
        "json": ("spanpact.reporting.report_json", "render"),
        "junit": ("spanpact.reporting.formats.junit", "render"),
        "sarif": ("spanpact.reporting.formats.sarif", "render"),
        "github": ("spanpact.reporting.formats.github", "render"),
        "markdown": ("spanpact.reporting.formats.markdown", "render"),
        "html": ("spanpact.reporting.formats.html.page", "render"),
    }
)
"""The module and function of each format, by its name in `--format`."""


def render_report(name: str, report: Report, options: TextOptions) -> str:
    """Return the report in the format of this name; it ends with a line break."""
    module, function = FORMATS[name]
    text: str = getattr(import_module(module), function)(report, options)
    return text
