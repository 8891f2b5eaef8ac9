"""The panels of the dashboard studio-api, row by row: what each asks, in which unit, and what its numbers mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Kind: TypeAlias = Literal["timeseries", "stat", "heatmap", "state-timeline", "traces"]

BREAKER_STATES: Final = ("closed", "half open", "open")
"""The states of a breaker by the number that stands for each in a panel."""


@dataclass(frozen=True, slots=True)
class Query:
    """A PromQL query and the legend of its series. Of a panel of the kind `traces`: the least duration."""

    text: str
    legend: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """A panel: `unit` is Grafana's id of it, `width` is of 24 columns.

    `exemplars` shows those that Prometheus keeps, which link to Jaeger. `bad_from` is the value from which a `stat` is
    red. With `to_traces`, a series links to the traces of its operation.
    """

    title: str
    queries: tuple[Query, ...]
    meaning: str
    kind: Kind = "timeseries"
    unit: str = "reqps"
    width: int = 8
    exemplars: bool = False
    to_traces: bool = False
    bad_from: float | None = None


# `rate` looks back at least four scrapes: Grafana replaces $__rate_interval so.
_S: Final = 'job="$job",instance=~"$instance"'
_R: Final = "[$__rate_interval]"


def _rate(metric: str, by: str, *, where: str = "") -> str:
    return f"sum by ({by}) (rate({metric}{{{_S}{where}}}{_R}))"


def _quantile(share: float, metric: str, by: str) -> str:
    labels = ", ".join(filter(None, [by, "le"]))
    return f"histogram_quantile({share}, {_rate(f'{metric}_bucket', labels)})"


def _ratio(part: str, of: str, by: str, *, where: str = "") -> str:
    """Return the share of `part` in `of`; 0 while `part` has no series, no value while `of` stands still."""
    whole = _rate(of, by)
    return f"({_rate(part, by, where=where)} or 0 * {whole}) / ({whole} > 0)"


def _gauge(metric: str, by: str, *, function: str = "sum", where: str = "") -> str:
    return f"{function} by ({by}) ({metric}{{{_S}{where}}})"


_STATE: Final = (
    _gauge("studio_circuit_breaker_state", "instance, pool", function="max", where=',state="half_open"')
    + " + 2 * "
    + _gauge("studio_circuit_breaker_state", "instance, pool", function="max", where=',state="open"')
)
_SESSION_HITS: Final = (
    _rate("studio_cache_reads_total", "job", where=',command="GET",result="hit"')
    + " / ("
    + _rate("studio_cache_reads_total", "job", where=',command="GET"')
    + " > 0)"
)
_FAILED_COMMANDS: Final = ',outcome=~"error|timeout|unreachable|exhausted"'

ROWS: Final[tuple[tuple[str, tuple[Panel, ...]], ...]] = (
    ("Overview", (
        Panel("Requests", (Query(_rate("studio_requests_total", "job")),),
              "Requests a second, over all instances.", "stat", width=3),
        Panel("Failed", (Query(_ratio("studio_request_errors_total", "studio_requests_total", "job")),),
              "Share of requests that ended with a 5xx status, an exception or a caller that left.",
              "stat", "percentunit", 3, bad_from=0.05),
        Panel("P99", (Query(_quantile(0.99, "studio_request_duration_seconds", "")),),
              "One request in a hundred takes longer.", "stat", "s", 3, bad_from=0.5),
        Panel("Session hits", (Query(_SESSION_HITS),),
              "Share of session look-ups that Redis answered; the others went to the database.",
              "stat", "percentunit", 3),
        Panel("Breakers not closed", (Query(f'sum(studio_circuit_breaker_state{{{_S},state!="closed"}})'),),
              "Pools whose breaker is open or half open, over all instances.", "stat", "none", 3, bad_from=1),
        Panel("Calls that wait", (Query(f"sum(studio_pool_waiting{{{_S}}})"),),
              "Calls that wait for a connection of Redis or the database now.", "stat", "none", 3, bad_from=1),
        Panel("Spans lost", (Query(f"sum(increase(studio_spans_lost_total{{{_S}}}[1h]))"),),
              "Spans lost in the last hour.", "stat", "none", 3, bad_from=1),
        Panel("Instances", (Query(f"count by (service_name, service_version) (target_info{{{_S}}})",
                                  "{{service_name}} {{service_version}}"),),
              "Processes that Prometheus scrapes, by version.", "stat", "none", 3),
    )),
    ("Requests", (
        Panel("Requests by operation", (Query(_rate("studio_requests_total", "operation"), "{{operation}}"),),
              "Requests a second, by route. Click a line for its traces in Jaeger.", to_traces=True),
        Panel("Failed requests", (Query(_rate("studio_request_errors_total", "operation, reason"),
                                        "{{operation}} {{reason}}"),),
              "`exception`: no handler took it; `unavailable`: status 503; `status`: another 5xx; `cancelled`: the "
              "caller left.", exemplars=True, to_traces=True),
        Panel("Share of failed requests", (Query(_ratio("studio_request_errors_total", "studio_requests_total",
                                                        "operation"), "{{operation}}"),),
              "By route.", unit="percentunit", to_traces=True),
        Panel("P99 by operation", (Query(_quantile(0.99, "studio_request_duration_seconds", "operation"),
                                         "{{operation}}"),),
              "Time from a request's head to the end of its response. A dot is an exemplar: a link to its trace.",
              unit="s", exemplars=True, to_traces=True),
        Panel("P50 and P95", (Query(_quantile(0.5, "studio_request_duration_seconds", ""), "P50"),
                              Query(_quantile(0.95, "studio_request_duration_seconds", ""), "P95")),
              "Over all operations.", unit="s"),
        Panel("Latency", (Query(f"sum by (le) (increase(studio_request_duration_seconds_bucket{{{_S}}}{_R}))",
                                "{{le}}"),),
              "Requests by the time that they took. A dot is an exemplar: a link to its trace.",
              "heatmap", "s", exemplars=True),
        Panel("Requests by status", (Query(_rate("studio_requests_total", "status"), "{{status}}"),),
              "By class of status; `none`: no response was begun."),
        Panel("Requests in progress", (Query(_gauge("studio_requests_in_progress", "instance"), "{{instance}}"),),
              "Requests that are being served now.", unit="none"),
        Panel("Slow traces", (Query("500ms"),),
              "The service's latest traces with a span of half a second or more, from Jaeger.", "traces"),
    )),
    ("Operations", (
        Panel("Operations by outcome", (Query(_rate("studio_operations_total", "operation, outcome"),
                                              "{{operation}} {{outcome}}"),),
              "By span name. A session that is valid is `valid`; `expired`, `unknown` and `tampered` are answers too.",
              unit="ops", width=12, exemplars=True),
        Panel("P95 of operations", (Query(_quantile(0.95, "studio_operation_duration_seconds", "operation"),
                                          "{{operation}}"),),
              "By span name.", unit="s", width=12, exemplars=True),
    )),
    ("Redis", (
        Panel("Commands", (Query(_rate("studio_redis_commands_total", "command"), "{{command}}"),),
              "Commands and pipelines a second.", unit="ops"),
        Panel("Failed commands", (Query(_rate("studio_redis_commands_total", "command, outcome",
                                              where=_FAILED_COMMANDS), "{{command}} {{outcome}}"),),
              "`timeout`: our deadline; `unreachable`: no connection; `exhausted`: our own pool.",
              unit="ops", exemplars=True),
        Panel("P99 of commands", (Query(_quantile(0.99, "studio_redis_command_duration_seconds", "command"),
                                        "{{command}}"),),
              "Time that a command or pipeline took.", unit="s", exemplars=True),
        Panel("Cache hit ratio", (Query(_ratio("studio_cache_reads_total", "studio_cache_reads_total", "command",
                                               where=',result="hit"'), "{{command}}"),),
              "Share of answered reads that found their key. `GET` is the look-up of a session.", unit="percentunit"),
        Panel("Reads of the cache", (Query(_rate("studio_cache_reads_total", "result"), "{{result}}"),),
              "Each miss is a query of the database.", unit="ops"),
        Panel("Unregistered keys", (Query(f"sum(increase(studio_unregistered_keys_total{{{_S}}}{_R}))", "keys"),),
              "Keys in spans that fit no registered template: a new kind of key was not declared.", unit="none"),
    )),
    ("Database", (
        Panel("Calls by outcome", (Query(_rate("studio_db_calls_total", "outcome"), "{{outcome}}"),),
              "Calls through the breaker. `rejected`: by the breaker; `exhausted`: our own pool; `timeout`: our "
              "deadline.", unit="ops", exemplars=True),
        Panel("P95 of calls and queries", (
            Query(_quantile(0.95, "studio_db_call_duration_seconds", "operation"), "call {{operation}}"),
            Query(_quantile(0.95, "studio_db_query_duration_seconds", "operation"), "query {{operation}}")),
              "A call includes the wait for a connection; a query is what the database took.",
              unit="s", exemplars=True),
        Panel("Queries", (Query(_rate("studio_db_queries_total", "operation, outcome"), "{{operation}} {{outcome}}"),),
              "Queries that were sent.", unit="ops"),
    )),
    ("Pools", (
        Panel("Use of pools", (Query(
            _gauge("studio_pool_in_use", "system, pool") + " / " + _gauge("studio_pool_size", "system, pool"),
            "{{system}} {{pool}}"),),
              "Connections in use, as a share of the most that there may be.", unit="percentunit"),
        Panel("Connections in use", (Query(_gauge("studio_pool_in_use", "system, pool, instance"),
                                           "{{system}} {{pool}} {{instance}}"),),
              "Connections in use now.", unit="none"),
        Panel("Calls that wait for a connection", (Query(_gauge("studio_pool_waiting", "system, pool, instance"),
                                                         "{{system}} {{pool}} {{instance}}"),),
              "More than 0 for long: the pool is too small, or the server too slow.", unit="none"),
    )),
    ("Circuit breakers", (
        Panel("State", (Query(_STATE, "{{instance}} {{pool}}"),), "The state of each breaker.",
              "state-timeline", "none"),
        Panel("Changes of state", (Query(
            f"sum by (pool, from_state, to_state) (increase(studio_circuit_breaker_transitions_total{{{_S}}}{_R})) > 0",
            "{{pool}} {{from_state}} to {{to_state}}"),),
              "Changes in each interval.", unit="none", exemplars=True),
        Panel("What became of calls", (Query(_rate("studio_circuit_breaker_calls_total", "pool, outcome"),
                                             "{{pool}} {{outcome}}"),),
              "`succeeded` and `failed` are counted by the breaker, `released` and `late` are not; `hung` are probes "
              "that lost their permit.", unit="ops"),
    )),
    ("Export ledger", (
        Panel("Spans", (Query(_rate("studio_spans_ended_total", "job"), "ended"),
                        Query(_rate("studio_spans_stored_total", "job"), "stored"),
                        Query(_rate("studio_spans_lost_total", "job"), "lost")),
              "Every sampled span that ended is stored, lost or pending.", unit="ops", width=6),
        Panel("Lost spans", (Query(_rate("studio_spans_lost_total", "reason"), "{{reason}}"),),
              "By reason. `queue_full`: more spans than the export takes; `export`: the endpoint does not answer; "
              "`rejected`: it refused them.", unit="ops", width=6),
        Panel("Pending spans", (Query(_gauge("studio_spans_pending", "instance"), "{{instance}}"),),
              "Neither stored nor lost yet. Growing: the endpoint is slow.", unit="none", width=6),
        Panel("Altered spans", (Query(f"sum(increase(studio_spans_altered_total{{{_S}}}{_R}))", "spans"),),
              "Spans whose values were made safe before they left.", unit="none", width=6),
    )),
    ("Logs and the metrics themselves", (
        Panel("Log lines", (Query(_rate("studio_log_lines_total", "level"), "{{level}}"),),
              "Lines a second, by level.", unit="ops"),
        Panel("Dropped log lines", (Query(_rate("studio_log_lines_dropped_total", "reason"), "{{reason}}"),),
              "`stream`: not written; `render`: not made; `otlp`: not handed to OpenTelemetry.", unit="ops"),
        Panel("Faults of the metrics", (Query(f"sum(increase(studio_metric_faults_total{{{_S}}}{_R}))", "faults"),),
              "Numbers that could not be counted. More than 0 is a bug of the service.", unit="none"),
    )),
)  # fmt: skip
"""The rows of the dashboard, from top to bottom."""
