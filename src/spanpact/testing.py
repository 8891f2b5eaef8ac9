"""For tests: deterministic ids and time, and contracts judged on the spans of an in-memory exporter.

provider = TracerProvider(id_generator=CountedIds())
exporter = InMemorySpanExporter()
...
assert_kept(verify_spans("contracts/session-validate.contract.yaml", exporter))
"""

from __future__ import annotations

import itertools
import os
import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from spanpact.contract import Contract
from spanpact.engine import verify
from spanpact.findings import Report
from spanpact.loader import compile_contract, load_contracts
from spanpact.model import Reading, SourceInfo, Span, Trace
from spanpact.plan import ContractPlan
from spanpact.reporting.text import TextOptions, render_text
from spanpact.sources.assembling import TraceAssembler
from spanpact.sources.memory import MemorySource

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.id_generator import IdGenerator
else:
    try:
        from opentelemetry.sdk.trace.id_generator import IdGenerator
    except ImportError:  # spans of the neutral model are judged without an SDK as well
        IdGenerator = object

__all__ = ["Contracts", "CountedIds", "ManualClock", "OneContract", "assert_kept", "plans_of", "verify_spans"]

OneContract: TypeAlias = str | os.PathLike[str] | ContractPlan | Contract
"""A contract file, a folder of them, a contract written in Python, or a plan."""

Contracts: TypeAlias = OneContract | Sequence[OneContract]
"""One or several."""

_START_NS: Final = 1_767_225_600_000_000_000  # 2026-01-01T00:00:00Z, where the examples of contracts start too


class CountedIds(IdGenerator):
    """An OpenTelemetry id generator that counts: the same ids in every run.

    With seed 0, trace ids are 00…01, 00…02, and span ids likewise. `seed` (0 to 2**32 - 1) stands in front of the
    count, so that processes with different seeds never make the same id. A `TraceIdRatioBased` sampler keeps all
    such traces, as it looks at the low bits: for its statistics use random ids. Safe to use from several threads.
    """

    def __init__(self, seed: int = 0) -> None:
        if not 0 <= seed < 2**32:
            raise ValueError(f"seed must be between 0 and 2**32 - 1, not {seed}")
        self._trace_base, self._span_base = seed << 96, seed << 32
        self._traces, self._spans = itertools.count(1), itertools.count(1)  # next() is atomic

    def generate_trace_id(self) -> int:
        """The next trace id."""
        return self._trace_base | next(self._traces)

    def generate_span_id(self) -> int:
        """The next span id."""
        return self._span_base | next(self._spans)

    def is_trace_id_random(self) -> bool:
        """False: W3C's random flag is not set."""
        return False


class ManualClock:
    """A clock that moves only when told: wall time, monotonic time, and a sleep that takes none.

    Calling it gives monotonic seconds, as `time.monotonic` does. Safe to use from several threads.
    """

    def __init__(self, *, start_ns: int = _START_NS) -> None:
        self._start_ns = self._now_ns = start_ns
        self._lock = threading.Lock()

    def advance(self, seconds: float = 0.0, *, nanoseconds: int = 0) -> None:
        """Moves on by this much; ValueError for going back."""
        step = round(seconds * 1_000_000_000) + nanoseconds
        if step < 0:
            raise ValueError(f"a clock does not go back by {-step} ns")
        with self._lock:
            self._now_ns += step

    def time_ns(self) -> int:
        """Wall time in nanoseconds since the Unix epoch."""
        return self._now_ns

    def time(self) -> float:
        """Wall time in seconds since the Unix epoch."""
        return self._now_ns / 1_000_000_000

    def monotonic_ns(self) -> int:
        """Nanoseconds since the clock was made."""
        return self._now_ns - self._start_ns

    def monotonic(self) -> float:
        """Seconds since the clock was made."""
        return self.monotonic_ns() / 1_000_000_000

    __call__ = monotonic

    def sleep(self, seconds: float) -> None:
        """Moves on instead of waiting."""
        self.advance(seconds)

    async def sleep_async(self, seconds: float) -> None:
        """Moves on instead of waiting, where a coroutine is asked for."""
        self.advance(seconds)

    def __repr__(self) -> str:
        return f"<ManualClock {self.monotonic():g} s>"


def verify_spans(
    contracts: Contracts,
    spans: Any,
    *,
    logs: Any = None,
    scenario: str = "",
    scenarios: Mapping[str, str] | None = None,
    offered: int | None = None,
    complete: bool = True,
    strict: bool = False,
    allow_unseen: bool = False,
) -> Report:
    """Judges finished spans by contracts.

    `spans`: an `InMemorySpanExporter`, `ReadableSpan`s, spans or traces of the neutral model, or a `Reading`.
    `logs`: an in-memory log exporter or its records. `scenario` labels all traces, `scenarios` those it names by
    trace id. Raises ContractError and UsageError for the contracts, nothing for the spans.
    """
    reading = _reading(spans, logs, offered, complete)
    named = scenarios or {}
    if scenario or named:
        labelled = [_labelled(trace, named.get(trace.trace_id, scenario)) for trace in reading.traces]
        reading = Reading(reading.source, labelled, reading.offered)
    return verify(plans_of(contracts), reading, strict=strict, allow_unseen=allow_unseen)


def _labelled(trace: Trace, scenario: str) -> Trace:
    return Trace(trace.trace_id, trace.spans, trace.logs, trace.complete, scenario or trace.scenario)


def _reading(spans: Any, logs: Any, offered: int | None, complete: bool) -> Reading:
    if isinstance(spans, Reading):
        return spans
    given = spans if hasattr(spans, "get_finished_spans") else list(spans)
    if isinstance(given, list) and given and isinstance(given[0], Trace):
        return Reading(SourceInfo("memory"), given, offered)
    if isinstance(given, list) and given and isinstance(given[0], Span):
        assembler = TraceAssembler()
        assembler.add(given)
        return Reading(SourceInfo("memory"), assembler.traces(complete=complete), offered)
    return MemorySource(given, logs=logs, offered=offered, complete=complete).read()


def plans_of(contracts: Contracts) -> list[ContractPlan]:
    """The plans of contracts, in whatever form they are given."""
    plans: list[ContractPlan] = []
    for each in [contracts] if isinstance(contracts, str | os.PathLike | ContractPlan | Contract) else contracts:
        if isinstance(each, ContractPlan):
            plans.append(each)
        elif isinstance(each, Contract):
            plans.append(compile_contract(each))
        else:
            plans += load_contracts([each])
    return plans


def assert_kept(report: Report) -> None:
    """Raises AssertionError with the text of the report unless every contract is kept."""
    __tracebackhide__ = True
    if report.verdict != "kept":
        raise AssertionError(f"{report.verdict}\n{render_text(report, TextOptions())}")
