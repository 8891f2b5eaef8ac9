"""Reads the sources of a command line as one reading."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import msgspec

from spanpact.sources import open_source
from spanpact.sources.http_client import NO_TLS_OPTIONS, TlsOptions
from spanpact.trace.model import LogRecord, Reading, SourceInfo, Span, Trace


@dataclass(frozen=True, slots=True)
class Asked:
    """What a command line says of all its sources: labels, the traces that are wanted (none: all), TLS options."""

    scenarios: Mapping[str, str] = field(default_factory=dict)
    trace_ids: tuple[str, ...] = ()
    tls: TlsOptions = NO_TLS_OPTIONS


ASKED_NOTHING = Asked()


def read_sources(specs: Sequence[str], asked: Asked = ASKED_NOTHING) -> Reading:
    """What all sources hold together, labelled.

    Raises UsageError for a specification that names no source, SourceError for one that cannot be read.
    """
    with open_sources(specs, asked) as read:
        return merged(read())


@contextmanager
def open_sources(specs: Sequence[str], asked: Asked) -> Iterator[Callable[[], list[Reading]]]:
    """Opens the sources, to be read again and again: the readings in their order, of the traces that are wanted.

    Errors as for `read_sources`.
    """
    with ExitStack() as stack:
        sources = [
            stack.enter_context(open_source(spec, scenarios=asked.scenarios, trace_ids=asked.trace_ids, tls=asked.tls))
            for spec in specs
        ]
        yield lambda: [labelled(_wanted(source.read(), asked.trace_ids), asked.scenarios) for source in sources]


def _wanted(reading: Reading, trace_ids: Sequence[str]) -> Reading:
    if not trace_ids:
        return reading
    traces = [trace for trace in reading.traces if trace.trace_id in trace_ids]
    return msgspec.structs.replace(reading, traces=traces)


def labelled(reading: Reading, scenarios: Mapping[str, str]) -> Reading:
    """The reading with the traces labelled; a label that is there already stays where none is given."""
    if not scenarios:
        return reading
    traces = [
        msgspec.structs.replace(trace, scenario=scenarios.get(trace.trace_id, trace.scenario))
        for trace in reading.traces
    ]
    return msgspec.structs.replace(reading, traces=traces)


def merged(readings: Sequence[Reading]) -> Reading:
    """One reading of several parts: spans of one trace come together, a span that two parts hold equally is one.

    It can carry only what every part can, and its times are as coarse as the coarsest.
    """
    if len(readings) == 1:
        return readings[0]
    infos = [reading.source for reading in readings]
    info = SourceInfo(
        " + ".join(dict.fromkeys(info.name for info in infos)),
        frozenset.intersection(*(info.capabilities for info in infos)),
        max(info.resolution_ns for info in infos),
    )
    parts: dict[str, list[Trace]] = {}
    for reading in readings:
        for trace in reading.traces:
            parts.setdefault(trace.trace_id, []).append(trace)
    offered = [reading.offered for reading in readings if reading.offered is not None]
    whole = sum(offered) if len(offered) == len(readings) else None
    return Reading(info, [_merged_trace(each) for each in parts.values()], whole)


def _merged_trace(parts: Sequence[Trace]) -> Trace:
    if len(parts) == 1:
        return parts[0]
    spans: list[Span] = []
    logs: list[LogRecord] = []
    for part in parts:
        known, known_logs = {span.span_id: span for span in spans}, list(logs)
        spans += [span for span in part.spans if known.get(span.span_id) != span]
        logs += [record for record in part.logs if record not in known_logs]
    label = next((part.scenario for part in parts if part.scenario), "")
    return Trace(parts[0].trace_id, spans, logs, all(part.complete for part in parts), label)
