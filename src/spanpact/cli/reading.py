"""Read the sources of a command line: open, and filter, label and merge what they hold."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from spanpact.sources import TraceSource, open_source
from spanpact.sources.merging import labelled, merged, selected
from spanpact.sources.tls import NO_TLS_OPTIONS, TlsOptions
from spanpact.trace.model import Reading
from spanpact.trace.trace_selection import EVERY_TRACE, TraceSelection


@dataclass(frozen=True, slots=True)
class SourceOptions:
    """What a command line sets for all its sources.

    `scenarios` labels traces by trace id; `wanted` selects the traces to keep. `growing`: files may still be written.
    `offered` is the number of requests made, where it is known.
    """

    scenarios: Mapping[str, str] = field(default_factory=dict)
    wanted: TraceSelection = EVERY_TRACE
    tls: TlsOptions = NO_TLS_OPTIONS
    growing: bool = False
    offered: int | None = None


def source_options(arguments: argparse.Namespace, scenarios: Mapping[str, str] | None = None) -> SourceOptions:
    """Return the options for sources from parsed arguments. Raises `UsageError` for a malformed trace id."""
    tls = TlsOptions(arguments.ca_file, arguments.client_cert, arguments.client_key)
    waits, offered = bool(getattr(arguments, "wait", 0)), getattr(arguments, "offered", None)
    return SourceOptions(scenarios or {}, TraceSelection.of(arguments.traces), tls, growing=waits, offered=offered)


def read_sources(specs: Sequence[str], options: SourceOptions) -> Reading:
    """Read all sources and return one labelled reading.

    Raises `UsageError` for a specification that names no source, `SourceError` for a source that cannot be read.
    """
    with open_sources(specs, options) as read:
        return merged(read())


@contextmanager
def open_sources(specs: Sequence[str], options: SourceOptions) -> Iterator[Callable[[], list[Reading]]]:
    """Open the sources and yield a function that reads them again: one labelled reading for each, in order.

    Raises the same errors as `read_sources`.
    """
    with opened(specs, options) as sources:
        yield lambda: readings_of(sources, options)


def readings_of(sources: Sequence[TraceSource], options: SourceOptions) -> list[Reading]:
    """Read sources: one labelled reading for each, in order, with the traces to keep. Raises SourceError."""
    return [labelled(selected(source.read(), options.wanted), options.scenarios) for source in sources]


@contextmanager
def opened(specs: Sequence[str], options: SourceOptions) -> Iterator[Sequence[TraceSource]]:
    """Open the sources; they are closed at the end. Raises `UsageError` for a specification that names no source."""
    with ExitStack() as stack:
        yield [
            stack.enter_context(
                open_source(
                    spec,
                    scenarios=options.scenarios,
                    trace_ids=options.wanted.texts,
                    tls=options.tls,
                    growing=options.growing,
                )
            )
            for spec in specs
        ]
