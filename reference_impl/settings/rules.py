"""The declaration of every setting: its variables, the values they accept, its default and its meaning (S1.3).

`loading` resolves and checks the values. `table` prints the table of docs/tracing-guide.md.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from reference_impl.settings.values import (
    BadValue,
    boolean,
    comma_pairs,
    database_url,
    http_url,
    integer,
    number,
    one_of,
    redis_url,
    text,
)
from reference_impl.vocabulary import DEFAULT_MODE, Mode, mode_from_opt_in

SERVICE_VERSION = "0.1.0"
ENVIRONMENTS = ("production", "development")
SAMPLERS = (
    "always_on",
    "always_off",
    "traceidratio",
    "parentbased_always_on",
    "parentbased_always_off",
    "parentbased_traceidratio",
)
LOG_LEVELS = ("debug", "info", "warning", "error", "critical")
DEFAULT_RATES = {"production": 0.1, "development": 1.0}

Parse = Callable[[str], Any]


class SettingsError(Exception):
    """A bad value of a setting; the message is one line that names the variable and what it accepts."""

    message_is_safe = True  # for logs: the message is our own text, with credentials masked


@dataclass(frozen=True, slots=True)
class Rule:
    """How one setting is found: the OpenTelemetry variables first, then this project's own, then the default.

    `about` is what it says, for a reader of the table. `default` may be a function of the values resolved before it;
    `otherwise` is then what the table says of it. `secret` values are never shown.
    """

    name: str
    parse: Parse
    about: str
    standard: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    default: Any = None
    otherwise: str = ""
    secret: bool = False

    @property
    def accepted(self) -> str:
        """What its values may be, in the words of its error message: no parser takes a NUL."""
        try:
            self.parse("\0")
        except BadValue as problem:
            return problem.accepted
        return "a list as OpenTelemetry has it: `database`, `database/dup`"


def default_rate(values: Mapping[str, Any]) -> float:
    """The sampling rate of an environment, where nothing else is said (S1.4)."""
    return DEFAULT_RATES[values["environment"]]


def _default_batch(values: Mapping[str, Any]) -> int:
    # Smaller ones cost a request each and lose spans at a high rate; larger ones, as the SDK's 512, pay no more
    # and leave later (docs/benchmarks.md).
    return min(256, int(values["max_queue_size"]))


def _default_secret(values: Mapping[str, Any]) -> str:
    if values["environment"] == "production":
        raise SettingsError(
            "STUDIO_SESSION_SECRET: is not set; accepted: a text of 16 to 1024 characters, required in production"
        )
    return secrets.token_hex(32)


def _vocabulary(value: str) -> Mode:
    # An argument names the mode itself; the standard variable lists what is opted into, also for other libraries.
    modes: dict[str, Mode] = {"simple": "simple", "semconv": "semconv", "both": "both"}
    return modes.get(value) or mode_from_opt_in(value)


def _optional(parse: Parse) -> Parse:
    return lambda value: parse(value) if value else ""


OTLP: Final = "OTEL_EXPORTER_OTLP_"
_BSP: Final = "OTEL_BSP_"
_PROTOCOLS = ("http/protobuf", "grpc")
_SECONDS = number(0.001, 3600)
_CALLS = integer(1, 1_000_000)


def _otlp(name: str) -> tuple[str, str]:
    return f"{OTLP}TRACES_{name}", OTLP + name


RULES: tuple[Rule, ...] = (
    Rule("resource_attributes", comma_pairs, "what every span says of the process, beside the names below",
         ("OTEL_RESOURCE_ATTRIBUTES",), default=()),
    Rule("service_name", text(1, 255), "`service.name`", ("OTEL_SERVICE_NAME",), default="studio-api"),
    Rule("service_version", text(1, 255), "`service.version`; by `OTEL_RESOURCE_ATTRIBUTES`", default=SERVICE_VERSION),
    Rule("log_level", one_of(*LOG_LEVELS), "from which level on the service's own loggers speak",
         own=("STUDIO_LOG_LEVEL",), default="info"),
    Rule("environment", one_of(*ENVIRONMENTS), "`deployment.environment`, and the default of the sampling rate",
         own=("OTEL_ENVIRONMENT",), default="development"),
    Rule("protocol", one_of(*_PROTOCOLS), "how spans are sent", _otlp("PROTOCOL"), default="http/protobuf"),
    Rule("endpoint", http_url, "where spans are sent; `/v1/traces` is added for HTTP, but not to the first variable",
         _otlp("ENDPOINT"), ("JAEGER_ENDPOINT",), otherwise="`http://localhost:4318`; for grpc port 4317"),
    Rule("headers", comma_pairs, "sent with every export, credentials for example", _otlp("HEADERS"), default=(),
         secret=True),
    Rule("compression", one_of("none", "gzip", "deflate"), "of what is sent", _otlp("COMPRESSION"), default="none"),
    Rule("export_timeout_s", number(0.001, 3600), "seconds that one export may take, repetitions included",
         _otlp("TIMEOUT"), default=10.0),
    Rule("traces_exporter", one_of("otlp", "none"), "`none`: spans are made and go nowhere",
         ("OTEL_TRACES_EXPORTER",), default="otlp"),
    Rule("logs_exporter", one_of("otlp", "none"), "`otlp`: log lines go out beside the spans too",
         ("OTEL_LOGS_EXPORTER",), default="none"),
    Rule("sampler", one_of(*SAMPLERS), "who decides which traces are kept", ("OTEL_TRACES_SAMPLER",),
         default="parentbased_traceidratio"),
    Rule("sampling_rate", number(0, 1), "share of traces that is kept", ("OTEL_TRACES_SAMPLER_ARG",),
         ("OTEL_SAMPLING_RATE",), default_rate,
         "0.1 in production, 1.0 in development; 1.0 where `OTEL_TRACES_SAMPLER` is set"),
    Rule("sdk_disabled", boolean, "`true`: nothing is traced", ("OTEL_SDK_DISABLED",), default=False),
    Rule("max_queue_size", integer(1, 1_000_000), "spans that wait for export at most; more are lost and counted",
         (_BSP + "MAX_QUEUE_SIZE",), default=2048),
    Rule("max_export_batch_size", integer(1, 1_000_000), "spans of one export, at most the queue's size",
         (_BSP + "MAX_EXPORT_BATCH_SIZE",), default=_default_batch, otherwise="256"),
    Rule("schedule_delay_ms", integer(1, 3_600_000), "milliseconds until spans that do not fill a batch are sent",
         (_BSP + "SCHEDULE_DELAY",), default=1000),
    Rule("exit_deadline_s", number(0.1, 300), "seconds that the end of the process may wait for exports and jobs",
         own=("STUDIO_EXIT_DEADLINE",), default=5.0),
    Rule("span_vocabulary", _vocabulary,
         "names of attributes: `database` for the conventions' only, else both vocabularies",
         ("OTEL_SEMCONV_STABILITY_OPT_IN",), default=DEFAULT_MODE),
    Rule("redis_url", redis_url, "the cache", own=("REDIS_URL",), default="redis://127.0.0.1:6379/0"),
    Rule("database_url", database_url, "the database", own=("DATABASE_URL",), default="sqlite+aiosqlite:///studio.db"),
    Rule("database_pool_size", integer(1, 1000), "connections to the database, at most",
         own=("DATABASE_POOL_SIZE",), default=5),
    Rule("database_checkout_timeout_s", _SECONDS, "seconds that a call waits for a connection",
         own=("DATABASE_CHECKOUT_TIMEOUT",), default=2.0),
    Rule("database_deadline_s", _SECONDS, "seconds that a call may take in all", own=("DATABASE_DEADLINE",),
         default=5.0),
    Rule("breaker_window", one_of("count", "time"), "the breaker looks at the last calls, or at the last seconds",
         own=("BREAKER_WINDOW",), default="count"),
    Rule("breaker_window_calls", _CALLS, "how many calls", own=("BREAKER_WINDOW_CALLS",), default=100),
    Rule("breaker_window_s", _SECONDS, "how many seconds", own=("BREAKER_WINDOW_SECONDS",), default=60.0),
    Rule("breaker_minimum_calls", _CALLS, "calls in the window before the breaker judges",
         own=("BREAKER_MINIMUM_CALLS",), default=10),
    Rule("breaker_failure_rate", number(0.001, 1), "share of failed calls at which it opens",
         own=("BREAKER_FAILURE_RATE",), default=0.5),
    Rule("breaker_slow_call_rate", number(0.001, 1), "share of slow calls at which it opens",
         own=("BREAKER_SLOW_CALL_RATE",), default=1.0),
    Rule("breaker_slow_call_s", _SECONDS, "seconds from which on a call is slow", own=("BREAKER_SLOW_CALL_SECONDS",),
         default=1.0),
    Rule("breaker_reset_s", _SECONDS, "seconds that it stays open before it lets probes through",
         own=("BREAKER_RESET_SECONDS",), default=30.0),
    Rule("breaker_half_open_permits", integer(1, 1000), "probes at once while it is half open",
         own=("BREAKER_HALF_OPEN_PERMITS",), default=3),
    Rule("breaker_probe_lease_s", _SECONDS, "seconds after which a probe that hangs loses its permit",
         own=("BREAKER_PROBE_LEASE_SECONDS",), default=30.0),
    Rule("host", text(1, 255), "where the service listens", own=("STUDIO_HOST",), default="127.0.0.1"),
    Rule("port", integer(0, 65535), "its port; 0 takes a free one and says which", own=("STUDIO_PORT",), default=8080),
    Rule("session_lifetime_s", integer(1, 31_536_000), "seconds that a session lives",
         own=("STUDIO_SESSION_LIFETIME",), default=3600),
    Rule("session_secret", text(16, 1024), "what signs tokens", own=("STUDIO_SESSION_SECRET",),
         default=_default_secret, otherwise="a new one at each start; required in production", secret=True),
    Rule("audit_url", _optional(http_url), "the service that is told of new sessions", own=("AUDIT_URL",), default=""),
    Rule("audit_deadline_s", number(0.001, 60), "seconds that telling it may take", own=("AUDIT_DEADLINE",),
         default=0.25),
    Rule("id_seed", integer(0, 2**63 - 1), "trace ids that are the same on every run, for examples; not in production",
         own=("STUDIO_ID_SEED",), default=None),
)  # fmt: skip
"""Every setting, in the order in which they are resolved: a default may look at what stands before it."""
