"""The command line: `spanpact COMMAND ...`. One file a command; each says its options in `parser` and acts in `run`.

Exit codes: 0 kept, 1 broken, 2 wrong usage or contract file, 3 could not verify; 130 interrupted. A mistake is
one line on standard error, never a stack trace (unless `SPANPACT_DEBUG=1` asks for it).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from types import MappingProxyType, ModuleType
from typing import Final

from spanpact import __version__
from spanpact.cli.common import say
from spanpact.errors import SpanpactError, UsageError

__all__ = ["COMMANDS", "command", "main"]

COMMANDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "verify": "verify traces against contracts, or the examples of the contracts themselves",
        "run": "run a command, receive its traces, and verify them",
        "show": "show the traces of a source as trees, without judging",
        "lint": "say what is wrong with contracts and their examples, without traces",
        "compare": "compare what two sources hold of one run, span by span",
        "diff": "compare two versions of contracts: who may break, and whether the version says so",
    }
)
"""Each command and what it does; its module has the same name."""

_USAGE: Final = "usage: spanpact COMMAND ... (each with --help), spanpact --version"
_INTERRUPTED: Final = 130


def command(name: str) -> ModuleType:
    """The module of a command, imported when it is needed."""
    return import_module(f"spanpact.cli.{name}")


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command line (default: the process's own) and gives its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        return _run(arguments)
    except SpanpactError as error:
        say(f"error: {error}")
        return error.exit_code
    except KeyboardInterrupt:
        say("interrupted")
        return _INTERRUPTED
    except Exception as error:
        if os.environ.get("SPANPACT_DEBUG") == "1":
            raise
        what = f"{type(error).__name__}: {_masked(str(error))}"
        say(f"error: unexpected {what} (a mistake in spanpact; SPANPACT_DEBUG=1 shows where)")
        return 3


def _run(arguments: Sequence[str]) -> int:
    first = arguments[0] if arguments else ""
    if first == "--version":
        print(f"spanpact {__version__}")
        return 0
    if first in ("--help", "-h"):
        print(_help())
        return 0
    if first not in COMMANDS:
        problem = f"unknown command {first!r}" if first else "a command is needed"
        raise UsageError(problem, hint=f"one of {', '.join(COMMANDS)}; see spanpact --help")
    code: int = command(first).run(arguments[1:])
    return code


def _masked(text: str) -> str:
    """The text of an exception that nobody foresaw, and that may hold anything."""
    from spanpact.privacy import mask

    return mask(text)


def _help() -> str:
    lines = [_USAGE, "", "Verifies traces against contracts.", "", "commands:"]
    lines += [f"  {name:8} {what}" for name, what in COMMANDS.items()]
    codes = "exit codes: 0 kept, 1 broken, 2 wrong usage or contract file, 3 could not verify"
    return "\n".join([*lines, "", codes])
