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
    """One setting: the OpenTelemetry variables are read first, then this project's own, then the default.

    `about` is its meaning in the documented table. `default` may be a function of the values resolved before it; the
    table then shows `default_text`. `secret` values are never shown.
    """

    name: str
    parse: Parse
    about: str
    standard: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    default: Any = None
    default_text: str = ""
    secret: bool = False

    @property
    def accepted(self) -> str:
        """Return the accepted values, taken from the parser's error message: no parser accepts a NUL."""
        try:
            self.parse("\0")
        except BadValue as problem:
            return problem.accepted
        return "a list, as defined by OpenTelemetry: `database`, `database/dup`"


def default_rate(values: Mapping[str, Any]) -> float:
    """Return the default sampling rate of the environment (S1.4)."""
    return DEFAULT_RATES[values["environment"]]


def _default_batch(values: Mapping[str, Any]) -> int:
    # Smaller batches need more requests and lose spans at a high rate; larger ones, such as the SDK's 512, save nothing
    # and are sent later (docs/benchmarks.md).
    return min(256, int(values["max_queue_size"]))


def _default_secret(values: Mapping[str, Any]) -> str:
    if values["environment"] == "production":
        raise SettingsError(
            "STUDIO_SESSION_SECRET: is not set; accepted: a text of 16 to 1024 characters, required in production"
        )
    return secrets.token_hex(32)


