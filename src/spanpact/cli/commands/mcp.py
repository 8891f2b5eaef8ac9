"""`spanpact mcp`: serve lint, verify, show and explain to coding assistants by the Model Context Protocol."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Final

from spanpact.cli.arguments.options import Parser
from spanpact.errors import UsageError
from spanpact.mcp_server import Limits, ProjectFiles

_MOST_SECONDS: Final = 3600


def build_parser() -> Parser:
    """Return the parser of `spanpact mcp`."""
    parser = Parser(
        "mcp",
        "Serve lint, verify, show and explain to a coding assistant over standard input and output, by the Model "
        "Context Protocol. Needs the extra mcp. Tools read files of the project only, unless --allow adds others.",
        examples=["spanpact mcp --root ~/shop", "spanpact mcp --root ~/shop --allow jaeger:http://127.0.0.1:16686"],
        exit_codes="0 the assistant has closed the connection, 2 wrong usage, or the extra is not installed",
    )
    parser.add_argument("--root", default=".", metavar="FOLDER", help="the root of the project (default: this folder)")
    parser.add_argument(
        "--allow", action="append", default=[], metavar="FOLDER|STORE",
        help="a further folder that tools may read, or a store that they may ask; may be repeated (default: none)",
    )  # fmt: skip
    parser.add_argument(
        "--timeout", type=_seconds, default=Limits().seconds, metavar="SECONDS",
        help="stop a tool that takes longer (default: 60)",
    )  # fmt: skip
    return parser


def run(arguments: Sequence[str]) -> int:
    """Serve until the assistant closes standard input, and return 0. Raise `UsageError` without the extra `mcp`."""
    given = build_parser().parse_args(arguments)
    files = ProjectFiles.of(given.root, given.allow)
    try:
        from spanpact.mcp_server.server import serve
    except ModuleNotFoundError as error:
        hint = "install it: pip install 'spanpact[mcp]'"
        raise UsageError(f"spanpact mcp needs the package {error.name}", hint=hint) from error
    serve(files, Limits(seconds=given.timeout))
    return 0


def _seconds(text: str) -> float:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= _MOST_SECONDS:
        raise argparse.ArgumentTypeError(f"cannot be {text!r}; accepted: 1 to {_MOST_SECONDS} seconds")
    return float(text)
