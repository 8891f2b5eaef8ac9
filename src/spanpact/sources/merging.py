"""Select and label what sources read, and merge the readings of several sources into one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from spanpact.otlp.unread import UnreadFields
from spanpact.trace.merging import merge_trace
from spanpact.trace.model import Capability, Reading, SourceInfo, Trace
from spanpact.trace.trace_selection import TraceSelection

_OF_SPANS: Final[frozenset[Capability]] = frozenset(
    ["events", "links", "status_message", "remote", "trace_state", "schema_urls", "offered"]
)
"""What log records have not."""


def selected(reading: Reading, wanted: TraceSelection) -> Reading:
    """Return the reading with the traces that are wanted."""
    if not wanted:
        return reading
    traces, spanless = (
        [trace for trace in several if trace.trace_id in wanted] for several in (reading.traces, reading.spanless)
    )
    return msgspec.structs.replace(reading, traces=traces, spanless=spanless)


def labelled(reading: Reading, scenarios: Mapping[str, str]) -> Reading:
    """Return the reading with its traces labelled; a trace without a new label keeps its own."""
    if not scenarios:
        return reading
    traces, spanless = (
        [msgspec.structs.replace(trace, scenario=scenarios.get(trace.trace_id, trace.scenario)) for trace in several]
        for several in (reading.traces, reading.spanless)
    )
    return msgspec.structs.replace(reading, traces=traces, spanless=spanless)


def with_offered(reading: Reading, offered: int | None) -> Reading:
    """Return the reading with the number of requests that were made; None leaves it as it is."""
    if offered is None:
        return reading
    source = msgspec.structs.replace(reading.source, capabilities=reading.source.capabilities | {"offered"})
    return msgspec.structs.replace(reading, source=source, offered=offered)


def versions_of(infos: Iterable[SourceInfo]) -> str:
    """Return the versions of several sources as one text, each once."""
    return ", ".join(dict.fromkeys(info.version for info in infos if info.version))


def merged(readings: Sequence[Reading]) -> Reading:
    """Merge readings into one: spans of one trace are put together, equal copies of a span count once.

    The result has the capabilities that `_common_capabilities` says, and the coarsest time resolution of all parts.
    """
    if len(readings) == 1:
        return readings[0]
    infos = [reading.source for reading in readings]
    info = SourceInfo(
        " + ".join(dict.fromkeys(info.name for info in infos)),
        _common_capabilities(readings),
        max(info.resolution_ns for info in infos),
        versions_of(infos),
    )
    parts: dict[str, list[Trace]] = {}
    for reading in readings:
        for trace in (*reading.traces, *reading.spanless):
            parts.setdefault(trace.trace_id, []).append(trace)
    giving = _sources_of_spans(readings)
    offered = [reading.offered for reading in giving if reading.offered is not None]
    whole = sum(offered) if len(offered) == len(giving) else None
    unread = UnreadFields()
    for reading in readings:
        unread.update(reading.unread)
    with_spans = {trace.trace_id for reading in readings for trace in reading.traces}
    together = [merge_trace(each) for each in parts.values()]
    traces = [trace for trace in together if trace.trace_id in with_spans]
    spanless = [trace for trace in together if trace.trace_id not in with_spans]
    growing = next((reading.growing for reading in readings if reading.growing), "")
    return Reading(info, traces, whole, unread=unread.fields(), spanless=spanless, growing=growing)


def _is_of_logs(reading: Reading) -> bool:
    """Return whether a source gave log records and no span, as the file of logs that a collector writes."""
    return bool(reading.spanless) and not reading.traces


def _sources_of_spans(readings: Sequence[Reading]) -> Sequence[Reading]:
    return [reading for reading in readings if not _is_of_logs(reading)] or readings


def _common_capabilities(readings: Sequence[Reading]) -> frozenset[Capability]:
    """Return what the merged traces carry: what is missing in them is missing in the service too.

    What every source of spans can carry; a source of log records alone limits only what these have as well.
    """
    everything = frozenset.intersection(*(reading.source.capabilities for reading in readings))
    of_spans = frozenset.intersection(*(reading.source.capabilities for reading in _sources_of_spans(readings)))
    common = everything | (of_spans & _OF_SPANS)
    return common | {"logs"} if _carries_logs(readings) else common - {"logs"}


def _carries_logs(readings: Sequence[Reading]) -> bool:
    """Return whether the log records of every trace are among what was read.

    They are if a source holds log records alone, or if each trace was given by a source that carries them.
    """
    carrying = [reading for reading in readings if "logs" in reading.source.capabilities]
    if any(map(_is_of_logs, carrying)):
        return True
    known = {trace.trace_id for reading in carrying for trace in (*reading.traces, *reading.spanless)}
    others = [reading for reading in readings if "logs" not in reading.source.capabilities]
    return all(reading.traces and known.issuperset(trace.trace_id for trace in reading.traces) for reading in others)
