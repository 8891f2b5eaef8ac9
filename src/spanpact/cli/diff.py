"""`spanpact diff`: two versions of contracts, and whether the version says what changed."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from spanpact.cli.common import Parser, for_output
from spanpact.cli.output import print_text
from spanpact.contract.compiled import ContractPlan
from spanpact.contract.loader import load_contracts
from spanpact.diff import diff_contracts
from spanpact.errors import UsageError
from spanpact.reporting import TextOptions
from spanpact.reporting.diff_json import render_diff_json
from spanpact.reporting.diff_text import render_diff


def parser() -> Parser:
    """The options of `spanpact diff`."""
    made = Parser("diff", "Compares two versions of contracts: who may break, and whether the version says so.")
    made.add_argument("old", metavar="OLD", help="a contract file or a folder of them, as they were")
    made.add_argument("new", metavar="NEW", help="the same as they are now")
    made.add_argument(
        "--allow-removed", action="append", default=[], metavar="NAME", help="this contract is gone on purpose; repeat"
    )
    made.add_argument("--format", choices=("text", "json"), default="text", help="how to report (default: text)")
    return made


def run(arguments: Sequence[str]) -> int:
    """Compares and reports; gives the exit code."""
    given = parser().parse_intermixed_args(arguments)
    olds, news = load_contracts([given.old]), load_contracts([given.new])
    _check_removals(given.allow_removed, olds, news)
    diff = diff_contracts(olds, news, allowed_removals=given.allow_removed)
    if given.format == "json":
        print_text(render_diff_json(diff), sys.stdout)
    else:
        print_text(render_diff(diff, for_output(TextOptions())), sys.stdout)
    return diff.exit_code


def _check_removals(allowed: Sequence[str], olds: Sequence[ContractPlan], news: Sequence[ContractPlan]) -> None:
    gone = {plan.name for plan in olds}
    for name in allowed:
        if name not in gone:
            known = ", ".join(sorted(gone - {plan.name for plan in news})) or "none"
            raise UsageError(f"--allow-removed names {name!r}, which is no contract of OLD", hint=f"removed: {known}")
