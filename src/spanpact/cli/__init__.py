"""The command line: `spanpact COMMAND ...`.

`commands` has one module or package a command, named after it, with `build_parser` (its options) and `run` (what it
does). Commands share the rest: `arguments` (what is given), `reading`, `running` (the command of `spanpact run`),
`reports`, `losses`, `output`, `progress`.

Exit codes: 0 kept, 1 broken, 2 wrong usage or contract file, 3 could not verify, 130 interrupted. Every error is one
line on standard error; `SPANPACT_DEBUG=1` shows the stack trace of an error in spanpact itself.

May import every package of spanpact; none imports this one.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from itertools import pairwise
from types import MappingProxyType, ModuleType
from typing import Final

from spanpact import __version__
from spanpact.cli.output import print_message, print_text
from spanpact.errors import SourceError, SpanpactError, UsageError
from spanpact.verification.native import core_state

__all__ = ["COMMANDS", "load_command", "main"]

COMMANDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "verify": "verify traces against contracts, or check the contracts' own examples",
        "run": "run a command, receive the traces it exports, and verify them",
        "receive": "receive traces by OTLP until stopped, and verify them",
        "listen": "receive traces by OTLP and show live how they are judged",
        "explain": "explain a finding of a saved report: clause, span, edits, causes, remedies",
        "show": "print the traces of a source as trees",
        "lint": "find mistakes in contract files and their examples; needs no traces",
        "compare": "compare the spans that two or more sources hold of the same traces",
        "diff": "compare two versions of contracts and check the version number",
        "schema": "print the JSON Schema of contracts, reports and errors",
        "completion": "print the completion of commands and options for bash, zsh or fish",
        "conform": "let a service perform scenarios over HTTP, and judge its traces",
        "archive": "write traces to Parquet, to verify millions of them again and again",
        "record": "propose a contract from traces, for a person to review",
        "init": "make a folder of contracts, a first contract and a job for CI",
        "mcp": "serve lint, verify, show and explain to coding assistants",
    }
)
"""Each command with its one-line description."""

_HELP: Final = """\
usage: spanpact COMMAND [options]
       spanpact COMMAND --help

Verify traces against contracts: files that say which spans a request must produce.

commands:
{commands}

options:
  -h, --help  show this help and exit; after a COMMAND, the help of that command
  --version   print the version and exit

examples:
  spanpact verify contracts/ --from traces.json
  spanpact run contracts/ -- pytest tests/e2e

exit codes: 0 kept, 1 broken, 2 wrong usage or contract file, 3 could not verify, 130 interrupted
"""
_INTERRUPTED: Final = 130
_LESS_MEMORY: Final = "--trees, --trace and - as a file hold traces: verify a file without them, or set --memory-limit"


def load_command(name: str) -> ModuleType:
    """Import and return the module of a command."""
    return import_module(f"spanpact.cli.commands.{name}")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line (default: `sys.argv`) and return its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    with contextlib.suppress(MemoryError):
        return _run_reporting_errors(arguments)
    # What the command held is free again only here, behind the block: a message needs memory too.
    error = SourceError("not enough memory", hint=_LESS_MEMORY)
    print_message(f"error: {error}")
    if _wants_json(arguments):
        _print_json_error(error)
    return error.exit_code


def _run_reporting_errors(arguments: Sequence[str]) -> int:
    try:
        return _run(arguments)
    except SpanpactError as error:
        print_message(f"error: {error}")
        if _wants_json(arguments):
            _print_json_error(error)
        return error.exit_code
    except KeyboardInterrupt:
        print_message("interrupted")
        return _INTERRUPTED
    except MemoryError:
        raise
    except Exception as error:
        if os.environ.get("SPANPACT_DEBUG") == "1":
            raise
        what = f"{type(error).__name__}: {_masked(str(error))}"
        print_message(f"error: unexpected {what} (a bug in spanpact; set SPANPACT_DEBUG=1 to see the stack trace)")
        if _wants_json(arguments):
            _print_json_error(f"unexpected {what}")
        return 3


def _run(arguments: Sequence[str]) -> int:
    first = arguments[0] if arguments else ""
    if first == "--version":
        print_text(f"spanpact {__version__}\n{core_state()}\n", sys.stdout)
        return 0
    if first in ("--help", "-h"):
        print_text(_help(), sys.stdout)
        return 0
    if first not in COMMANDS:
        raise _unknown_command(first)
    code: int = load_command(first).run(arguments[1:])
    return code


def _wants_json(arguments: Sequence[str]) -> bool:
    """Return whether a program reads standard output: an error is JSON there, too."""
    own = [*arguments, "--"][: [*arguments, "--"].index("--")]
    return "--format=json" in own or ("--format", "json") in pairwise(own)


def _print_json_error(error: SpanpactError | str) -> None:
    from spanpact.reporting.error_json import render_error_json, render_internal_error_json

    text = render_internal_error_json(error) if isinstance(error, str) else render_error_json(error)
    with contextlib.suppress(SpanpactError):  # the line on standard error has said it already
        print_text(text, sys.stdout)


def _unknown_command(name: str) -> UsageError:
    from spanpact.contract.loader.vocabulary import suggest

    problem = f"unknown command {name!r}" if name else "no command is given"
    return UsageError(problem, hint=f"{suggest(name, COMMANDS)}; see spanpact --help")


def _masked(text: str) -> str:
    """Return the text of an unforeseen exception without private data."""
    from spanpact.privacy import mask

    return mask(text)


def _help() -> str:
    return _HELP.format(commands="\n".join(f"  {name:10} {about}" for name, about in COMMANDS.items()))
