"""Every setting of the service: its variables, the values they accept, its default and its meaning (S1.3 to S1.5).

`Settings.load()` reads and checks everything at once, so that a bad value is one clear line at start-up.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from reference_impl.settings.resolving import RESOURCE, Resolved, Rule, SettingsError, resolve
from reference_impl.settings.sampler_argument import RATE, SAMPLER_ARGUMENT, RemoteArgument, with_path
from reference_impl.settings.values import (
    BOOLEAN,
    DATABASE_URL,
    HTTP_URL,
    OPTIONAL_HTTP_URL,
    PAIRS,
    REDIS_URL,
    Kind,
    integer,
    number,
    one_of,
    text,
)
from reference_impl.vocabulary import DEFAULT_MODE, Mode, mode_from_opt_in

SERVICE_VERSION = "0.1.0"
ENVIRONMENTS = ("production", "development")
SAMPLERS = ("always_on", "always_off", "traceidratio", "jaeger_remote")
LOG_LEVELS = ("debug", "info", "warning", "error", "critical")
DEFAULT_RATES = {"production": 0.1, "development": 1.0}
TRACES_PATH = "/v1/traces"


def _setting(kind: Kind, about: str, *variables: str, **rest: Any) -> Any:
    return field(metadata={"rule": (kind, about, variables), **rest})


def _otlp(name: str) -> tuple[str, str]:
    return f"OTEL_EXPORTER_OTLP_TRACES_{name}", f"OTEL_EXPORTER_OTLP_{name}"


def _default_rate(found: Resolved) -> float:
    # The standard's sampler variable has the standard's default rate (OpenTelemetry SDK variables).
    is_standard = found.origins["sampler"] == "OTEL_TRACES_SAMPLER" and "traceidratio" in found.values["sampler"]
    return 1.0 if is_standard else DEFAULT_RATES[found.values["environment"]]


def _default_endpoint(found: Resolved) -> str:
    return "http://localhost:4317" if found.values["protocol"] == "grpc" else "http://localhost:4318"


def _default_batch(found: Resolved) -> int:
    # Smaller batches need more requests and lose spans at a high rate; larger ones, such as the SDK's 512, save nothing
    # and are sent later (docs/benchmarks.md).
    return min(256, int(found.values["max_queue_size"]))


def _default_secret(found: Resolved) -> str:
    if found.values["environment"] == "production":
        raise SettingsError(
            "STUDIO_SESSION_SECRET: is not set; accepted: a text of 16 to 1024 characters, required in production"
        )
    return secrets.token_hex(32)


def _parse_vocabulary(value: str) -> Mode:
    # An argument is a mode; the standard variable is a list, which may have names for other libraries.
    modes: dict[str, Mode] = {"simple": "simple", "semconv": "semconv", "both": "both"}
    return modes.get(value) or mode_from_opt_in(value)


_SECONDS = number(0.001, 3600)
_CALLS = integer(1, 1_000_000)
_VOCABULARY = Kind("a list, as defined by OpenTelemetry: `database`, `database/dup`", _parse_vocabulary)
_SAMPLER = one_of(*SAMPLERS, *(f"parentbased_{name}" for name in SAMPLERS))


@dataclass(frozen=True, slots=True, repr=False)
class Settings:
    """All settings of the service, in the order of resolution; `origins` has the origin of each field's value.

    Times are in seconds, except `schedule_delay_ms`. `warnings` has one line for each conflict between variables.
    """

    # fmt: off
    resource_attributes: tuple[tuple[str, str], ...] = _setting(
        PAIRS, "attributes of the process on every span, in addition to the names below", RESOURCE, default=())
    service_name: str = _setting(
        text(1, 255), "`service.name`", "OTEL_SERVICE_NAME", default="studio-api", resource=("service.name",))
    service_version: str = _setting(
        text(1, 255), "`service.version`; by `OTEL_RESOURCE_ATTRIBUTES`", default=SERVICE_VERSION,
        resource=("service.version",))
    log_level: str = _setting(
        one_of(*LOG_LEVELS), "lowest level of the service's own loggers", "STUDIO_LOG_LEVEL", default="info")
    environment: str = _setting(
        one_of(*ENVIRONMENTS), "`deployment.environment`; sets the default sampling rate", alias="OTEL_ENVIRONMENT",
        default="development", resource=("deployment.environment.name", "deployment.environment"), among=ENVIRONMENTS)
    protocol: str = _setting(
        one_of("http/protobuf", "grpc"), "how spans are sent", *_otlp("PROTOCOL"), default="http/protobuf")
    endpoint: str = _setting(
        HTTP_URL, "where spans are sent; `/v1/traces` is added for HTTP, except to the first variable",
        *_otlp("ENDPOINT"), alias="JAEGER_ENDPOINT", default=_default_endpoint,
        default_text="`http://localhost:4318`; port 4317 for grpc")
    headers: tuple[tuple[str, str], ...] = _setting(
        PAIRS, "sent with every export, for example credentials", *_otlp("HEADERS"), default=(), secret=True)
    compression: str = _setting(
        one_of("none", "gzip", "deflate"), "compression of exports", *_otlp("COMPRESSION"), default="none")
    export_timeout_s: float = _setting(
        _SECONDS,
        "maximum seconds of one export, with its retries (seconds, as in OpenTelemetry's exporters for Python; its "
        "specification has milliseconds)", *_otlp("TIMEOUT"), default=10.0)
    traces_exporter: str = _setting(
        one_of("otlp", "none"), "`none`: spans are made but not exported", "OTEL_TRACES_EXPORTER", default="otlp")
    logs_exporter: str = _setting(
        one_of("otlp", "none"), "`otlp`: log lines are exported too", "OTEL_LOGS_EXPORTER", default="none")
    sampler: str = _setting(_SAMPLER, "the sampler", "OTEL_TRACES_SAMPLER", default="parentbased_traceidratio")
    sampling_rate: float = _setting(
        SAMPLER_ARGUMENT, "share of traces that are kept; with `jaeger_remote` until a rate is given",
        "OTEL_TRACES_SAMPLER_ARG", alias="OTEL_SAMPLING_RATE", default=_default_rate,
        default_text="0.1 in production, 1.0 in development; 1.0 if `OTEL_TRACES_SAMPLER` is traceidratio")
    sampling_url: str = _setting(
        HTTP_URL, "where `jaeger_remote` asks for the rate", default="http://localhost:5778/sampling")
    sampling_interval_s: float = _setting(_SECONDS, "seconds between two such questions", default=60.0)
    sdk_disabled: bool = _setting(BOOLEAN, "`true`: nothing is traced", "OTEL_SDK_DISABLED", default=False)
    tracing: Literal["fast", "plain"] = _setting(
        one_of("fast", "plain"),
        "`plain`: OpenTelemetry's own OTLP exporter and ASGI instrumentation, in place of ours",
        "STUDIO_TRACING", default="fast")
    max_queue_size: int = _setting(
        integer(1, 1_000_000), "maximum of spans waiting for export; more are lost and counted",
        "OTEL_BSP_MAX_QUEUE_SIZE", default=2048)
    max_export_batch_size: int = _setting(
        integer(1, 1_000_000), "maximum of spans in one export", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
        default=_default_batch, default_text="256")
    schedule_delay_ms: int = _setting(
        integer(1, 3_600_000), "milliseconds until a batch that is not full is sent", "OTEL_BSP_SCHEDULE_DELAY",
        default=1000)
    exit_deadline_s: float = _setting(
        number(0.1, 300), "maximum seconds that the end of the process waits for exports and jobs",
        "STUDIO_EXIT_DEADLINE", default=5.0)
    spool_dir: str = _setting(
        text(1, 4096), "folder in which spans wait on disk for export; several processes may share it",
        "STUDIO_SPOOL_DIR", default="")
    spool_max_bytes: int = _setting(
        integer(65_536, 2**40), "maximum of bytes in that folder; more spans are lost and counted",
        "STUDIO_SPOOL_MAX_BYTES", default=268_435_456)
    spool_max_age_s: int = _setting(
        integer(1, 31_536_000), "seconds after which spans in that folder are lost and counted",
        "STUDIO_SPOOL_MAX_AGE", default=86_400)
    span_vocabulary: Mode = _setting(  # noqa: RUF009 -- a field
        _VOCABULARY, "attribute names: with `database` only those of the conventions, else both vocabularies",
        "OTEL_SEMCONV_STABILITY_OPT_IN", default=DEFAULT_MODE)
    redis_url: str = _setting(REDIS_URL, "the cache", "REDIS_URL", default="redis://127.0.0.1:6379/0")
    database_url: str = _setting(
        DATABASE_URL, "the database", "DATABASE_URL", default="sqlite+aiosqlite:///studio.db")
    database_pool_size: int = _setting(
        integer(1, 1000), "maximum of connections to the database", "DATABASE_POOL_SIZE", default=5)
    database_checkout_timeout_s: float = _setting(
        _SECONDS, "maximum seconds that a call waits for a connection", "DATABASE_CHECKOUT_TIMEOUT", default=2.0)
    database_deadline_s: float = _setting(_SECONDS, "maximum seconds of a call", "DATABASE_DEADLINE", default=5.0)
    breaker_window: Literal["count", "time"] = _setting(
        one_of("count", "time"), "the breaker's window: the last calls, or the last seconds", "BREAKER_WINDOW",
        default="count")
    breaker_window_calls: int = _setting(_CALLS, "calls in a `count` window", "BREAKER_WINDOW_CALLS", default=100)
    breaker_window_s: float = _setting(_SECONDS, "seconds of a `time` window", "BREAKER_WINDOW_SECONDS", default=60.0)
    breaker_minimum_calls: int = _setting(
        _CALLS, "calls in the window before the breaker may open", "BREAKER_MINIMUM_CALLS", default=10)
    breaker_failure_rate: float = _setting(
        number(0.001, 1), "share of failed calls at which the breaker opens", "BREAKER_FAILURE_RATE", default=0.5)
    breaker_slow_call_rate: float = _setting(
        number(0.001, 1), "share of slow calls at which the breaker opens", "BREAKER_SLOW_CALL_RATE", default=1.0)
    breaker_slow_call_s: float = _setting(
        _SECONDS, "seconds after which a call is slow", "BREAKER_SLOW_CALL_SECONDS", default=1.0)
    breaker_reset_s: float = _setting(
        _SECONDS, "seconds that the breaker stays open before probes", "BREAKER_RESET_SECONDS", default=30.0)
    breaker_half_open_permits: int = _setting(
        integer(1, 1000), "concurrent probes of a half-open breaker", "BREAKER_HALF_OPEN_PERMITS", default=3)
    breaker_probe_lease_s: float = _setting(
        _SECONDS, "seconds after which a hung probe loses its permit", "BREAKER_PROBE_LEASE_SECONDS", default=30.0)
    host: str = _setting(text(1, 255), "the address that the service listens on", "STUDIO_HOST", default="127.0.0.1")
    port: int = _setting(
        integer(0, 65535), "its port; 0 chooses a free one and prints it", "STUDIO_PORT", default=8080)
    session_lifetime_s: int = _setting(
        integer(1, 31_536_000), "lifetime of a session in seconds", "STUDIO_SESSION_LIFETIME", default=3600)
    session_secret: str = _setting(
        text(16, 1024), "the key that signs tokens", "STUDIO_SESSION_SECRET", default=_default_secret,
        default_text="a new one at each start; required in production", secret=True)
    audit_url: str = _setting(
        OPTIONAL_HTTP_URL, "the URL of audit-api, which is told of new sessions", "AUDIT_URL", default="")
    audit_deadline_s: float = _setting(
        number(0.001, 60), "maximum seconds of a call to audit-api", "AUDIT_DEADLINE", default=0.25)
    id_seed: int | None = _setting(
        integer(0, 2**63 - 1), "makes trace ids the same on every run, for examples; not in production",
        "STUDIO_ID_SEED")
    origins: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    # fmt: on

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None, **explicit: Any) -> Settings:
        """Resolve every setting from `explicit` arguments and `environ` (default: the process's environment).

        Explicit arguments have the names of the fields, and are checked too. Raise SettingsError for the first bad
        value (S1.5).
        """
        environ = os.environ if environ is None else environ
        if environ.get("OTEL_CONFIG_FILE"):
            raise SettingsError(
                "OTEL_CONFIG_FILE: configuration files are not supported; accepted: unset, with other OTEL_* instead"
            )
        found = resolve(RULES, environ, explicit)
        _complete_endpoint(found)
        _complete_sampling(found)
        _check_together(found)
        return cls(**found.values, origins=found.origins, warnings=tuple(found.warnings))

    def table(self) -> list[tuple[str, str, str]]:
        """Return every setting as (name, value with credentials masked, origin), in the order of the fields."""
        return [(rule.name, rule.shown(getattr(self, rule.name)), self.origins.get(rule.name, "")) for rule in RULES]

    def __repr__(self) -> str:
        return f"<Settings {' '.join(f'{name}={value}' for name, value, _ in self.table())}>"


def _rule(name: str, rule: tuple[Kind, str, tuple[str, ...]], **rest: Any) -> Rule:
    return Rule(name, *rule, **rest)


RULES: tuple[Rule, ...] = tuple(_rule(each.name, **each.metadata) for each in fields(Settings) if each.metadata)
"""Every setting, in the order of resolution: a default may use the values before it."""


def _complete_endpoint(found: Resolved) -> None:
    """Add the path to the endpoint, unless it comes from the signal's own variable, which has a whole URL."""
    endpoint = found.values["endpoint"]
    is_whole = found.origins["endpoint"] == "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT" or endpoint.endswith(TRACES_PATH)
    if found.values["protocol"] == "http/protobuf" and not is_whole:
        found.values["endpoint"] = endpoint.rstrip("/") + TRACES_PATH


def _complete_sampling(found: Resolved) -> None:
    """Take the argument of `jaeger_remote` apart; settings that are arguments of `load` win over its parts."""
    values, argument = found.values, found.values["sampling_rate"]
    values["sampling_url"] = with_path(values["sampling_url"])
    if not isinstance(argument, RemoteArgument):
        return
    if not values["sampler"].endswith("jaeger_remote"):
        raise SettingsError(
            f"{found.origins['sampling_rate']}: is for the sampler jaeger_remote, not for {values['sampler']}; "
            f"accepted: {RATE.accepted}"
        )
    values["sampling_rate"] = DEFAULT_RATES[values["environment"]] if argument.rate is None else argument.rate
    for name, part in (("sampling_url", argument.url), ("sampling_interval_s", argument.interval_s)):
        if part is not None and found.origins[name] == "default":
            values[name], found.origins[name] = part, found.origins["sampling_rate"]


def _check_together(found: Resolved) -> None:
    values = found.values
    if values["breaker_window"] == "count" and values["breaker_minimum_calls"] > values["breaker_window_calls"]:
        raise SettingsError(
            f"BREAKER_MINIMUM_CALLS: {values['breaker_minimum_calls']} is more than the window holds; "
            f"accepted: at most BREAKER_WINDOW_CALLS ({values['breaker_window_calls']})"
        )
    longest = max(values["breaker_slow_call_s"], values["database_deadline_s"])
    if values["breaker_probe_lease_s"] <= longest:
        raise SettingsError(
            f"BREAKER_PROBE_LEASE_SECONDS: {values['breaker_probe_lease_s']:g} is too short for a slow call; "
            f"accepted: more than BREAKER_SLOW_CALL_SECONDS and DATABASE_DEADLINE ({longest:g})"
        )
    if values["max_export_batch_size"] > values["max_queue_size"]:
        raise SettingsError(
            f"OTEL_BSP_MAX_EXPORT_BATCH_SIZE: {values['max_export_batch_size']} is more than the queue holds; "
            f"accepted: at most OTEL_BSP_MAX_QUEUE_SIZE ({values['max_queue_size']})"
        )
    if values["spool_dir"] and (values["protocol"] != "http/protobuf" or values["tracing"] != "fast"):
        raise SettingsError(
            "STUDIO_SPOOL_DIR: spans of a spool are sent by http/protobuf and STUDIO_TRACING=fast only; "
            "accepted: unset with another protocol, or with plain"
        )
    has_rate = values["sampler"].endswith(("traceidratio", "jaeger_remote"))
    if not has_rate and found.origins["sampling_rate"] == "OTEL_SAMPLING_RATE":
        found.warn("OTEL_TRACES_SAMPLER", "OTEL_SAMPLING_RATE")
