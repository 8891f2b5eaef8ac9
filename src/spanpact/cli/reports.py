"""Write a report to standard output or to a file, in the format of `--format`.

The reports are imported when one is written, so that `--help` and wrong usage are answered at once.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from spanpact.cli.output import check_writable, print_text, write_file

if TYPE_CHECKING:
    from spanpact.contract.compiled import ContractPlan
    from spanpact.findings import Report
    from spanpact.reporting import TextOptions


def check_output_files(*files: str | None) -> None:
    """Raise `UsageError` if one of the files (`-` or None: standard output) cannot be written."""
    for file in files:
        if file and file != "-":
            check_writable(Path(file))


def terminal_columns() -> int:
    """Return the width of the terminal in columns."""
    return shutil.get_terminal_size().columns


def text_options(arguments: argparse.Namespace, plans: Sequence[ContractPlan] = ()) -> TextOptions:
    """Return the options of a text report; the privacy classes of the contracts are masked too."""
    from spanpact.privacy import Scanner, known_classes
    from spanpact.reporting import TextOptions

    scanner = Scanner((*known_classes(), *(each for plan in plans for each in plan.classes)))
    return TextOptions(everything=arguments.all, coverage=getattr(arguments, "coverage", False), mask=scanner.mask)


def for_standard_output(options: TextOptions) -> TextOptions:
    """Return the options adapted to standard output: width, colour and character set."""
    from spanpact.reporting import options_for

    return options_for(sys.stdout, os.environ, columns=terminal_columns, base=options)


def write_rendered(
    arguments: argparse.Namespace,
    options: TextOptions,
    *,
    as_json: Callable[[], str],
    as_text: Callable[[TextOptions], str],
    summary: Callable[[TextOptions], str],
) -> None:
    """Write a report as `--format` and `--output` say.

    `as_json`, `as_text` and `summary` render the report and its last line. Raises `UsageError` if the file cannot be
    written.
    """
    from spanpact.reporting.drawing.safe_text import escape_controls

    file = arguments.output if arguments.output != "-" else ""
    on_screen = for_standard_output(options)
    text = as_json() if arguments.format == "json" else as_text(options if file else on_screen)
    if file:
        write_file(file, text.encode("utf-8", "backslashreplace"))
        text = f"{summary(on_screen)} (report in {escape_controls(file)})\n"
    print_text(text, sys.stdout)


def write_report(
    report: Report, arguments: argparse.Namespace, plans: Sequence[ContractPlan], *, brief: bool = False
) -> None:
    """Write the report of a verification or a comparison as the arguments say.

    With `brief`, a text report on standard output is its summary line only. Raises `UsageError` if the file cannot
    be written.
    """
    from spanpact.reporting import render_json, render_text, render_traces, summary_line

    def as_text(options: TextOptions) -> str:
        if brief and arguments.output in (None, "-"):
            return f"{summary_line(report, options)}\n"
        text = render_text(report, options)
        if not arguments.trees or report.reading is None:
            return text
        return f"{render_traces(report.reading, options, fold=True)}\n{text}"

    write_rendered(
        arguments,
        text_options(arguments, plans),
        as_json=lambda: render_json(report),
        as_text=as_text,
        summary=lambda options: summary_line(report, options),
    )
