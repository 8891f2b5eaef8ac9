"""Write the exact traces of a scenario as text, to which the reference implementation is held beyond the contracts.

    python -m contracts.exact_traces [SCENARIO ...]

writes the files of `contracts/exact` again, after an intended change: read the difference before you commit it.
Contracts hold for every studio-api; these texts hold for the reference implementation alone, with every attribute,
event, link and log line. Values that differ from run to run are shown in ‹›, but only if they are plausible: an id, a
time within its span, a port.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from urllib.parse import urlsplit

from spanpact.trace.model import Event, Link, LogRecord, Reading, Span, Trace, Value

_ABOUT = "Write the exact traces of scenarios to contracts/exact."
FOLDER = Path(__file__).parent / "exact"

_ID_OF_A_RUN = re.compile(r"[0-9a-f]{32}")
_ID_OF_A_SCENARIO = re.compile(r"(.)\1{15,}.?")  # an id that a scenario sets repeats one digit, and is shown as it is
_FOLDER = re.compile(r"/\S*/(?=[^/\s]+\.sock)")
_RESOURCE = ("service.name", "service.version", "deployment.environment", "deployment.environment.name")
_PORT_IN_URL = re.compile(r"(?<=//127\.0\.0\.1:)\d+")
_LINES = re.compile(r"(unhandled \w+ at \w+):\d+( < \w+:\d+)+")
_TIMES = frozenset({"latency_ms", "pool.checkout_ms", "duration_ms"})
_PORTS = frozenset({"server.port", "network.peer.port"})
_CLOCK_TOLERANCE_MS = 10_000.0  # a busy machine may pause between two readings of a clock; a wrong unit differs by more


@dataclass(slots=True)
class ExactText:
    """One reading as text.

    `redis_url` has the port to replace. `clocked` means that breakers had a clock set by hand, so times are exact.
    """

    reading: Reading
    redis_url: str
    clocked: bool = False
    _ids: dict[str, int] = field(default_factory=dict)
    _logs: Mapping[str, list[LogRecord]] = field(default_factory=dict)
    _names: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def __str__(self) -> str:
        self._names = {(s.trace_id, s.span_id): s.name for trace in self.reading.traces for s in trace.spans}
        traces = sorted(self.reading.traces, key=lambda trace: min((s.start_ns for s in trace.spans), default=0))
        return "".join(f"{line}\n" for text in _counted([[*self._trace(each)] for each in traces]) for line in text)

    def _trace(self, trace: Trace) -> Iterator[str]:
        self._ids[trace.trace_id] = 0
        by_span = defaultdict(list)
        for record in trace.logs:
            by_span[record.span_id].append(record)
        self._logs = by_span
        below = defaultdict(list)
        known = {span.span_id for span in trace.spans}
        for span in sorted(trace.spans, key=lambda span: span.start_ns):
            below[span.parent_id if span.parent_id in known else ""].append(span)
        given = f" {trace.trace_id}" if _ID_OF_A_SCENARIO.fullmatch(trace.trace_id) else ""
        yield f"trace{given}"
        for text in _counted([list(self._span(span, below)) for span in below[""]]):
            yield from text
        for record in (one for span_id, records in by_span.items() if span_id not in known for one in records):
            yield f"  {self._log(record, None)} of no span"

    def _span(self, span: Span, below: Mapping[str, Sequence[Span]]) -> Iterator[str]:
        status = f"{span.status} {span.status_message!r}" if span.status_message else span.status
        yield f"  {span.name}  {span.kind} {status}{self._parent(span, below)}"
        resource = span.resource.attributes
        own = [str(resource[name]) for name in _RESOURCE if name in resource]
        yield f"    by {span.scope.name} {span.scope.version}".rstrip() + f"; {', '.join(own)}"
        yield f"    {{{', '.join(self._attributes(span.attributes, _longest_ms(span)))}}}"
        yield from (f"    event {self._event(event, span)}" for event in span.events)
        yield from (f"    link {self._link(link)}" for link in span.links)
        yield from (f"    log {self._log(record, span)}" for record in self._logs.get(span.span_id, ()))
        if span.trace_state or span.dropped_attributes or span.dropped_events or span.dropped_links:
            yield f"    state {span.trace_state!r}, dropped {span.dropped_attributes}, {span.dropped_events}"
        for text in _counted([list(self._span(child, below)) for child in below.get(span.span_id, ())]):
            yield from (f"  {line}" for line in text)

    def _parent(self, span: Span, below: Mapping[str, Sequence[Span]]) -> str:
        if span not in below.get("", ()):
            return ""
        where = "remote" if span.parent_remote else "unknown"
        return f", parent {where} {span.parent_id}" if span.parent_id else ", root"

    def _attributes(self, attributes: Mapping[str, Value], longest_ms: float | None) -> list[str]:
        """Format attributes; durations up to `longest_ms` are replaced, all are exact for None."""
        return [f"{name}: {self._value(name, attributes[name], longest_ms)}" for name in sorted(attributes)]

    def _value(self, name: str, value: Value, longest_ms: float | None) -> str:
        if name in _TIMES and longest_ms is not None and isinstance(value, float) and 0 < value <= longest_ms:
            return "‹ms›"
        if name in _PORTS and value == urlsplit(self.redis_url).port:
            return "‹port of Redis›"
        if name in _PORTS and isinstance(value, int) and value > 1024:
            return "‹other port›"
        if name == "retry_after_s" and not self.clocked and isinstance(value, float) and 0 < value <= 60:
            return "‹s›"
        text = _PORT_IN_URL.sub("‹port›", json.dumps(value, ensure_ascii=False, default=repr))
        text = _LINES.sub(r"\1:‹line› < ‹places›", text)
        return _FOLDER.sub("‹folder›/", _ID_OF_A_RUN.sub(self._id, text))

    def _id(self, found: re.Match[str]) -> str:
        if _ID_OF_A_SCENARIO.fullmatch(found[0]):
            return found[0]
        number = self._ids.setdefault(found[0], 1 + sum(number > 0 for number in self._ids.values()))
        return f"‹id {number}›" if number else "‹id of the trace›"

    def _event(self, event: Event, span: Span) -> str:
        late = "" if span.start_ns <= event.time_ns <= span.end_ns else " outside its span"
        longest_ms = None if self.clocked else _longest_ms(span)
        return f"{event.name}{late} {{{', '.join(self._attributes(event.attributes, longest_ms))}}}"

    def _link(self, link: Link) -> str:
        to = self._names.get((link.trace_id, link.span_id), "elsewhere")
        return f"to {to} {{{', '.join(self._attributes(link.attributes, None))}}}"

    def _log(self, record: LogRecord, span: Span | None) -> str:
        name = f"{record.event_name} " if record.event_name else ""
        took = record.attributes.get("duration_ms")  # log lines round it to microseconds
        longest_ms = (
            None if isinstance(took, float) and took != round(took, 3) else _longest_ms(span) if span else math.inf
        )
        attributes = ", ".join(self._attributes(record.attributes, longest_ms))
        return f"{name}{record.severity} {self._value('', record.body, None)} {{{attributes}}}"


def _longest_ms(span: Span) -> float:
    return (span.end_ns - span.start_ns) / 1e6 + _CLOCK_TOLERANCE_MS


def _counted(texts: Sequence[list[str]]) -> Iterator[list[str]]:
    """Merge equal neighbours into one text with their number, `several` for SCAN, whose number the server decides."""
    for text, group in groupby(texts):
        number = len(list(group))
        several = "several" if any("  redis.scan" in line for line in text[:2]) else number
        yield text if number == 1 else [f"{text[0]}  × {several}", *text[1:]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the texts of these scenarios, by default of all. Return 0; exit with 2 for an unknown scenario."""
    from containers.servers.private_redis import private_redis
    from contracts.reference_adapter import ReferenceImplementation
    from contracts.scenario_catalogue import ALL_ACTIONS, CLOCKED

    parser = argparse.ArgumentParser(prog="python -m contracts.exact_traces", description=_ABOUT)
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help="default: every one")
    names: list[str] = parser.parse_args(arguments).scenarios
    if unknown := set(names) - ALL_ACTIONS.keys():
        parser.error(f"{min(unknown)} is no scenario; accepted: {', '.join(sorted(ALL_ACTIONS))}")
    with private_redis() as redis:
        for name in names or ALL_ACTIONS:
            reading = ReferenceImplementation(redis).perform(name)
            (FOLDER / f"{name}.txt").write_text(str(ExactText(reading, redis.url, clocked=name in CLOCKED)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
