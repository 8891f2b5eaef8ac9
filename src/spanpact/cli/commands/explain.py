"""`spanpact explain`: explain one finding of a saved report."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from spanpact.cli.arguments.options import Parser, add_format_option
from spanpact.cli.arguments.trace_links import add_trace_url_option
from spanpact.cli.output import check_writable, print_text, write_file
from spanpact.errors import UsageError


def build_parser() -> Parser:
    """Return the parser of `spanpact explain`."""
    from spanpact.explaining.remedies import LANGUAGES

    parser = Parser(
        "explain",
        "Explain one finding of a report that --format json=REPORT has saved. Without FINDING, list the findings.",
        examples=["spanpact explain report.json", "spanpact explain report.json charge/span-missing"],
        exit_codes="0 printed, 2 wrong usage or report",
    )
    parser.add_argument(
        "report", metavar="REPORT", help="a report of verify, run or receive in JSON; - is standard input"
    )
    help = "the number of a finding, or its key: ENTRY/ID, or CONTRACT/ENTRY/ID (default: list them)"
    parser.add_argument("finding", nargs="?", metavar="FINDING", help=help)
    help = f"show the remedies for {', '.join(LANGUAGES)} (default: that of the span, all if the report does not tell)"
    parser.add_argument("--language", choices=LANGUAGES, metavar="NAME", help=help)
    add_trace_url_option(parser)
    add_format_option(parser)
    return parser


def run(arguments: Sequence[str]) -> int:
    """Print the list or the explanation and return 0. Raise `UsageError` for a wrong report or finding."""
    given = build_parser().parse_intermixed_args(arguments)
    for file in given.format_files:
        check_writable(Path(file))
    from spanpact.cli.reports import for_standard_output
    from spanpact.explaining import choose_finding, explain, read_clause
    from spanpact.reporting import TextOptions, parse_json
    from spanpact.reporting.explanation_json import render_explanation_json
    from spanpact.reporting.explanation_text import render_explanation_text, render_findings_text

    report = parse_json(_read(given.report), name="standard input" if given.report == "-" else given.report)
    explanation = None
    if given.finding is not None:
        number = choose_finding(report, given.finding)
        finding = report.findings[number - 1]
        clause = read_clause(finding.place, finding.keyword) if finding.place else None
        explanation = explain(report, number, clause, given.language)

    def render(name: str, options: TextOptions) -> str:
        if name == "json":
            return render_explanation_json(report, explanation)
        if explanation:
            return render_explanation_text(explanation, options)
        return render_findings_text(report, options, file=given.report)

    options = TextOptions(trace_url=given.trace_url or "")
    for file, name in given.format_files.items():
        write_file(file, render(name, options).encode("utf-8", "backslashreplace"))
    print_text(render(given.format or "text", for_standard_output(options)), sys.stdout)
    return 0


def _read(path: str) -> str:
    """Return the text of a report. Raise `UsageError` if it cannot be read."""
    try:
        data = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
        return data.decode("utf-8")
    except OSError as error:
        hint = "save one with: spanpact verify ... --format json=FILE"
        raise UsageError(f"cannot read the report {path}: {error.strerror}", hint=hint) from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not a spanpact report: it is not UTF-8") from error
