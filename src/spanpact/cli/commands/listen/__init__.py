"""`spanpact listen`: receive traces by OTLP, judge them as they arrive, and show that live.

`service` runs until it is ended, `intake` hands over what the receiver has, `contract_watch` notices contracts that
change, `display` shows it all: as a screen on a terminal, else as lines. What is judged is in `spanpact.listening`.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from typing import Final

from spanpact.cli.arguments.options import Parser, add_flag

__all__ = ["build_parser", "run"]

_DURATION: Final = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,3})?)(s|m|h)?")
_UNITS: Final = {None: 1, "s": 1, "m": 60, "h": 3600}
_MOST_HELD: Final = 100_000


def build_parser() -> Parser:
    """Return the parser of `spanpact listen`."""
    from spanpact.cli.arguments.judged_by import add_judging_options
    from spanpact.cli.arguments.options import add_tls_options, add_verification_options
    from spanpact.cli.commands.receive.options import (
        add_address_options,
        add_forward_option,
        parse_number,
        parse_seconds,
    )

    parser = Parser(
        "listen",
        "Receive traces by OTLP and show live how they are judged; Ctrl-C or TERM ends it with the verdict.",
        examples=["spanpact listen contracts/", "spanpact listen contracts/ --for 60s --format json=report.json"],
    )
    add_judging_options(parser)
    add_address_options(parser)
    add_forward_option(parser)
    parser.add_argument(
        "--for", dest="duration", type=_duration, metavar="TIME",
        help="end after this time: 60s, 5m, 2h (default: when it is stopped)",
    )  # fmt: skip
    add_flag(parser, "--once", "end when all traces so far have settled, and a contract had a flow (default: go on)")
    parser.add_argument(
        "--settle", type=parse_seconds, default=2.0, metavar="SECONDS",
        help="judge a trace when nothing came to it for SECONDS (default: 2)",
    )  # fmt: skip
    parser.add_argument(
        "--late", type=parse_seconds, default=30.0, metavar="SECONDS",
        help="judge it again if more comes within SECONDS, then let it go (default: 30)",
    )  # fmt: skip
    parser.add_argument(
        "--max-spans", type=parse_number, default=_MOST_HELD, metavar="N",
        help="hold at most N spans and log records; beyond, the oldest trace is judged early and let go "
        f"(default: {_MOST_HELD})",
    )  # fmt: skip
    add_tls_options(parser)
    add_verification_options(parser, trees=False)
    return parser


def run(arguments: Sequence[str]) -> int:
    """Listen until it is ended, write the report and return the exit code."""
    given = build_parser().parse_intermixed_args(arguments)
    from spanpact.cli.commands.listen.service import listen

    return listen(given)


def _duration(text: str) -> float:
    match = _DURATION.fullmatch(text)
    if match is None or not float(match[1]):
        raise argparse.ArgumentTypeError(f"cannot be {text!r}; accepted: a time such as 60s, 5m or 2h")
    return float(match[1]) * _UNITS[match[2]]
