"""Every metric of the service, as data: the scrape and the page docs/metrics.md are made from it (S4.4).

`python -m docs.draw_metrics` prints the page. A label has a closed set of values, or admits the first few values that
come; all others show as `other`. So the number of series is bounded before the first request.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from reference_impl.circuit_breaker.values import OUTCOMES as BREAKER_OUTCOMES

Kind: TypeAlias = Literal["counter", "gauge", "histogram", "info"]

OTHER: Final = "other"
"""Stands for values that a label does not admit."""


@dataclass(frozen=True, slots=True, eq=False)
class Label:
    """A label: its closed set of `values`, or the first `at_most` values that come; others show as `other`."""

    name: str
    values: tuple[str, ...] = ()
    at_most: int = 0

    @property
    def bound(self) -> int:
        """Return the maximum number of values, `other` included; 1 for the fixed labels of an info metric."""
        return len(self.values) + 1 if self.values else self.at_most + 1


@dataclass(frozen=True, slots=True, eq=False)
class Metric:
    """A metric: its name without the suffix of its type, its labels and its meaning.

    `buckets` are a histogram's upper bounds in its unit. `exemplars`: each counter or bucket may name the span of its
    latest recorded call. `from_zero`: every series of its closed labels exists from the start.
    """

    name: str
    kind: Kind
    meaning: str
    labels: tuple[Label, ...] = ()
    unit: str = ""
    buckets: tuple[float, ...] = ()
    exemplars: bool = False
    from_zero: bool = False

    @property
    def bound(self) -> int:
        """Return the maximum number of combinations of label values."""
        return math.prod(label.bound for label in self.labels)

    @property
    def series(self) -> int:
        """Return the maximum number of series; a histogram has one for each bucket, `+Inf`, sum and count."""
        return self.bound * (len(self.buckets) + 3 if self.kind == "histogram" else 1)

    @property
    def scraped(self) -> str:
        """Return the name used in queries; a histogram's without `_bucket`, `_sum` and `_count`."""
        return self.name + {"counter": "_total", "info": "_info"}.get(self.kind, "")


STATUSES: Final = ("1xx", "2xx", "3xx", "4xx", "5xx", "none")
"""`none`: no response was begun."""
ERROR_REASONS: Final = ("exception", "unavailable", "status", "cancelled")
REDIS_OUTCOMES: Final = ("ok", "error", "timeout", "unreachable", "exhausted", "cancelled")
CALL_OUTCOMES: Final = ("ok", "error", "timeout", "rejected", "exhausted", "cancelled")
OPERATION_OUTCOMES: Final = ("ok", "valid", "expired", "unknown", "tampered", "error", "cancelled")
STATES: Final = ("closed", "open", "half_open")
# Those of the packages that are counted, not imported so that metrics can be copied without them; a test compares.
LOST_REASONS: Final = (
    "queue_full", "encode", "export", "rejected", "deadline", "after_shutdown", "worker", "spool_full", "spool_expired",
    "spool_torn",
)  # fmt: skip
LOG_LEVELS: Final = ("debug", "info", "warning", "error", "critical")
LOG_DROP_REASONS: Final = ("otlp", "render", "stream")
CACHE_READ_COMMANDS: Final = ("GET", "GETDEL", "GETEX", "HGET", "HGETALL", "HMGET", "MGET")
STATEMENTS: Final = ("SELECT", "INSERT", "UPDATE", "DELETE")

_ROUTE = Label("operation", at_most=64)
_OPERATION = Label("operation", at_most=32)
_POOL = Label("pool", at_most=8)
_SYSTEM = Label("system", ("redis", "database"))
_COMMAND = Label("command", at_most=32)
_STATEMENT = Label("operation", STATEMENTS)
_FAST: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0)
_REQUEST: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

