"""Judge every trace that was stored in a soak: by the contracts, with spanpact, whole and each once."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from integration.soak.span_archive import read_messages, write_message

CONTRACTS: Final = Path(__file__).parents[2] / "contracts" / "v1"
_BYTES_OF_A_PART: Final = 200 << 20
"""A part is read by one verification; a file may have two million spans."""
_KEPT, _BROKEN = 0, 1


@dataclass(frozen=True, slots=True)
class StoredTraces:
    """What was stored: the number of different spans, of spans that came again, and the trace ids.

    `broken` has the findings of each trace that does not keep the contracts; `problems` what could not be judged.
    """

    spans: int
    again: int
    trace_ids: frozenset[bytes]
    broken: Mapping[bytes, tuple[str, ...]]
    problems: tuple[str, ...] = ()


def judge_archive(file: Path, folder: Path) -> StoredTraces:
    """Judge the archive `file`; `folder` is for the files on the way. Raise ValueError for a file that is cut off."""
    parts = [folder / f"part-{number}.otlp" for number in range(1 + file.stat().st_size // _BYTES_OF_A_PART)]
    spans: set[bytes] = set()
    trace_ids: set[bytes] = set()
    again = 0
    with ExitStack() as stack:
        opened = [stack.enter_context(part.open("wb")) for part in parts]
        for message in read_messages(file):
            again += _deal(message, opened, spans, trace_ids)
    broken: dict[bytes, tuple[str, ...]] = {}
    problems = [] if spans else ["nothing was stored"]
    for part in parts:
        if part.stat().st_size:
            _verify(part, broken, problems)
        part.unlink()
    return StoredTraces(len(spans), again, frozenset(trace_ids), broken, tuple(problems))


def _deal(message: bytes, parts: Sequence[BinaryIO], spans: set[bytes], trace_ids: set[bytes]) -> int:
    """Deal the spans of a request to the part of their trace, without those that came before. Return how many did."""
    again = 0
    dealt = [ExportTraceServiceRequest() for _ in parts]
    for group in ExportTraceServiceRequest.FromString(message).resource_spans:
        for request in dealt:
            request.resource_spans.add(resource=group.resource, schema_url=group.schema_url)
        for scope in group.scope_spans:
            scopes = [
                request.resource_spans[-1].scope_spans.add(scope=scope.scope, schema_url=scope.schema_url)
                for request in dealt
            ]
            for span in scope.spans:
                key = span.trace_id + span.span_id
                if key in spans:
                    again += 1
                    continue
                spans.add(key)
                trace_ids.add(span.trace_id)
                scopes[span.trace_id[-1] % len(parts)].spans.append(span)
    for part, request in zip(parts, dealt, strict=True):
        write_message(part, request.SerializeToString())
    return again


def _verify(part: Path, broken: dict[bytes, tuple[str, ...]], problems: list[str]) -> None:
    command = ["verify", str(CONTRACTS), "--from", str(part), "--allow-unseen", "--format", "json"]
    done = subprocess.run([sys.executable, "-m", "spanpact", *command], capture_output=True, check=False)
    if done.returncode not in (_KEPT, _BROKEN):
        problems.append(f"the stored traces could not be judged: {done.stderr.decode(errors='replace').strip()}")
        return
    report: dict[str, Any] = json.loads(done.stdout)
    findings = [*report["integrity"], *(each for contract in report["contracts"] for each in contract["findings"])]
    for finding in findings:
        if finding["level"] == "violation":
            trace_id = bytes.fromhex(finding["trace_id"])
            broken[trace_id] = (*broken.get(trace_id, ()), f"{finding['entry']}/{finding['id']}")
