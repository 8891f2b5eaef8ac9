"""`spanpact diff`: compare two versions of contracts and check that the version number was raised accordingly."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from spanpact.cli.options import Parser, add_format_option
from spanpact.cli.output import print_message, print_text
from spanpact.cli.reports import for_standard_output
from spanpact.contract.compiled import ContractPlan
from spanpact.contract.loader import load_contracts
from spanpact.diff import diff_contracts
from spanpact.errors import UsageError
from spanpact.reporting import TextOptions
from spanpact.reporting.diff_json import render_diff_json
from spanpact.reporting.diff_text import render_diff_text


def build_parser() -> Parser:
    """Return the parser of `spanpact diff`."""
    parser = Parser(
        "diff",
        "Compare two versions of contracts: what changed, who may break, and whether the version number was raised "
        "enough.",
        examples=["spanpact diff ../released/contracts contracts/"],
        exit_codes="0 the version number fits the changes, 1 it does not or a contract was removed, "
        "2 wrong usage or contract file",
    )
    parser.add_argument("old", metavar="OLD", help="the old contract file, or a folder of old contract files")
    parser.add_argument("new", metavar="NEW", help="the new contract file or folder")
    parser.add_argument(
        "--allow-removed", action="append", default=[], metavar="NAME",
        help="accept that the contract NAME was removed; may be repeated (default: none)",
    )  # fmt: skip
    add_format_option(parser)
    return parser


def run(arguments: Sequence[str]) -> int:
    """Compare, print the report and return the exit code."""
    given = build_parser().parse_intermixed_args(arguments)
    old, new = (load_contracts([each], notify=print_message) for each in (given.old, given.new))
    _check_allowed_removals(given.allow_removed, old, new)
    diff = diff_contracts(old, new, allowed_removals=given.allow_removed)
    if given.format == "json":
        print_text(render_diff_json(diff), sys.stdout)
    else:
        print_text(render_diff_text(diff, for_standard_output(TextOptions())), sys.stdout)
    return diff.exit_code


def _check_allowed_removals(names: Sequence[str], old: Sequence[ContractPlan], new: Sequence[ContractPlan]) -> None:
    """Raise `UsageError` for a name that is no contract of the old version."""
    known = {plan.name for plan in old}
    for name in names:
        if name not in known:
            removed = ", ".join(sorted(known - {plan.name for plan in new})) or "none"
            raise UsageError(f"--allow-removed names {name!r}, which is no contract of OLD", hint=f"removed: {removed}")