def _vocabulary(value: str) -> Mode:
    # An argument is a mode; the standard variable is a list, which may have names for other libraries.
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
    Rule("resource_attributes", comma_pairs, "attributes of the process on every span, in addition to the names below",
         ("OTEL_RESOURCE_ATTRIBUTES",), default=()),
    Rule("service_name", text(1, 255), "`service.name`", ("OTEL_SERVICE_NAME",), default="studio-api"),
    Rule("service_version", text(1, 255), "`service.version`; by `OTEL_RESOURCE_ATTRIBUTES`", default=SERVICE_VERSION),
    Rule("log_level", one_of(*LOG_LEVELS), "lowest level of the service's own loggers",
         own=("STUDIO_LOG_LEVEL",), default="info"),
    Rule("environment", one_of(*ENVIRONMENTS), "`deployment.environment`; sets the default sampling rate",
         own=("OTEL_ENVIRONMENT",), default="development"),
    Rule("protocol", one_of(*_PROTOCOLS), "how spans are sent", _otlp("PROTOCOL"), default="http/protobuf"),
    Rule("endpoint", http_url, "where spans are sent; `/v1/traces` is added for HTTP, except to the first variable",
         _otlp("ENDPOINT"), ("JAEGER_ENDPOINT",), default_text="`http://localhost:4318`; port 4317 for grpc"),
    Rule("headers", comma_pairs, "sent with every export, for example credentials", _otlp("HEADERS"), default=(),
         secret=True),
    Rule("compression", one_of("none", "gzip", "deflate"), "compression of exports", _otlp("COMPRESSION"),
         default="none"),
    Rule("export_timeout_s", number(0.001, 3600), "maximum seconds of one export, with its retries",
         _otlp("TIMEOUT"), default=10.0),
    Rule("traces_exporter", one_of("otlp", "none"), "`none`: spans are made but not exported",
         ("OTEL_TRACES_EXPORTER",), default="otlp"),
    Rule("logs_exporter", one_of("otlp", "none"), "`otlp`: log lines are exported too",
         ("OTEL_LOGS_EXPORTER",), default="none"),
    Rule("sampler", one_of(*SAMPLERS), "the sampler", ("OTEL_TRACES_SAMPLER",),
         default="parentbased_traceidratio"),
    Rule("sampling_rate", number(0, 1), "share of traces that are kept", ("OTEL_TRACES_SAMPLER_ARG",),
         ("OTEL_SAMPLING_RATE",), default_rate,
         "0.1 in production, 1.0 in development; 1.0 if `OTEL_TRACES_SAMPLER` is set"),
    Rule("sdk_disabled", boolean, "`true`: nothing is traced", ("OTEL_SDK_DISABLED",), default=False),
    Rule("max_queue_size", integer(1, 1_000_000), "maximum of spans waiting for export; more are lost and counted",
         (_BSP + "MAX_QUEUE_SIZE",), default=2048),
    Rule("max_export_batch_size", integer(1, 1_000_000), "maximum of spans in one export",
         (_BSP + "MAX_EXPORT_BATCH_SIZE",), default=_default_batch, default_text="256"),
    Rule("schedule_delay_ms", integer(1, 3_600_000), "milliseconds until a batch that is not full is sent",
         (_BSP + "SCHEDULE_DELAY",), default=1000),
    Rule("exit_deadline_s", number(0.1, 300), "maximum seconds that the end of the process waits for exports and jobs",
         own=("STUDIO_EXIT_DEADLINE",), default=5.0),
    Rule("span_vocabulary", _vocabulary,
         "attribute names: with `database` only those of the conventions, else both vocabularies",
         ("OTEL_SEMCONV_STABILITY_OPT_IN",), default=DEFAULT_MODE),
    Rule("redis_url", redis_url, "the cache", own=("REDIS_URL",), default="redis://127.0.0.1:6379/0"),
    Rule("database_url", database_url, "the database", own=("DATABASE_URL",), default="sqlite+aiosqlite:///studio.db"),
    Rule("database_pool_size", integer(1, 1000), "maximum of connections to the database",
         own=("DATABASE_POOL_SIZE",), default=5),
    Rule("database_checkout_timeout_s", _SECONDS, "maximum seconds that a call waits for a connection",
         own=("DATABASE_CHECKOUT_TIMEOUT",), default=2.0),
    Rule("database_deadline_s", _SECONDS, "maximum seconds of a call", own=("DATABASE_DEADLINE",),
         default=5.0),
    Rule("breaker_window", one_of("count", "time"), "the breaker's window: the last calls, or the last seconds",
         own=("BREAKER_WINDOW",), default="count"),
    Rule("breaker_window_calls", _CALLS, "calls in a `count` window", own=("BREAKER_WINDOW_CALLS",), default=100),
    Rule("breaker_window_s", _SECONDS, "seconds of a `time` window", own=("BREAKER_WINDOW_SECONDS",), default=60.0),
    Rule("breaker_minimum_calls", _CALLS, "calls in the window before the breaker may open",
         own=("BREAKER_MINIMUM_CALLS",), default=10),
    Rule("breaker_failure_rate", number(0.001, 1), "share of failed calls at which the breaker opens",
         own=("BREAKER_FAILURE_RATE",), default=0.5),
    Rule("breaker_slow_call_rate", number(0.001, 1), "share of slow calls at which the breaker opens",
         own=("BREAKER_SLOW_CALL_RATE",), default=1.0),
    Rule("breaker_slow_call_s", _SECONDS, "seconds after which a call is slow", own=("BREAKER_SLOW_CALL_SECONDS",),
         default=1.0),
    Rule("breaker_reset_s", _SECONDS, "seconds that the breaker stays open before probes",
         own=("BREAKER_RESET_SECONDS",), default=30.0),
    Rule("breaker_half_open_permits", integer(1, 1000), "concurrent probes of a half-open breaker",
         own=("BREAKER_HALF_OPEN_PERMITS",), default=3),
    Rule("breaker_probe_lease_s", _SECONDS, "seconds after which a hung probe loses its permit",
         own=("BREAKER_PROBE_LEASE_SECONDS",), default=30.0),
    Rule("host", text(1, 255), "the address that the service listens on", own=("STUDIO_HOST",), default="127.0.0.1"),
    Rule("port", integer(0, 65535), "its port; 0 chooses a free one and prints it", own=("STUDIO_PORT",), default=8080),
    Rule("session_lifetime_s", integer(1, 31_536_000), "lifetime of a session in seconds",
         own=("STUDIO_SESSION_LIFETIME",), default=3600),
    Rule("session_secret", text(16, 1024), "the key that signs tokens", own=("STUDIO_SESSION_SECRET",),
         default=_default_secret, default_text="a new one at each start; required in production", secret=True),
    Rule("audit_url", _optional(http_url), "the URL of audit-api, which is told of new sessions", own=("AUDIT_URL",),
         default=""),
    Rule("audit_deadline_s", number(0.001, 60), "maximum seconds of a call to audit-api", own=("AUDIT_DEADLINE",),
         default=0.25),
    Rule("id_seed", integer(0, 2**63 - 1), "makes trace ids the same on every run, for examples; not in production",
         own=("STUDIO_ID_SEED",), default=None),
)  # fmt: skip
"""Every setting, in the order of resolution: a default may use the values before it."""
