"""The service's metrics: counted for every call, sampled or not, and scraped by Prometheus with exemplars (S4.4).

    metrics = ServiceMetrics(settings)
    metrics.watch_spans(telemetry.ledger)
    tracer = MeasuredTracer(telemetry.tracer("..."), metrics)     # what uses this tracer is measured
    body, content_type = metrics.scrape(accept)

`catalogue` declares the metrics. Numbers that others keep already (spans, pools, breakers, log lines) are read at each
scrape.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

from opentelemetry.trace import Span, SpanKind, get_current_span
from prometheus_client import CollectorRegistry

from reference_impl import vocabulary as v
from reference_impl.circuit_breaker.values import BreakerEvent, Transition
from reference_impl.metrics import catalogue as c
from reference_impl.metrics.exposition import Samples, as_family, best_format
from reference_impl.metrics.outcomes import call_outcome, error_reason, operation_outcome, query_outcome, redis_outcome
from reference_impl.metrics.series import Admission, Family, Series, recorded
from reference_impl.metrics.sources import Breaker, LogCounts, PoolUse, ServiceIdentity, SpanCounts

_KEPT: Final = tuple(m for m in c.CATALOGUE if m.kind in ("counter", "histogram"))
_TRANSITIONS: Final = (("closed", "open"), ("open", "half_open"), ("half_open", "open"), ("half_open", "closed"))
_MOST_COMMANDS: Final = 512

Watch: TypeAlias = Callable[[], Iterable[tuple[c.Metric, tuple[str, ...], float]]]


class ServiceMetrics:
    """All metrics of one service instance, in their own registry; the `Measures` of a MeasuredTracer.

    Methods may be called from any thread; those that count never raise.
    """

    def __init__(self, settings: ServiceIdentity) -> None:
        self._lock = threading.RLock()
        self._admissions = {label: Admission(label) for metric in c.CATALOGUE for label in metric.labels}
        self._families = {metric: Family(metric, self._admissions) for metric in _KEPT}
        self._named = (settings.service_name, settings.service_version, settings.environment)
        self._watches: list[Watch] = []
        self._watched: set[c.Metric] = set()
        self._in_progress = 0
        self._of_command: dict[tuple[str, str, bool | None], tuple[Series, Sequence[Series]]] = {}
        self.registry = CollectorRegistry()
        self.registry.register(self)

    # --- What the instrumentation calls ------------------------------------------------------------------------

    def operation(
        self,
        name: str,
        kind: SpanKind,
        seconds: float,
        *,
        error: BaseException | None,
        attributes: Mapping[str, Any],
        span: Span,
    ) -> None:
        """See Measures. Server spans are not counted here, but by the middleware, which knows their HTTP status."""
        if name == v.DB_QUERY:
            self._count_statement(c.DB_QUERIES, c.DB_QUERY_DURATION, attributes, query_outcome(error), seconds, span)
        elif name == v.EXECUTE_WITH_CIRCUIT_BREAKER:
            self._count_statement(c.DB_CALLS, c.DB_CALL_DURATION, attributes, call_outcome(error), seconds, span)
        elif kind is SpanKind.INTERNAL:
            outcome = operation_outcome(error, attributes)
            self._count(span, seconds, (c.OPERATIONS, (name, outcome)), (c.OPERATION_DURATION, (name,)))

    def redis_command(
        self, pool: str, command: str, seconds: float, *, error: BaseException | None, hit: bool | None, span: Span
    ) -> None:
        """See Measures."""
        if error is None:
            # By remembered series, because every command pays for this. A series is never removed.
            try:
                duration, counters = self._of_command.get((pool, command, hit)) or self._series(pool, command, hit)
                context = recorded(span)
                with self._lock:
                    duration.add(seconds, context)
                    for counter in counters:
                        counter.count(context)
                return
            except Exception:  # `_count` will fail too, and count the fault
                pass
        commands = (c.REDIS_COMMANDS, (pool, command, "ok" if error is None else redis_outcome(error)))
        self._count(span, seconds, commands, (c.REDIS_DURATION, (pool, command)))

    def _series(self, pool: str, command: str, hit: bool | None) -> tuple[Series, Sequence[Series]]:
        """Return the series of a command that succeeded: its duration, and its counters."""
        wanted: list[tuple[c.Metric, tuple[str, ...]]] = [(c.REDIS_COMMANDS, (pool, command, "ok"))]
        if hit is not None:
            wanted.append((c.CACHE_READS, (command, "hit" if hit else "miss")))
        with self._lock:
            duration = self._families[c.REDIS_DURATION].touch((pool, command))
            counters = [self._families[metric].touch(labels) for metric, labels in wanted]
            if len(self._of_command) < _MOST_COMMANDS:
                self._of_command[pool, command, hit] = duration, counters
        return duration, counters

    def request_began(self) -> None:
        """Count a request whose serving began."""
        with self._lock:
            self._in_progress += 1

    def request_ended(
        self, operation: str, status: int | None, seconds: float, *, error: BaseException | None, span: Span
    ) -> None:
        """Count a request that ended; `status` is None if no response was begun."""
        with self._lock:
            self._in_progress -= 1
        if status is None and isinstance(error, Exception):
            status = 500  # the server's answer
        requests = (c.REQUESTS, (operation, f"{status // 100}xx" if status else "none"))
        reason = error_reason(status, error)
        errors = ((c.REQUEST_ERRORS, (operation, reason)),) if reason else ()
        self._count(span, seconds, requests, (c.REQUEST_DURATION, (operation,)), *errors)

    def breaker_event(self, event: BreakerEvent) -> None:
        """Count a change of a circuit breaker's state; a listener for `CircuitBreaker`."""
        if isinstance(event, Transition):
            move = (event.pool, event.from_state, event.to_state)
            self._count(get_current_span(), 0.0, (c.BREAKER_TRANSITIONS, move))

    def _count_statement(
        self,
        calls: c.Metric,
        duration: c.Metric,
        attributes: Mapping[str, Any],
        outcome: str,
        seconds: float,
        span: Span,
    ) -> None:
        pool = attributes.get(v.CONNECTION_POOL, c.OTHER)
        statement = attributes.get(v.OPERATION) or attributes.get(v.DB_OPERATION_NAME, c.OTHER)
        self._count(span, seconds, (calls, (pool, statement, outcome)), (duration, (pool, statement)))

    def _count(self, span: Span | None, seconds: float, *counted: tuple[c.Metric, tuple[str, ...]]) -> None:
        """Count one call: add 1 to each counter, and its time to each histogram."""
        try:
            context, families = recorded(span), self._families
            with self._lock:
                for metric, labels in counted:
                    families[metric].add(labels, seconds if metric.buckets else 1.0, context)
        except Exception:  # a bad label, for example; the counted call must not fail
            self._note_fault()

    def _note_fault(self) -> None:
        with self._lock:
            self._families[c.METRIC_FAULTS].add(())

    # --- What is read at each scrape ---------------------------------------------------------------------------

    def watch_spans(self, ledger: Callable[[], SpanCounts]) -> None:
        """Report how many spans were stored and lost: `metrics.watch_spans(telemetry.ledger)`."""

        def read() -> Iterator[tuple[c.Metric, tuple[str, ...], float]]:
            now = ledger()
            yield from ((c.SPANS_LOST, (reason,), now.lost.get(reason, 0)) for reason in c.LOST_REASONS)
            yield c.SPANS_ENDED, (), now.ended
            yield c.SPANS_STORED, (), now.stored
            yield c.SPANS_PENDING, (), now.pending
            yield c.SPANS_ALTERED, (), now.altered

        self._watch(read, c.SPANS_LOST, c.SPANS_ENDED, c.SPANS_STORED, c.SPANS_PENDING, c.SPANS_ALTERED)

    def watch_logs(self, reading: Callable[[], LogCounts]) -> None:
        """Report how many log lines were written and dropped: `metrics.watch_logs(pipeline.reading)`."""

        def read() -> Iterator[tuple[c.Metric, tuple[str, ...], float]]:
            now = reading()
            yield from ((c.LOG_LINES, (level,), now.lines.get(level, 0)) for level in c.LOG_LEVELS)
            yield from ((c.LOG_LINES_DROPPED, (reason,), number) for reason, number in now.dropped.items())

        self._watch(read, c.LOG_LINES, c.LOG_LINES_DROPPED)

    def watch_keys(self, unregistered: Callable[[], int]) -> None:
        """Report how many keys matched no template: `metrics.watch_keys(lambda: KEYS.unregistered)`."""
        self._watch(lambda: [(c.UNREGISTERED_KEYS, (), unregistered())], c.UNREGISTERED_KEYS)

    def watch_pools(self, system: str, uses: Callable[[], Mapping[str, PoolUse]]) -> None:
        """Report the use of pools by key; `system` is `redis` or `database`."""

        def read() -> Iterator[tuple[c.Metric, tuple[str, ...], float]]:
            for pool, use in uses().items():
                yield c.POOL_IN_USE, (system, pool), use.in_use
                yield c.POOL_WAITING, (system, pool), use.waiting
                yield c.POOL_SIZE, (system, pool), use.size

        self._watch(read)

    def watch_breakers(self, breakers: Mapping[str, Breaker]) -> None:
        """Report the state of circuit breakers by pool; their transitions need `breaker_event` as a listener."""
        with self._lock:
            for pool in breakers:
                for move in _TRANSITIONS:
                    self._families[c.BREAKER_TRANSITIONS].touch((pool, *move))

        def read() -> Iterator[tuple[c.Metric, tuple[str, ...], float]]:
            for pool, breaker in breakers.items():
                now = breaker.snapshot()
                yield from ((c.BREAKER_STATE, (pool, state), float(now.state == state)) for state in c.STATES)
                yield from ((c.BREAKER_CALLS, (pool, outcome), number) for outcome, number in now.totals.items())

        self._watch(read, c.BREAKER_CALLS)

    def _watch(self, read: Watch, *instead_of: c.Metric) -> None:
        """Call `read` at each scrape. It replaces our own numbers of the metrics `instead_of`."""
        self._watches.append(read)
        self._watched |= set(instead_of)

    # --- The scrape --------------------------------------------------------------------------------------------

    def collect(self) -> Iterator[Any]:
        """Yield every metric of the catalogue with its numbers; called by the prometheus-client registry."""
        watched = self._read_watches()
        for metric in c.CATALOGUE:
            kept = None if metric in self._watched else self._families.get(metric)
            with self._lock:
                readings = kept.read() if kept is not None else ()
            yield as_family(metric, readings, watched.get(metric, {}))

    def _read_watches(self) -> dict[c.Metric, Samples]:
        found: dict[c.Metric, Samples] = {c.TARGET: {self._named: 1.0}, c.REQUESTS_IN_PROGRESS: {(): self._in_progress}}
        for watch in list(self._watches):
            try:
                for metric, labels, number in list(watch()):
                    samples = found.setdefault(metric, {})
                    shown = self._shown(metric, labels)
                    samples[shown] = samples.get(shown, 0.0) + number
            except Exception:  # a failing source must not hide the others
                self._note_fault()
        return found

    def _shown(self, metric: c.Metric, labels: tuple[str, ...]) -> tuple[str, ...]:
        with self._lock:
            return tuple(self._admissions[label].shown(text) for label, text in zip(metric.labels, labels, strict=True))

    def describe(self) -> Iterable[Any]:
        """Return the metrics without their numbers; the registry reads their names."""
        return [as_family(metric, (), {}) for metric in c.CATALOGUE]

    def scrape(self, accept: str = "") -> tuple[bytes, str]:
        """Return the body and content type of a scrape; with exemplars if `accept` prefers OpenMetrics."""
        encode, content_type = best_format(accept)
        return encode(self.registry), content_type
