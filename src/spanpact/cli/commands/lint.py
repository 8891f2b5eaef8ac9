"""`spanpact lint`: find mistakes in contract files and their examples, without traces."""

from __future__ import annotations

from collections.abc import Sequence

from spanpact.cli.arguments.contract_arguments import refuse_traces
from spanpact.cli.arguments.options import Parser, add_contracts_argument, add_flag, add_rendering_options
from spanpact.cli.output import print_message
from spanpact.cli.reports import check_output_files, write_rendered
from spanpact.lint import lint
from spanpact.reporting import TextOptions
from spanpact.reporting.lint_json import render_lint_json
from spanpact.reporting.lint_text import lint_summary_line, render_lint_text


def build_parser() -> Parser:
    """Return the parser of `spanpact lint`."""
    parser = Parser(
        "lint",
        "Find mistakes in contract files and their examples, without traces of an implementation.",
        examples=["spanpact lint contracts/", "spanpact lint contracts/ --format json --output lint.json"],
        exit_codes="0 nothing but information, 1 something to fix, 2 a file that cannot be read or breaks the language",
    )
    add_contracts_argument(parser)
    add_rendering_options(parser)
    add_flag(parser, "--all", "list each unproven expectation (default: one line for those of a contract)")
    return parser


def run(arguments: Sequence[str]) -> int:
    """Lint, write the report and return the exit code."""
    given = build_parser().parse_intermixed_args(arguments)
    check_output_files(given)
    report = lint(given.contracts, notify=print_message)
    if report.exit_code == 2:
        refuse_traces(given.contracts)
    write_rendered(
        given,
        TextOptions(everything=given.all),
        render=lambda name, options: render_lint_json(report) if name == "json" else render_lint_text(report, options),
        summary=lambda options: lint_summary_line(report, options),
    )
    return report.exit_code
