"""`spanpact schema`: print the JSON Schema of contracts, reports and errors."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from spanpact.cli.arguments.options import Parser
from spanpact.cli.output import print_text
from spanpact.errors import UsageError


def build_parser() -> Parser:
    """Return the parser of `spanpact schema`."""
    parser = Parser(
        "schema",
        "Print the JSON Schema of contract files, or of what --format json writes. Without NAME, list the schemas.",
        examples=["spanpact schema report > report.schema.json", "spanpact schema contract"],
        exit_codes="0 printed, 2 wrong usage",
    )
    parser.add_argument(
        "name", nargs="?", metavar="NAME", help="contract, report, lint, diff, explanation, summary or error"
    )
    return parser


def run(arguments: Sequence[str]) -> int:
    """Print a schema, or the list of them, and return 0. Raise `UsageError` for an unknown name."""
    from spanpact.contract.loader.vocabulary import suggest
    from spanpact.reporting.schemas import SCHEMAS, schema_text

    name = build_parser().parse_args(arguments).name
    if name is None:
        print_text("".join(f"{each:12} {about}\n" for each, about in SCHEMAS.items()), sys.stdout)
        return 0
    if name not in SCHEMAS:
        raise UsageError(f"there is no schema {name!r}", hint=suggest(name, tuple(SCHEMAS)))
    print_text(schema_text(name), sys.stdout)
    return 0
