"""`spanpact show`: print the traces of a source as trees."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import msgspec

from spanpact.cli.options import SOURCE_KINDS, Parser, add_flag, add_tls_options
from spanpact.cli.output import print_text
from spanpact.cli.reading import read_sources, source_options
from spanpact.cli.reports import for_standard_output, text_options
from spanpact.errors import SourceError
from spanpact.reporting import render_traces
from spanpact.trace.model import Reading


def build_parser() -> Parser:
    """Return the parser of `spanpact show`."""
    parser = Parser(
        "show",
        "Print the traces of a source as trees; nothing is verified.",
        examples=["spanpact show traces.json", "spanpact show traces.json --trace 4bf92f35 --attributes"],
        exit_codes="0 printed, 2 wrong usage, 3 the source cannot be read or does not hold the trace",
    )
    parser.add_argument("sources", nargs="+", metavar="TRACES", help=SOURCE_KINDS)
    parser.add_argument("--trace", metavar="ID", help="only traces whose id starts with ID (default: all traces)")
    help = "list attributes, events and links below each span (default: what fits on the line)"
    add_flag(parser, "--attributes", help)
    add_flag(parser, "--all", "show large traces whole (default: abridged)")
    add_tls_options(parser)
    return parser


def run(arguments: Sequence[str]) -> int:
    """Print the trees and return 0.

    Raises `SourceError` if the source cannot be read or does not hold the trace.
    """
    given = build_parser().parse_intermixed_args(arguments)
    prefix, given.traces = given.trace, []
    reading = read_sources(given.sources, source_options(given))
    if prefix is not None:
        reading = _with_prefix(reading, prefix)
    text = render_traces(reading, for_standard_output(text_options(given)), attributes=given.attributes)
    print_text(text, sys.stdout)
    return 0


def _with_prefix(reading: Reading, prefix: str) -> Reading:
    traces = [trace for trace in reading.traces if prefix and trace.trace_id.startswith(prefix.lower())]
    if not traces:
        raise SourceError(f"no trace {prefix} in {reading.source.name}", hint=f"it holds {len(reading.traces)} traces")
    return msgspec.structs.replace(reading, traces=traces)
