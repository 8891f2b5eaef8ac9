"""`spanpact show`: print the traces of a source as trees, or what they hold, counted."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Final

from spanpact.cli.arguments.options import (
    SOURCE_KINDS,
    Parser,
    add_flag,
    add_rendering_options,
    add_tls_options,
    add_trace_option,
)
from spanpact.cli.output import print_text
from spanpact.cli.progress import progress
from spanpact.cli.reading import SourceOptions, opened, read_sources, readings_of, source_options
from spanpact.cli.reports import check_output_files, for_standard_output, text_options, write_rendered
from spanpact.errors import SourceError, UsageError
from spanpact.reporting import render_traces

if TYPE_CHECKING:
    from spanpact.reporting import TextOptions
    from spanpact.sources import TraceSource
    from spanpact.trace.model import LogRecord, Span
    from spanpact.trace_summary import TraceSummary

_ABOUT_IDS: Final = "an id or its beginning, in hexadecimal; stores such as Jaeger look up whole ids only"


def build_parser() -> Parser:
    """Return the parser of `spanpact show`."""
    parser = Parser(
        "show",
        "Print the traces of a source as trees, or with --summary what they hold; nothing is verified.",
        examples=[
            "spanpact show traces.json",
            "spanpact show traces.json --trace 4bf92f35 --attributes",
            "spanpact show traces.json --summary",
        ],
        exit_codes="0 printed, 2 wrong usage, 3 the source cannot be read or does not hold the trace",
    )
    parser.add_argument("sources", nargs="*", metavar="TRACES", help=SOURCE_KINDS)
    parser.needed["sources"] = "TRACES"
    parser.instead["--from"] = "name the traces without it: spanpact show TRACES"
    add_trace_option(parser)
    help = "list attributes, events and links below each span (default: what fits on the line)"
    add_flag(parser, "--attributes", help)
    add_flag(parser, "--all", "show large traces whole, and long lists (default: abridged)")
    help = "print services, names of spans, attributes with their types, clocks, roots and orphans (default: trees)"
    add_flag(parser, "--summary", help)
    add_flag(parser, "--values", "with --summary: list the first values of each attribute, masked (default: no values)")
    add_rendering_options(parser)
    parser.formats = ()  # a format in the project's settings is that of verifications
    add_tls_options(parser)
    return parser


def run(arguments: Sequence[str]) -> int:
    """Print the trees, or the summary, and return 0.

    Raises `SourceError` if the source cannot be read or does not hold the trace.
    """
    given = build_parser().parse_intermixed_args(arguments)
    _check_usage(given)
    options = source_options(given)
    if given.summary:
        _summarize(given, options)
        return 0
    with progress("reading"):
        reading = read_sources(given.sources, options)
    _check_found(options, {trace.trace_id for trace in reading.traces}, reading.source.name)
    text = render_traces(reading, for_standard_output(text_options(given)), attributes=given.attributes)
    print_text(text, sys.stdout)
    return 0


def _check_usage(given: argparse.Namespace) -> None:
    """Raise `UsageError` for options that exclude each other."""
    if given.summary and given.attributes:
        raise UsageError("--summary and --attributes exclude each other", hint="--values lists values in a summary")
    if given.values and not given.summary:
        raise UsageError("--values needs --summary", hint="--attributes lists the attributes of each span")
    if (given.format or given.format_files or given.output) and not given.summary:
        raise UsageError("--format and --output need --summary", hint="trees are text on standard output")
    check_output_files(given)


def _check_found(options: SourceOptions, seen: AbstractSet[str], source: str) -> None:
    """Raise `SourceError` unless every trace that is asked for was seen."""
    if missing := options.wanted.missing(seen):
        raise SourceError(f"no trace {', '.join(sorted(missing))} in {source}", hint=_ABOUT_IDS)


def _summarize(given: argparse.Namespace, options: SourceOptions) -> None:
    """Count what the sources hold and write the summary. Files are read as streams, stores and others whole."""
    from spanpact.reporting.trace_summary_json import render_trace_summary_json
    from spanpact.reporting.trace_summary_text import render_trace_summary_text, summary_totals

    summary = _counted(given, options)

    def render(name: str, look: TextOptions) -> str:
        return (render_trace_summary_json if name == "json" else render_trace_summary_text)(summary, look)

    write_rendered(given, text_options(given), render=render, summary=lambda look: summary_totals(summary, look))


def _counted(given: argparse.Namespace, options: SourceOptions) -> TraceSummary:
    from spanpact.trace_summary import SummaryCounter

    counter, seen, resolution_ns = SummaryCounter(values=given.values), set[str](), 1
    names: dict[str, None] = {}
    with progress("reading"), opened(given.sources, options) as sources:
        for source in sources:
            for spans, logs in _batches(source, options):
                if options.wanted:
                    seen.update(span.trace_id for span in spans if span.trace_id in options.wanted)
                    spans = [span for span in spans if span.trace_id in options.wanted]
                    logs = [log for log in logs if log.trace_id in options.wanted]
                counter.add(spans, logs)
            names[source.info.name] = None
            resolution_ns = max(resolution_ns, source.info.resolution_ns)
    _check_found(options, seen, " + ".join(names))
    return counter.summary(" + ".join(names), resolution_ns=resolution_ns)


def _batches(source: TraceSource, options: SourceOptions) -> Iterator[tuple[Sequence[Span], Sequence[LogRecord]]]:
    """Yield the spans and log records of a source: batch by batch where it is a file, else trace by trace."""
    from spanpact.sources import OtlpFileSource

    if isinstance(source, OtlpFileSource):
        yield from ((batch.spans, batch.logs) for batch in source.batches())
        return
    for reading in readings_of([source], options):
        yield from ((trace.spans, trace.logs) for trace in (*reading.traces, *reading.spanless))
