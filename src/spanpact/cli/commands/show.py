"""`spanpact show`: print the traces of a source as trees."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Final

from spanpact.cli.arguments.options import SOURCE_KINDS, Parser, add_flag, add_tls_options, add_trace_option
from spanpact.cli.output import print_text
from spanpact.cli.progress import progress
from spanpact.cli.reading import read_sources, source_options
from spanpact.cli.reports import for_standard_output, text_options
from spanpact.errors import SourceError
from spanpact.reporting import render_traces

_ABOUT_IDS: Final = "an id or its beginning, in hexadecimal; stores such as Jaeger look up whole ids only"


def build_parser() -> Parser:
    """Return the parser of `spanpact show`."""
    parser = Parser(
        "show",
        "Print the traces of a source as trees; nothing is verified.",
        examples=["spanpact show traces.json", "spanpact show traces.json --trace 4bf92f35 --attributes"],
        exit_codes="0 printed, 2 wrong usage, 3 the source cannot be read or does not hold the trace",
    )
    parser.add_argument("sources", nargs="*", metavar="TRACES", help=SOURCE_KINDS)
    parser.needed["sources"] = "TRACES"
    add_trace_option(parser)
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
    options = source_options(given)
    with progress("reading"):
        reading = read_sources(given.sources, options)
    if missing := options.wanted.missing({trace.trace_id for trace in reading.traces}):
        raise SourceError(f"no trace {', '.join(sorted(missing))} in {reading.source.name}", hint=_ABOUT_IDS)
    text = render_traces(reading, for_standard_output(text_options(given)), attributes=given.attributes)
    print_text(text, sys.stdout)
    return 0
