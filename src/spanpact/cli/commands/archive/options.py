"""The options of `spanpact archive`."""

from __future__ import annotations

import argparse
from typing import Final

from spanpact.cli.arguments.options import SOURCE_KINDS, Parser, add_source_option, add_tls_options

_MOST_PARTITIONS: Final = 256


def build_parser() -> Parser:
    """Return the parser of `spanpact archive`."""
    parser = Parser(
        "archive",
        "Write traces to an archive: a folder of Parquet. What was written before stays; the rest of a source that "
        "was interrupted follows.",
        examples=[
            "spanpact archive write --from traces.json --to archive/",
            "spanpact archive write contracts/ --from monday.json --from tuesday.json --to archive/",
            "spanpact verify contracts/ --from parquet:archive/",
        ],
        exit_codes="0 written, 2 wrong usage, 3 a source cannot be read",
        usage="spanpact archive write [CONTRACTS...] --from SOURCE... --to FOLDER [options]",
    )
    parser.add_argument("action", choices=["write"], help="write: add sources to an archive")
    parser.add_argument(
        "contracts", nargs="*", metavar="CONTRACTS",
        help="contract files or folders: the attributes that they name get a column of their own (default: those "
        "whose values vary)",
    )  # fmt: skip
    add_source_option(parser, f"where the traces are: {SOURCE_KINDS}; may be repeated")
    parser.add_argument(
        "--to",
        required=True,
        metavar="FOLDER",
        help="the folder of the archive; it is made (default: none, it must be given)",
    )
    parser.add_argument(
        "--partitions", type=_partitions, default=16, metavar="N",
        help="in how many ranges of trace ids a new archive is divided: a power of two (default: 16)",
    )  # fmt: skip
    parser.set_defaults(traces=[])
    add_tls_options(parser)
    return parser


def _partitions(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0
    if not 0 < number <= _MOST_PARTITIONS or number & (number - 1):
        raise argparse.ArgumentTypeError(f"cannot be {text!r}; accepted: a power of two up to {_MOST_PARTITIONS}")
    return number
