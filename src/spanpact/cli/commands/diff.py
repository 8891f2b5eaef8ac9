"""`spanpact diff`: compare two versions of contracts and check that the version number was raised accordingly."""

from __future__ import annotations

from collections.abc import Sequence

from spanpact.cli.arguments.contract_arguments import load_contract_arguments
from spanpact.cli.arguments.options import Parser, add_rendering_options
from spanpact.cli.reports import check_output_files, write_rendered
from spanpact.contract.compiled import ContractPlan
from spanpact.diff import diff_contracts
from spanpact.errors import UsageError
from spanpact.reporting import TextOptions
from spanpact.reporting.diff_json import render_diff_json
from spanpact.reporting.diff_text import diff_summary_line, render_diff_text


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
    add_rendering_options(parser)
    return parser


def run(arguments: Sequence[str]) -> int:
    """Compare, write the report and return the exit code."""
    given = build_parser().parse_intermixed_args(arguments)
    check_output_files(given)
    old, new = (load_contract_arguments([each]) for each in (given.old, given.new))
    _check_allowed_removals(given.allow_removed, old, new)
    diff = diff_contracts(old, new, allowed_removals=given.allow_removed)
    write_rendered(
        given,
        TextOptions(),
        render=lambda name, options: render_diff_json(diff) if name == "json" else render_diff_text(diff, options),
        summary=lambda options: diff_summary_line(diff, options),
    )
    return diff.exit_code


def _check_allowed_removals(names: Sequence[str], old: Sequence[ContractPlan], new: Sequence[ContractPlan]) -> None:
    """Raise `UsageError` for a name that is no contract of the old version."""
    known = {plan.name for plan in old}
    for name in names:
        if name not in known:
            removed = ", ".join(sorted(known - {plan.name for plan in new})) or "none"
            raise UsageError(f"--allow-removed names {name!r}, which is no contract of OLD", hint=f"removed: {removed}")
