"""The docstring of the package lists every report format, so that the path says where to add one."""

from __future__ import annotations

import re
from pathlib import Path

import spanpact.reporting
from spanpact.diff import diff_contracts
from spanpact.lint import LintReport
from spanpact.reporting import TextOptions
from spanpact.reporting.diff_text import render_diff_text
from spanpact.reporting.lint_text import lint_summary_line, render_lint_text

FOLDER = Path(spanpact.reporting.__file__).parent


def test_docstring_lists_every_format() -> None:
    listed = set(
        re.findall(r"`((?:report|diff|lint|trace|explanation|error)_[a-z_]+)`", spanpact.reporting.__doc__ or "")
    )
    assert listed == {file.stem for file in FOLDER.glob("*.py") if "\ndef render_" in file.read_text(encoding="utf-8")}


def test_formats_have_default_options() -> None:
    assert render_lint_text(LintReport(())) == f"{lint_summary_line(LintReport(()))}\n" == "clean: 0 contracts\n"
    diff = diff_contracts([], [])
    assert render_diff_text(diff) == render_diff_text(diff, TextOptions(colour=False))
