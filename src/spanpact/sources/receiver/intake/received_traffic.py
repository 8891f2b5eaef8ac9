"""What has arrived at a receiver for one session: bodies that were checked, and are decoded when they are read."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Collection, Mapping
from typing import Final, NamedTuple

import msgspec

from spanpact.otlp import Batch, Origin, SharedValues, decode_json, decode_protobuf_logs, decode_protobuf_traces
from spanpact.otlp.unread import UnreadFields
from spanpact.sources.receiver.intake.kept_bodies import KeptBodies, KeptBody
from spanpact.sources.receiver.intake.request_body import BODY, CheckedBody
from spanpact.trace.assembly import TraceAssembler
from spanpact.trace.model import Trace, UnreadField

NOTHING_GROWS: Final = math.inf
"""For `growing_since`: no more spans come to any trace."""
ALL_GROW: Final = -math.inf


class Kept(NamedTuple):
    """What was kept of a body: spans, log records, how many of both did not fit, and the bytes that it takes."""

    spans: int
    logs: int
    dropped: int
    size: int


class ReceivedTraffic:
    """The bodies of one session. `name` is "" for what has no session.

    Any thread may call every method. `traces` keeps what it has decoded: to judge much traffic, read `bodies`.
    """

    def __init__(self, name: str = "") -> None:
        self.name = name
        self.bodies = KeptBodies()
        self.spans = self.logs = self.dropped = 0
        self._unread = UnreadFields()
        self._lock = threading.Lock()
        self._reading = threading.Lock()
        self._assembler = TraceAssembler()
        self._shared = SharedValues()
        self._read_until = 0

    def keep(self, body: CheckedBody, room: tuple[int, int], rejected: int = 0) -> Kept:
        """Keep a body. `room` is that for more spans and log records; the last `rejected` of the body are left out.

        Raise OSError where the body cannot be kept.
        """
        spans, logs = max(0, body.content.spans - rejected), max(0, body.content.logs - rejected)
        taken = min(spans, max(0, room[0])), min(logs, max(0, room[1]))
        dropped = spans + logs - sum(taken)
        with self._lock:
            before = len(self.bodies)
            if any(taken):
                whole = taken == (body.content.spans, body.content.logs)
                self.bodies.append(KeptBody(body.signal, body.encoding, time.monotonic(), *taken, whole, body.data))
            self.spans += taken[0]
            self.logs += taken[1]
            self.dropped += dropped
            self._unread.update(body.content.unread)
            return Kept(*taken, dropped, len(self.bodies) - before)

    @property
    def unread(self) -> tuple[UnreadField, ...]:
        """Return what the unknown fields of all bodies hold."""
        with self._lock:
            return self._unread.fields()

    def traces(
        self, *, growing_since: float, scenarios: Mapping[str, str]
    ) -> tuple[tuple[Trace, ...], tuple[Trace, ...]]:
        """Return all traces so far, and the log records without a span as traces.

        A trace to which something came after `growing_since` (s, monotonic) is incomplete.
        """
        complete = growing_since != ALL_GROW
        with self._reading:
            for end, body in self.bodies.iterate(self._read_until):
                batch = decoded(body, self._shared)
                self._assembler.add(batch.spans, batch.logs)
                self._read_until = end
            traces = self._assembler.traces(complete=complete, scenarios=scenarios)
            spanless = self._assembler.spanless(complete=complete, scenarios=scenarios)
        if growing_since in (NOTHING_GROWS, ALL_GROW):
            return traces, spanless
        growing = self._trace_ids(growing_since)
        return _incomplete(traces, growing), _incomplete(spanless, growing)

    def _trace_ids(self, since: float) -> set[str]:
        """Return the ids of the traces to which something came after a time."""
        found: set[str] = set()
        for _, body in self.bodies.iterate():
            if body.arrived > since:
                batch = decoded(body, self._shared)
                found.update(span.trace_id for span in batch.spans)
                found.update(log.trace_id for log in batch.logs)
        return found

    def close(self) -> None:
        """Forget all bodies."""
        self.bodies.close()


def _incomplete(traces: tuple[Trace, ...], ids: Collection[str]) -> tuple[Trace, ...]:
    return tuple(msgspec.structs.replace(trace, complete=False) if trace.trace_id in ids else trace for trace in traces)


def decoded(body: KeptBody, shared: SharedValues) -> Batch:
    """Decode a kept body: those of its spans and log records that were not dropped or rejected."""
    batch = _decoded(body, shared)
    return Batch(batch.spans[: body.spans], batch.logs[: body.logs], batch.signals, batch.unread)


def _decoded(body: KeptBody, shared: SharedValues) -> Batch:
    if body.encoding == "json":
        return decode_json(body.data, origin=Origin(BODY), shared=shared, duplicate_keys=False)
    decode = decode_protobuf_traces if body.signal == "traces" else decode_protobuf_logs
    return decode(body.data, name=BODY, shared=shared)
