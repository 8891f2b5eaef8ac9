"""Make any number of traces like those of studio-api, each with ids, durations and a correlation id of its own.

    python -m benchmarks.verification.made_traces KIND SPANS OUT [--size 64] [--seed 7]

KIND is one of `variations.KINDS`. OUT is JSON lines (`.jsonl`), or protobuf (`.pb`) of the spans alone: a protobuf file
holds one signal. Spans come in the order in which an exporter sends them: as they end, of eight requests at a time, in
requests of `--size` spans. Log records follow the request with their spans. A seed always gives the same bytes.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final

from benchmarks.verification.encoded_requests import encoded
from benchmarks.verification.span_templates import FLOWS, STUDIO, SpanTemplate
from benchmarks.verification.variations import KINDS, Traffic, pods
from spanpact.sources import encode_traces_json
from spanpact.trace.model import Event, LogRecord, Reading, Resource, Scope, SourceInfo, Span, Trace

AT_ONCE: Final = 8
_START_NS: Final = 1_767_225_600_000_000_000
_PODS: Final = pods(STUDIO)
_LOG_SCOPE: Final = Scope("reference_impl.logs")


@dataclass(slots=True)
class _Maker:
    """Makes traces from templates."""

    chance: random.Random
    studio: Resource = STUDIO
    made: list[Span] = field(default_factory=list)

    def trace(self, flow: SpanTemplate, start: int) -> list[Span]:
        """Return the spans of a trace, children before their parent."""
        self.made = []
        self._span(flow, f"{self.chance.getrandbits(128):032x}", "", f"{self.chance.getrandbits(128):032x}", start)
        return self.made

    def _span(self, what: SpanTemplate, trace_id: str, parent: str, correlation: str, start: int) -> int:
        span_id, at = f"{self.chance.getrandbits(64):016x}", start + self.chance.randrange(20_000, 400_000)
        ends = [at]
        for child in what.children:
            if what.together:
                at = start + self.chance.randrange(20_000, 300_000)
            ends.append(self._span(child, trace_id, span_id, correlation, at))
            at = ends[-1] + (0 if what.together else self.chance.randrange(5_000, 90_000))
        end = max(at, *ends) + self.chance.randrange(20_000, 2_000_000)
        lasted = {name: (end - start - self.chance.randrange(1_000, 9_000)) / 1e6 for name in what.timed}
        attributes = {"correlation.id": correlation, **what.attributes, **lasted}
        events = (Event("exception", end - 5_000, {"exception.type": what.failure}),) if what.failure else ()
        resource = self.studio if what.resource is STUDIO else what.resource
        self.made.append(
            Span(
                trace_id, span_id, what.name, parent, what.kind, start, end, "error" if what.failure else "unset", "",
                attributes, events, (), resource, what.scope, "", what.remote,
            )
        )  # fmt: skip
        return end


def spans(number: int, *, kind: str = "same", seed: int = 7) -> Iterator[Span]:
    """Yield at least `number` spans, in whole traces, in an exporter's order; each seed gives other spans."""
    chance, traffic = random.Random(seed), KINDS[kind]
    maker, made, start = _Maker(chance), 0, _START_NS
    while made < number:
        together: list[Span] = []
        for _ in range(AT_ONCE):
            start += 1_000_000
            if traffic.rough:
                maker.studio = chance.choice(_PODS)
            together += maker.trace(traffic.of_request(FLOWS[chance.randrange(len(FLOWS))], chance), start)
        made += len(together)
        yield from sorted(together, key=lambda span: span.end_ns)


def requests(number: int, size: int = 64, *, kind: str = "same", seed: int = 7) -> Iterator[Reading]:
    """Yield the same spans in requests of `size`, ordered by resource and scope; each reading is one request.

    Its traces have one span each, and the log record of that span where the traffic has logs.
    """
    coming, traffic = spans(number, kind=kind, seed=seed), KINDS[kind]
    while batch := list(islice(coming, size)):
        batch.sort(key=_group)
        yield Reading(SourceInfo("made"), [Trace(span.trace_id, [span], list(_logs(span, traffic))) for span in batch])


def _group(span: Span) -> tuple[str, str, str]:
    resource = span.resource.attributes
    return str(resource["service.name"]), str(resource["service.instance.id"]), span.scope.name


def _logs(span: Span, traffic: Traffic) -> Iterator[LogRecord]:
    """Yield the line of a request: shortly before its span ends, as the contract `request-log` asks."""
    if traffic.logs and span.kind == "server":
        yield LogRecord(
            span.trace_id, span.span_id, "request.handled", "request.handled", "INFO", span.end_ns - 1_000,
            {name: span.attributes[of] for name, of in _LINE.items()}, span.resource, _LOG_SCOPE, 9, 1,
        )  # fmt: skip


_LINE: Final = {"correlation.id": "correlation.id", "status": "http.response.status_code"}


def write(path: Path, number: int, *, kind: str = "same", size: int = 64, seed: int = 7) -> None:
    """Write a file of at least `number` spans; its suffix says whether as JSON lines or as protobuf."""
    write_several({path: number}, kind=kind, size=size, seed=seed)


def write_several(paths: Mapping[Path, int], *, kind: str = "same", size: int = 64, seed: int = 7) -> None:
    """Write files of one suffix, each with the first requests of the same traffic.

    The traces of the largest are whole; the others end where a request ends, which cuts the last few traces.
    """
    (suffix,) = {path.suffix for path in paths}
    made, largest = 0, max(paths.values())
    with ExitStack() as stack:
        files = [(stack.enter_context(path.open("wb")), number) for path, number in paths.items()]
        for request in requests(largest, size, kind=kind, seed=seed):
            body = b"".join(_parts(request, suffix))
            for file, number in files:
                if made < number or number == largest:
                    file.write(body)
            made += len(request.traces)


def write_traces_alone(path: Path, number: int) -> None:
    """Write traces, each as one JSON request in a line: a session is created, in ten spans of two services."""
    maker = _Maker(random.Random(7))
    with path.open("wb") as out:
        for _ in range(number):
            made = sorted(maker.trace(FLOWS[0], _START_NS), key=_group)
            out.write(encode_traces_json(Reading(SourceInfo("made"), [Trace(made[0].trace_id, made)])) + b"\n")


def _parts(request: Reading, suffix: str) -> Iterator[bytes]:
    for message in encoded(request, "json" if suffix == ".jsonl" else "protobuf"):
        if suffix == ".jsonl":
            yield message.body + b"\n"
        elif message.signal == "traces":
            yield message.body


def main(arguments: Sequence[str] | None = None) -> None:
    """Write one file."""
    parser = argparse.ArgumentParser("made_traces", description="Write a file of made traces.")
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("spans", type=int)
    parser.add_argument("out", type=Path, help="a file that ends with .jsonl or .pb")
    parser.add_argument("--size", type=int, default=64, help="spans of a request (default: 64)")
    parser.add_argument("--seed", type=int, default=7, help="each seed gives other spans (default: 7)")
    options = parser.parse_args(arguments)
    if options.out.suffix not in (".jsonl", ".pb"):
        parser.error(f"{options.out}: must end with .jsonl or .pb")
    if options.kind == "logs" and options.out.suffix == ".pb":
        parser.error("a protobuf file holds spans or log records, not both: write logs to a .jsonl file")
    write(options.out, options.spans, kind=options.kind, size=options.size, seed=options.seed)


if __name__ == "__main__":
    main()
