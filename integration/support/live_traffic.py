"""Live traffic in a Jaeger: requests through two services that export separately, and planted breaks among them."""

from __future__ import annotations

import heapq
import json
import random
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final, Self

SERVICE: Final = "shop"
CONTRACT: Final = """\
spanpact: 1
contract: order
version: 1.0.0
span: POST /orders
kind: server
children:
  pay: {span: payment.charge, kind: client, children: {charge: {span: POST /charges, kind: server}}}
closed: [children]
every: {private: {span: '*', forbid: [email]}}
examples:
  paid:
    trace: [{span: POST /orders, kind: server, children: [{span: payment.charge, kind: client,
             children: [{span: POST /charges, kind: server}]}]}]
  leaks:
    like: paid
    but: {pay: {attributes: {customer: ada@example.com}}}
    findings: [private/privacy-leak]
  lost:
    like: paid
    but: {charge: absent}
    findings: [charge/span-missing]
"""
BREAKS: Final = ("lost", "leak", "orphan", "surplus")
LONGEST_REQUEST_SECONDS: Final = 0.4
_FLUSH_SECONDS: Final = (1.0, 1.7)  # of the two services' exporters
_NS: Final = 1_000_000_000


@dataclass(slots=True)
class Traffic:
    """Sends `rate` requests a second to a Jaeger until it is left; one in `break_every` seconds is broken.

    `ended` has the time (s since the Unix epoch) at which each request ended, by trace id; `planted` that of each
    broken one, with the kind. Use it as a context manager.
    """

    otlp_http: str
    rate: float
    break_every: float
    seed: int = 0
    ended: dict[str, float] = field(default_factory=dict)
    planted: dict[str, tuple[float, str]] = field(default_factory=dict)
    sent: int = 0
    errors: list[str] = field(default_factory=list)
    _stopped: threading.Event = field(default_factory=threading.Event)
    _made: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)
    _due: list[list[tuple[float, int, dict[str, Any]]]] = field(default_factory=lambda: [[], []])
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> Self:
        self._threads = [threading.Thread(target=self._make)]
        self._threads += [threading.Thread(target=self._export, args=(each,)) for each in range(2)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Make no further request, and export what is still to be exported."""
        maker, *exporters = self._threads
        self._stopped.set()
        maker.join()
        self._made.set()  # only then, or the last requests would never be exported
        for thread in exporters:
            thread.join()

    def _make(self) -> None:
        """Make the requests at their times, none left out when this process was slow."""
        numbers, chosen, kinds = count(), random.Random(self.seed), iter(_forever(BREAKS))
        begun = time.time()
        next_break = begun + self.break_every
        while not self._stopped.wait(0.02):
            while (at := begun + next(numbers) / self.rate) <= time.time():
                kind = ""
                if at >= next_break:
                    kind, next_break = next(kinds), next_break + self.break_every
                self._request(at, chosen, kind)
            numbers = count(round((at - begun) * self.rate))

    def _request(self, at: float, chosen: random.Random, kind: str) -> None:
        taken, unknown = chosen.uniform(0.005, LONGEST_REQUEST_SECONDS), f"{chosen.getrandbits(64) | 1:016x}"
        top, pay, charge = order_spans(at, taken, chosen)
        trace_id, ours = top["traceId"], [top, pay]
        if kind == "leak":
            pay["attributes"] = [{"key": "customer", "value": {"stringValue": "ada@example.com"}}]
        if kind == "orphan":
            charge["parentSpanId"] = unknown
        if kind == "surplus":
            ours.append({**pay, "spanId": unknown, "name": "audit"})
        with self._lock:
            self.ended[trace_id] = at + taken
            if kind:
                self.planted[trace_id] = (at + taken, kind)
            for service, spans in enumerate((ours, [] if kind == "lost" else [charge])):
                for span in spans:
                    heapq.heappush(self._due[service], (at + taken, id(span), span))

    def _export(self, service: int) -> None:
        """Export the spans that have ended, as a batching exporter does."""
        while not self._made.wait(_FLUSH_SECONDS[service]):
            self._flush(service, time.time())
        self._flush(service, time.time() + 10)

    def _flush(self, service: int, until: float) -> None:
        spans, due = [], self._due[service]
        with self._lock:
            while due and due[0][0] <= until:
                spans.append(heapq.heappop(due)[2])
        if spans:
            try:
                send(self.otlp_http, spans, (SERVICE, "payments")[service])
                self.sent += len(spans)
            except OSError as error:
                self.errors.append(str(error))


def send(otlp_http: str, spans: Sequence[Mapping[str, Any]], service: str) -> None:
    """Export spans, in OTLP's JSON form, as those of a service. Raise OSError where they are not accepted."""
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": service}}]}
    scope = {"scope": {"name": "live"}, "spans": spans}
    body = json.dumps({"resourceSpans": [{"resource": resource, "scopeSpans": [scope]}]}).encode()
    request = urllib.request.Request(f"{otlp_http}/v1/traces", body, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        answer.read()


def order_spans(at: float, taken: float = 0.1, chosen: random.Random | None = None) -> list[dict[str, Any]]:
    """Return the spans of one order, which began at a time (s since the Unix epoch), in OTLP's JSON form.

    They are the order, the call of the payment service, and what that service did.
    """
    bits = (chosen or random).getrandbits
    trace_id, ids = f"{bits(128):032x}", [f"{bits(64) | 1:016x}" for _ in range(3)]
    start, end = round(at * _NS), round((at + taken) * _NS)
    return [
        _span(trace_id, ids[0], "", "POST /orders", 2, start, end),
        _span(trace_id, ids[1], ids[0], "payment.charge", 3, start + 1_000_000, end - 1_000_000),
        _span(trace_id, ids[2], ids[1], "POST /charges", 2, start + 2_000_000, end - 2_000_000),
    ]


def _forever(kinds: Sequence[str]) -> Iterator[str]:
    while True:
        yield from kinds


def _span(trace_id: str, id: str, parent: str, name: str, kind: int, start: int, end: int) -> dict[str, Any]:
    times = {"startTimeUnixNano": str(start), "endTimeUnixNano": str(end)}
    flags = 0x301 if kind == 2 and parent else 0x101
    return {
        "traceId": trace_id,
        "spanId": id,
        "parentSpanId": parent,
        "name": name,
        "kind": kind,
        "flags": flags,
        **times,
    }
