"""`spanpact receive`: an OTLP receiver that other processes start, feed and stop, with a report at the end.

`options` parses the command line, `service` runs the receiver until it is stopped, `control` answers `/health`,
`/report` and `/stop`, and `session_reports` judges sessions and renders what is answered and printed.
"""

from __future__ import annotations

from collections.abc import Sequence

from spanpact.cli.arguments.options import Parser

__all__ = ["build_parser", "run"]


def build_parser() -> Parser:
    """Return the parser of `spanpact receive`."""
    from spanpact.cli.commands.receive.options import build_parser as build

    return build()


def run(arguments: Sequence[str]) -> int:
    """Receive until stopped by a request or a signal, write the report and return the exit code."""
    given = build_parser().parse_intermixed_args(arguments)
    from spanpact.cli.commands.receive.service import serve

    return serve(given)
