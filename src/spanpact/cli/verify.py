"""`spanpact verify`: traces against contracts, or the contracts' own examples."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from spanpact.cli.common import (
    Parser,
    add_report_options,
    add_tls_options,
    add_waiting_options,
    asked,
    deliver,
    read_scenarios,
    say,
    unknown_scenarios,
)
from spanpact.cli.output import check_writable
from spanpact.contract.compiled import ContractPlan
from spanpact.contract.loader import load_contracts
from spanpact.errors import UsageError
from spanpact.findings import Report
from spanpact.trace.model import Reading

if TYPE_CHECKING:
    from spanpact.cli.reading import Asked
    from spanpact.engine.judging import CompiledContract


def parser() -> Parser:
    """The options of `spanpact verify`."""
    made = Parser("verify", "Verifies traces against contracts; without --from, the contracts' own examples.")
    made.add_argument("contracts", nargs="+", metavar="CONTRACTS", help="contract files, or folders of them")
    made.add_argument(
        "--from", action="append", default=[], dest="sources", metavar="SOURCE",
        help="where the traces are: an OTLP file, - for standard input, jaeger:URL; several are read as one",
    )  # fmt: skip
    made.add_argument("--examples", action="store_true", help="verify the contracts' own examples")
    add_waiting_options(made)
    add_tls_options(made)
    add_report_options(made)
    return made


def run(arguments: Sequence[str]) -> int:
    """Verifies and reports; gives the exit code."""
    given = parser().parse_intermixed_args(arguments)
    if given.examples and given.sources:
        raise UsageError("--examples and --from exclude each other")
    if given.scenarios and not given.sources:
        raise UsageError("--scenarios needs --from", hint="examples carry their own scenario")
    if (given.traces or given.wait) and not given.sources:
        raise UsageError("--trace and --wait need --from", hint="examples are there already, whole")
    if given.output and given.output != "-":
        check_writable(Path(given.output))
    plans = load_contracts(given.contracts)
    report = _verify_traces(plans, given) if given.sources else _verify_examples(plans, given)
    deliver(report, given, plans)
    return report.exit_code


def _verify_examples(plans: Sequence[ContractPlan], given: argparse.Namespace) -> Report:
    from spanpact.verification.contract_examples import verify_examples

    return verify_examples(plans, strict=given.strict, allow_unseen=given.allow_unseen)


def _verify_traces(plans: Sequence[ContractPlan], given: argparse.Namespace) -> Report:
    from spanpact.cli.reading import merged, open_sources
    from spanpact.engine.judging import CompiledContract
    from spanpact.verification.verifying import verify
    from spanpact.verification.waiting import Patience, wait_for_verdict

    patience = Patience(given.wait)
    scenarios = read_scenarios(given.scenarios) if given.scenarios else {}
    if warning := unknown_scenarios(scenarios, plans):
        say(f"warning: {warning}")
    compiled = [CompiledContract.of(plan) for plan in plans]

    def judge(reading: Reading) -> Report:
        return verify(compiled, reading, strict=given.strict, allow_unseen=given.allow_unseen)

    wanted = asked(given, scenarios)
    if report := _verify_file(compiled, given, wanted):
        return report
    with open_sources(given.sources, wanted) as read:
        return wait_for_verdict(lambda: merged(read()), judge, patience, trace_ids=wanted.trace_ids)


def _verify_file(compiled: Sequence[CompiledContract], given: argparse.Namespace, wanted: Asked) -> Report | None:
    """The report on one file whose traces need not be held; None where they must be, or where it is no such file."""
    from spanpact.sources import OtlpFileSource, open_source
    from spanpact.verification.streaming import verify_file

    if len(given.sources) != 1 or given.wait or given.traces or given.trees:
        return None
    with open_source(given.sources[0], scenarios=wanted.scenarios, tls=wanted.tls) as source:
        if not isinstance(source, OtlpFileSource):
            return None
        return verify_file(source, compiled, strict=given.strict, allow_unseen=given.allow_unseen)
