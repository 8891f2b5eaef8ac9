"""A server that holds traces and answers as `/api/v3` of Jaeger does: bounds, limits, the newest first."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Sequence
from urllib.parse import parse_qs, urlsplit

from spanpact.sources import encode_traces_json
from spanpact.trace.model import Reading, SourceInfo, Span, Trace
from tests.sources.jaeger.jaeger_traces import recorded
from tests.sources.scripted_http import answer

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class HeldTraces:
    """A script for `ScriptedServer`. Each span arrives at its time (seconds of `clock`); all are of one service."""

    def __init__(self, clock: Callable[[], float] = lambda: 0.0) -> None:
        self._clock = clock
        self._arrivals: dict[str, list[tuple[float, Sequence[Span]]]] = {}
        self.failing = (0.0, 0.0)
        self.searches: list[dict[str, str]] = []
        self.by_id = 0

    def hold(self, trace_id: str, spans: Sequence[Span], *, at: float = 0.0) -> None:
        """Hold further spans of a trace, from this time on."""
        self._arrivals.setdefault(trace_id, []).append((at, spans))

    def clear(self) -> None:
        """Forget all traces and questions."""
        self._arrivals.clear()
        self.searches.clear()

    def __call__(self, head: str) -> bytes:
        now, parts = self._clock(), urlsplit(head.split()[1])
        if parts.path == "/":
            return recorded("200-page.html")
        if self.failing[0] <= now < self.failing[1]:
            return answer(503, b"{}")
        if parts.path != "/api/v3/traces":
            self.by_id += 1
            return self._answer([self._present(parts.path.rpartition("/")[2], now)])
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.searches.append(asked)
        low, high = (_ns(asked[f"query.start_time_{which}"]) for which in ("min", "max"))
        present = [self._present(trace_id, now) for trace_id in self._arrivals]
        within = [spans for spans in present if any(low <= span.start_ns <= high for span in spans)]
        within.sort(key=lambda spans: -min(span.start_ns for span in spans))
        return self._answer(within[: int(asked["query.num_traces"])])

    def _present(self, trace_id: str, now: float) -> list[Span]:
        return [span for at, spans in self._arrivals.get(trace_id, ()) if at <= now for span in spans]

    def _answer(self, found: Sequence[Sequence[Span]]) -> bytes:
        traces = [Trace(spans[0].trace_id, spans) for spans in found if spans]
        if not traces:
            return recorded("404-v3-missing.json")
        body = json.loads(encode_traces_json(Reading(SourceInfo("held"), traces)))
        return answer(200, json.dumps({"result": body}).encode())


def _ns(text: str) -> int:
    """Return a time as the source writes it, in ns since the Unix epoch."""
    whole, _, rest = text.removesuffix("Z").partition(".")
    seconds = (dt.datetime.fromisoformat(whole).replace(tzinfo=dt.UTC) - EPOCH) // dt.timedelta(seconds=1)
    return seconds * 1_000_000_000 + int(rest)
