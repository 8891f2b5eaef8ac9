"""`spanpact show`: the traces of a source as trees."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import msgspec

from spanpact.cli.common import Parser, add_tls_options, asked, for_output, text_options
from spanpact.cli.output import print_text
from spanpact.cli.reading import read_sources
from spanpact.errors import SourceError
from spanpact.reporting import render_traces
from spanpact.trace.model import Reading


def parser() -> Parser:
    """The options of `spanpact show`."""
    made = Parser("show", "Shows the traces of a source as trees, without judging.")
    made.add_argument("sources", nargs="+", metavar="TRACES", help="an OTLP file, - for standard input, jaeger:URL")
    made.add_argument("--trace", metavar="ID", help="only the trace whose id begins so")
    made.add_argument("--attributes", action="store_true", help="list attributes, events and links below each span")
    made.add_argument("--all", action="store_true", help="show large traces whole")
    add_tls_options(made)
    return made


def run(arguments: Sequence[str]) -> int:
    """Prints the trees; 0 unless the source cannot be read or does not hold the trace."""
    given = parser().parse_intermixed_args(arguments)
    reading = read_sources(given.sources, asked(given))
    if given.trace is not None:
        reading = _only(reading, given.trace)
    text = render_traces(reading, for_output(text_options(given)), attributes=given.attributes)
    print_text(text, sys.stdout)
    return 0


def _only(reading: Reading, wanted: str) -> Reading:
    traces = [trace for trace in reading.traces if wanted and trace.trace_id.startswith(wanted.lower())]
    if not traces:
        raise SourceError(f"no trace {wanted} in {reading.source.name}", hint=f"it holds {len(reading.traces)}")
    return msgspec.structs.replace(reading, traces=traces)
