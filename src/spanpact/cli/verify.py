"""`spanpact verify`: traces against contracts, or the contracts' own examples."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from spanpact.cli.common import Parser, add_report_options, deliver, read_scenarios, say, unknown_scenarios
from spanpact.cli.output import check_writable
from spanpact.errors import UsageError
from spanpact.findings import Report
from spanpact.loader import load_contracts
from spanpact.plan import ContractPlan


def parser() -> Parser:
    """The options of `spanpact verify`."""
    made = Parser("verify", "Verifies traces against contracts; without --from, the contracts' own examples.")
    made.add_argument("contracts", nargs="+", metavar="CONTRACTS", help="contract files, or folders of them")
    made.add_argument(
        "--from", action="append", default=[], dest="sources", metavar="SOURCE",
        help="where the traces are: an OTLP file, - for standard input; several are read as one",
    )  # fmt: skip
    made.add_argument("--examples", action="store_true", help="verify the contracts' own examples")
    add_report_options(made)
    return made


def run(arguments: Sequence[str]) -> int:
    """Verifies and reports; gives the exit code."""
    given = parser().parse_intermixed_args(arguments)
    if given.examples and given.sources:
        raise UsageError("--examples and --from exclude each other")
    if given.scenarios and not given.sources:
        raise UsageError("--scenarios needs --from", hint="examples carry their own scenario")
    if given.output and given.output != "-":
        check_writable(Path(given.output))
    plans = load_contracts(given.contracts)
    report = _verify_traces(plans, given) if given.sources else _verify_examples(plans, given)
    deliver(report, given, plans)
    return report.exit_code


def _verify_examples(plans: Sequence[ContractPlan], given: argparse.Namespace) -> Report:
    from spanpact.conformance.examples_check import verify_examples

    return verify_examples(plans, strict=given.strict, allow_unseen=given.allow_unseen)


def _verify_traces(plans: Sequence[ContractPlan], given: argparse.Namespace) -> Report:
    from spanpact.cli.reading import read_sources
    from spanpact.engine import verify

    scenarios = read_scenarios(given.scenarios) if given.scenarios else {}
    if warning := unknown_scenarios(scenarios, plans):
        say(f"warning: {warning}")
    reading = read_sources(given.sources, scenarios)
    return verify(plans, reading, strict=given.strict, allow_unseen=given.allow_unseen)
