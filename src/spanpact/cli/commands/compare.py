"""`spanpact compare`: compare the spans that several sources hold of the same traces."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Sequence

from spanpact.cli.arguments.options import (
    SOURCE_KINDS,
    Parser,
    add_reading_options,
    add_report_options,
    add_source_option,
    add_strict_option,
)
from spanpact.cli.arguments.trace_links import add_trace_url_option
from spanpact.cli.progress import progress
from spanpact.cli.reading import open_sources, source_options
from spanpact.cli.reports import check_output_files, write_report
from spanpact.errors import UsageError
from spanpact.findings import Report
from spanpact.trace.model import Reading
from spanpact.verification.comparison.source_comparison import compare
from spanpact.verification.waiting import Poll, WaitSettings, content_of, wait


def build_parser() -> Parser:
    """Return the parser of `spanpact compare`."""
    parser = Parser(
        "compare",
        "Compare the spans that two or more sources hold of the same traces. The first source is the reference.",
        examples=["spanpact compare --from traces.json --from jaeger:http://localhost:16686?service=api --wait 10"],
        exit_codes="0 the same, 1 spans are lost or altered, 2 wrong usage, 3 could not compare",
    )
    add_source_option(parser, f"{SOURCE_KINDS}; give it twice or more, each is compared with the first")
    add_strict_option(parser)
    add_reading_options(parser)
    add_report_options(parser)
    add_trace_url_option(parser)
    return parser


def run(arguments: Sequence[str]) -> int:
    """Compare, write the report and return the exit code."""
    given = build_parser().parse_args(arguments)
    if len(given.sources) < 2:
        raise UsageError("there is nothing to compare", hint="give --from twice: the reference, then what to compare")
    check_output_files(given)
    report = _compare(given)
    write_report(report, given, ())
    return report.exit_code


def _compare(given: argparse.Namespace) -> Report:
    options, settings = source_options(given), WaitSettings(given.wait)

    def missing(readings: Sequence[Reading]) -> Collection[str]:
        return options.wanted.missing({trace.trace_id for trace in readings[0].traces})

    with progress("comparing"), open_sources(given.sources, options) as read:
        poll = Poll(
            read,
            lambda readings: compare(*readings, complete=not given.wait, strict=given.strict),
            lambda readings: compare(*readings, strict=given.strict),
            lambda readings: tuple(map(content_of, readings)),
            missing,
        )
        return wait(poll, settings)
