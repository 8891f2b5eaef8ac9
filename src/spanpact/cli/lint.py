"""`spanpact lint`: what is wrong with contracts, as far as it shows without traces of an implementation."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from spanpact.cli.common import Parser, for_output
from spanpact.cli.output import check_writable, print_text, write_file
from spanpact.lint import LintReport, lint
from spanpact.reporting import TextOptions
from spanpact.reporting.drawing.safe_text import safe
from spanpact.reporting.lint_report import lint_json, lint_summary, lint_text


def parser() -> Parser:
    """The options of `spanpact lint`."""
    made = Parser("lint", "Says what is wrong with contracts and their examples, without traces of an implementation.")
    made.add_argument("contracts", nargs="+", metavar="CONTRACTS", help="contract files, or folders of them")
    made.add_argument("--format", choices=("text", "json"), default="text", help="how to report (default: text)")
    made.add_argument("--output", metavar="FILE", help="write the report into FILE; standard output gets one line")
    return made


def run(arguments: Sequence[str]) -> int:
    """Lints and reports; gives the exit code."""
    given = parser().parse_intermixed_args(arguments)
    into = given.output if given.output != "-" else None
    if into:
        check_writable(Path(into))
    report = lint(given.contracts)
    options = for_output(TextOptions())
    text = lint_json(report) if given.format == "json" else _text(report, TextOptions() if into else options)
    if into:
        write_file(into, text.encode("utf-8", "backslashreplace"))
        text = f"{lint_summary(report, options.canvas)} (report in {safe(into)})\n"
    print_text(text, sys.stdout)
    return report.exit_code


def _text(report: LintReport, options: TextOptions) -> str:
    return lint_text(report, options.canvas)