REQUESTS = Metric(
    "studio_requests", "counter", "Requests that were answered or given up, by route and class of status.",
    (_ROUTE, Label("status", STATUSES)),
)  # fmt: skip
REQUEST_ERRORS = Metric(
    "studio_request_errors", "counter",
    "Requests that failed: `exception` (no handler took it), `unavailable` (status 503), `status` (another 5xx), "
    "`cancelled` (no answer was awaited any more).",
    (_ROUTE, Label("reason", ERROR_REASONS)), exemplars=True,
)  # fmt: skip
REQUEST_DURATION = Metric(
    "studio_request_duration_seconds", "histogram", "Time from a request's head to the end of its response.",
    (_ROUTE,), "seconds", _REQUEST, exemplars=True,
)  # fmt: skip
REQUESTS_IN_PROGRESS = Metric("studio_requests_in_progress", "gauge", "Requests that are being served now.")
OPERATIONS = Metric(
    "studio_operations", "counter",
    "Operations of the service, by span name and outcome; `session.validate` is ok as `valid`, and says why it is not.",
    (_OPERATION, Label("outcome", OPERATION_OUTCOMES)), exemplars=True,
)  # fmt: skip
OPERATION_DURATION = Metric(
    "studio_operation_duration_seconds", "histogram", "Time that an operation took, by span name.",
    (_OPERATION,), "seconds", _REQUEST, exemplars=True,
)  # fmt: skip
REDIS_COMMANDS = Metric(
    "studio_redis_commands", "counter",
    "Redis commands and pipelines: `timeout` is our deadline, `unreachable` no connection, `exhausted` our own pool.",
    (_POOL, _COMMAND, Label("outcome", REDIS_OUTCOMES)), exemplars=True,
)  # fmt: skip
REDIS_DURATION = Metric(
    "studio_redis_command_duration_seconds", "histogram", "Time that a Redis command or pipeline took.",
    (_POOL, _COMMAND), "seconds", _FAST, exemplars=True,
)  # fmt: skip
CACHE_READS = Metric(
    "studio_cache_reads", "counter", "Reads of the cache that were answered: found (`hit`) or not (`miss`).",
    (Label("command", CACHE_READ_COMMANDS), Label("result", ("hit", "miss"))), from_zero=True,
)  # fmt: skip
DB_CALLS = Metric(
    "studio_db_calls", "counter",
    "Calls through the circuit breaker: `rejected` by the breaker, `exhausted` our own pool, `timeout` our deadline.",
    (_POOL, _STATEMENT, Label("outcome", CALL_OUTCOMES)), exemplars=True,
)  # fmt: skip
DB_CALL_DURATION = Metric(
    "studio_db_call_duration_seconds", "histogram", "Time that a call took, the wait for a connection included.",
    (_POOL, _STATEMENT), "seconds", _REQUEST, exemplars=True,
)  # fmt: skip
DB_QUERIES = Metric(
    "studio_db_queries", "counter", "Queries that were sent to a database.",
    (_POOL, _STATEMENT, Label("outcome", ("ok", "error", "cancelled"))), exemplars=True,
)  # fmt: skip
DB_QUERY_DURATION = Metric(
    "studio_db_query_duration_seconds", "histogram", "Time that a query took, without the wait for a connection.",
    (_POOL, _STATEMENT), "seconds", _FAST, exemplars=True,
)  # fmt: skip
POOL_IN_USE = Metric("studio_pool_in_use", "gauge", "Connections in use now.", (_SYSTEM, _POOL))
POOL_WAITING = Metric("studio_pool_waiting", "gauge", "Calls that wait for a connection now.", (_SYSTEM, _POOL))
POOL_SIZE = Metric("studio_pool_size", "gauge", "The most connections that there may be.", (_SYSTEM, _POOL))
BREAKER_STATE = Metric(
    "studio_circuit_breaker_state", "gauge", "1 for the state that the breaker is in, 0 for the others.",
    (_POOL, Label("state", STATES)),
)  # fmt: skip
BREAKER_TRANSITIONS = Metric(
    "studio_circuit_breaker_transitions", "counter", "Changes of a breaker's state.",
    (_POOL, Label("from_state", STATES), Label("to_state", STATES)), exemplars=True,
)  # fmt: skip
BREAKER_CALLS = Metric(
    "studio_circuit_breaker_calls", "counter",
    "What became of calls: counted (`succeeded`, `failed`), counted neither way (`released`, `late`), `rejected`; "
    "`hung` are probes whose permit was taken back.",
    (_POOL, Label("outcome", BREAKER_OUTCOMES)),
)  # fmt: skip
SPANS_ENDED = Metric("studio_spans_ended", "counter", "Sampled spans that ended.")
SPANS_STORED = Metric("studio_spans_stored", "counter", "Spans that the endpoint took.")
SPANS_LOST = Metric(
    "studio_spans_lost", "counter", "Spans that were lost, by reason.", (Label("reason", LOST_REASONS),), from_zero=True
)  # fmt: skip
SPANS_PENDING = Metric("studio_spans_pending", "gauge", "Spans that are neither stored nor lost yet.")
SPANS_ALTERED = Metric("studio_spans_altered", "counter", "Spans whose values were made safe before they left.")
UNREGISTERED_KEYS = Metric(
    "studio_unregistered_keys", "counter", "Keys in recorded Redis spans that fit no registered template."
)
LOG_LINES = Metric(
    "studio_log_lines", "counter", "Log lines that were written.", (Label("level", LOG_LEVELS),), from_zero=True
)
LOG_LINES_DROPPED = Metric(
    "studio_log_lines_dropped", "counter",
    "Log lines that were lost: not written (`stream`), not made (`render`), not handed to OpenTelemetry (`otlp`).",
    (Label("reason", LOG_DROP_REASONS),), from_zero=True,
)  # fmt: skip
METRIC_FAULTS = Metric("studio_metric_faults", "counter", "Failures of the metrics themselves.")
TARGET = Metric(
    "target", "info", "The service: always 1, with its name, version and environment as labels.",
    (Label("service_name"), Label("service_version"), Label("deployment_environment")),
)  # fmt: skip

CATALOGUE: Final[tuple[Metric, ...]] = tuple(value for value in list(globals().values()) if isinstance(value, Metric))
"""Every metric, in the order above."""
