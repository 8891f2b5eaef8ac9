"""Write a report to standard output and to files, in the formats of `--format`.

The reports are imported when one is written, so that `--help` and wrong usage are answered at once.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from spanpact.cli.arguments.trace_links import trace_url
from spanpact.cli.output import append_to_file, check_writable, print_text, save_file
from spanpact.errors import UsageError

STEP_SUMMARY_VARIABLE = "GITHUB_STEP_SUMMARY"
"""The environment variable with the file that GitHub Actions shows as the summary of a step."""

if TYPE_CHECKING:
    from spanpact.contract.compiled import ContractPlan
    from spanpact.findings import Report
    from spanpact.reporting import TextOptions


def check_output_files(given: argparse.Namespace, *files: str | None) -> None:
    """Raise `UsageError` if a report's file, or one of the others, cannot be written, or if two are one file.

    `-` and None are standard output.
    """
    named = [file for file in (given.output, *given.format_files, *files) if file and file != "-"]
    for file in named:
        if named.count(file) > 1:
            raise UsageError(f"two outputs in {file}", hint="name another file for one of them")
        check_writable(Path(file))


def terminal_columns() -> int:
    """Return the width of the terminal in columns."""
    import shutil

    return shutil.get_terminal_size().columns


def text_options(arguments: argparse.Namespace, plans: Sequence[ContractPlan] = ()) -> TextOptions:
    """Return the options of a text report; the privacy classes of the contracts are masked too."""
    from spanpact.privacy import Scanner, known_classes
    from spanpact.reporting import TextOptions

    scanner = Scanner((*known_classes(), *(each for plan in plans for each in plan.classes)))
    return TextOptions(
        everything=arguments.all,
        coverage=getattr(arguments, "coverage", False),
        mask=scanner.mask,
        trace_url=trace_url(arguments),
    )


def for_standard_output(options: TextOptions) -> TextOptions:
    """Return the options adapted to standard output: width, colour and character set."""
    from spanpact.reporting import options_for

    return options_for(sys.stdout, os.environ, columns=terminal_columns, base=options)


def write_rendered(
    arguments: argparse.Namespace,
    options: TextOptions,
    *,
    render: Callable[[str, TextOptions], str],
    summary: Callable[[TextOptions], str],
) -> None:
    """Write a report as `--format` and `--output` say.

    `render` returns the report in the format of a name, `summary` its last line. A report whose file cannot be written
    is on standard output instead. Raises `UsageError` after that if a file cannot be written.
    """
    from spanpact.reporting.drawing.safe_text import escape_controls

    if arguments.format == "github" and (step := os.environ.get(STEP_SUMMARY_VARIABLE)):
        append_to_file(step, _encode(render("markdown", options)))
    failed = write_files(arguments, options, render)
    name = arguments.format or "text"
    file = arguments.output if arguments.output != "-" else ""
    on_screen = for_standard_output(options)
    text = render(name, on_screen if name == "text" and not file else options)
    if file and (error := save_file(file, lambda: _encode(text))):
        failed = failed or error
    elif file:
        text = f"{summary(on_screen)} (report in {escape_controls(file)})\n"
    print_text(text, sys.stdout)
    if failed:
        raise failed


def write_files(
    arguments: argparse.Namespace, options: TextOptions, render: Callable[[str, TextOptions], str]
) -> UsageError | None:
    """Write the reports that `--format NAME=FILE` asks for; return the error of the first that cannot be written."""
    failed: UsageError | None = None
    for file, name in arguments.format_files.items():
        text = render(name, options)
        failed = save_file(file, partial(_encode, text)) or failed
    return failed


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")


def write_report(
    report: Report, arguments: argparse.Namespace, plans: Sequence[ContractPlan], *, brief: bool = False
) -> None:
    """Write the report of a verification or a comparison as the arguments say.

    With `brief`, a text report on standard output is its summary line only. Raises `UsageError` if a file cannot be
    written.
    """
    from spanpact.reporting import summary_line
    from spanpact.reporting.formats import render_report

    def render(name: str, options: TextOptions) -> str:
        text = render_report(name, report, options)
        if name != "text" or not arguments.trees or report.reading is None:
            return text
        from spanpact.reporting import render_traces

        return f"{render_traces(report.reading, options, fold=True)}\n{text}"

    def summary(options: TextOptions) -> str:
        return summary_line(report, options)

    options = text_options(arguments, plans)
    if brief and arguments.output in (None, "-") and arguments.format in (None, "text"):
        failed = write_files(arguments, options, render)
        print_text(f"{summary(for_standard_output(options))}\n", sys.stdout)
        if failed:
            raise failed
        return
    write_rendered(arguments, options, render=render, summary=summary)
