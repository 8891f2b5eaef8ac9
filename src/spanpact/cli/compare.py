"""`spanpact compare`: one run as several sources hold it, span by span."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Sequence
from pathlib import Path

from spanpact.cli.common import Parser, add_output_options, add_tls_options, add_waiting_options, asked, deliver
from spanpact.cli.output import check_writable
from spanpact.cli.reading import open_sources
from spanpact.errors import UsageError
from spanpact.findings import Report
from spanpact.trace.model import Reading
from spanpact.verification.source_comparison import compare
from spanpact.verification.waiting import Looking, Patience, content_of, wait


def parser() -> Parser:
    """The options of `spanpact compare`."""
    made = Parser("compare", "Compares what sources hold of one run, span by span; the first says what must be there.")
    made.add_argument(
        "--from", action="append", default=[], dest="sources", metavar="SOURCE",
        help="where the traces are, twice or more: each source is compared with the first",
    )  # fmt: skip
    made.add_argument("--strict", action="store_true", help="what one of the sources cannot carry counts")
    add_waiting_options(made)
    add_tls_options(made)
    add_output_options(made)
    return made


def run(arguments: Sequence[str]) -> int:
    """Compares and reports; gives the exit code."""
    given = parser().parse_args(arguments)
    if len(given.sources) < 2:
        raise UsageError("there is nothing to compare", hint="--from twice: what must be there, and where to look")
    if given.output and given.output != "-":
        check_writable(Path(given.output))
    report = _compared(given)
    deliver(report, given, ())
    return report.exit_code


def _compared(given: argparse.Namespace) -> Report:
    wanted, patience = asked(given), Patience(given.wait)

    def missing(readings: Sequence[Reading]) -> Collection[str]:
        return set(wanted.trace_ids) - {trace.trace_id for trace in readings[0].traces}

    with open_sources(given.sources, wanted) as read:
        looking = Looking(
            read,
            lambda readings: compare(*readings, complete=not given.wait, strict=given.strict),
            lambda readings: compare(*readings, strict=given.strict),
            lambda readings: tuple(map(content_of, readings)),
            missing,
        )
        return wait(looking, patience)
