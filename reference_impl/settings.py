"""Where the service's settings come from: explicit argument > `OTEL_*` > the alias of S1.3 > default (S1.3 to S1.5).

`Settings.load()` reads and checks everything at once, so that a bad value is one clear line at start-up and never
a surprise later. `python -m reference_impl.settings` prints every setting, its value and where it came from.
"""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from reference_impl.circuit_breaker_settings import WindowKind
from reference_impl.setting_values import (
    BadValue,
    boolean,
    comma_pairs,
    database_url,
    http_url,
    integer,
    masked,
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
TRACES_PATH = "/v1/traces"

Parse = Callable[[str], Any]


class SettingsError(Exception):
    """A setting has a value that cannot be used; its text is one line that names the variable and what it accepts."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything the service is told from outside; `origins` says for each field where its value came from.

    Times are in seconds, except `schedule_delay_ms`. `warnings` holds one line for each conflict between variables.
    """

    service_name: str
    service_version: str
    log_level: str
    environment: str
    endpoint: str = field(repr=False)
    protocol: str
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    compression: str
    export_timeout_s: float
    traces_exporter: str
    logs_exporter: str
    sampler: str
    sampling_rate: float
    sdk_disabled: bool
    max_queue_size: int
    max_export_batch_size: int
    schedule_delay_ms: int
    exit_deadline_s: float
    span_vocabulary: Mode
    redis_url: str = field(repr=False)
    database_url: str = field(repr=False)
    database_pool_size: int
    database_checkout_timeout_s: float
    database_deadline_s: float
    breaker_window: WindowKind
    breaker_window_calls: int
    breaker_window_s: float
    breaker_minimum_calls: int
    breaker_failure_rate: float
    breaker_slow_call_rate: float
    breaker_slow_call_s: float
    breaker_reset_s: float
    breaker_half_open_permits: int
    breaker_probe_lease_s: float
    host: str
    port: int
    session_lifetime_s: int
    session_secret: str = field(repr=False)
    audit_url: str = field(repr=False)
    audit_deadline_s: float
    id_seed: int | None
    resource_attributes: tuple[tuple[str, str], ...]
    origins: Mapping[str, str] = field(default_factory=dict, repr=False)
    warnings: tuple[str, ...] = ()

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None, **explicit: Any) -> Settings:
        """Resolve every setting from `explicit` arguments and `environ` (default: the process's environment).

        Explicit arguments are named as the fields, and checked like the rest. Raises SettingsError for the first bad
        value (S1.5).
        """
        return _Resolution(os.environ if environ is None else environ, explicit).settings()

    def table(self) -> list[tuple[str, str, str]]:
        """Every setting as (name, value with credentials masked, where it came from), in the order of the fields."""
        return [(rule.name, _shown(rule, getattr(self, rule.name)), self.origins.get(rule.name, "")) for rule in RULES]


@dataclass(frozen=True, slots=True)
class Rule:
    """How one setting is found: the OpenTelemetry variables first, then this project's own, then the default.

    `default` may be a function of the values resolved before it. `secret` values are never shown.
    """

    name: str
    parse: Parse
    standard: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    default: Any = None
    secret: bool = False


def _default_rate(values: Mapping[str, Any]) -> float:
    return DEFAULT_RATES[values["environment"]]


def _default_batch(values: Mapping[str, Any]) -> int:
    # 512 spans, the SDK's default, hold the interpreter for some 15 ms while they are encoded.
    return min(64, int(values["max_queue_size"]))


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


_BSP = "OTEL_BSP_"
_OTLP = "OTEL_EXPORTER_OTLP_"
_PROTOCOLS = ("http/protobuf", "grpc")
_SECONDS = number(0.001, 3600)
_CALLS = integer(1, 1_000_000)

RULES: tuple[Rule, ...] = (
    Rule("resource_attributes", comma_pairs, ("OTEL_RESOURCE_ATTRIBUTES",), default=()),
    Rule("service_name", text(1, 255), ("OTEL_SERVICE_NAME",), default="studio-api"),
    Rule("service_version", text(1, 255), default=SERVICE_VERSION),
    Rule("log_level", one_of(*LOG_LEVELS), own=("STUDIO_LOG_LEVEL",), default="info"),
    Rule("environment", one_of(*ENVIRONMENTS), own=("OTEL_ENVIRONMENT",), default="development"),
    Rule("protocol", one_of(*_PROTOCOLS), (_OTLP + "TRACES_PROTOCOL", _OTLP + "PROTOCOL"), default="http/protobuf"),
    Rule("endpoint", http_url, (_OTLP + "TRACES_ENDPOINT", _OTLP + "ENDPOINT"), ("JAEGER_ENDPOINT",)),
    Rule("headers", comma_pairs, (_OTLP + "TRACES_HEADERS", _OTLP + "HEADERS"), default=(), secret=True),
    Rule(
        "compression",
        one_of("none", "gzip", "deflate"),
        (_OTLP + "TRACES_COMPRESSION", _OTLP + "COMPRESSION"),
        default="none",
    ),
    Rule("export_timeout_s", number(0.001, 3600), (_OTLP + "TRACES_TIMEOUT", _OTLP + "TIMEOUT"), default=10.0),
    Rule("traces_exporter", one_of("otlp", "none"), ("OTEL_TRACES_EXPORTER",), default="otlp"),
    Rule("logs_exporter", one_of("otlp", "none"), ("OTEL_LOGS_EXPORTER",), default="none"),
    Rule("sampler", one_of(*SAMPLERS), ("OTEL_TRACES_SAMPLER",), default="parentbased_traceidratio"),
    Rule("sampling_rate", number(0, 1), ("OTEL_TRACES_SAMPLER_ARG",), ("OTEL_SAMPLING_RATE",), _default_rate),
    Rule("sdk_disabled", boolean, ("OTEL_SDK_DISABLED",), default=False),
    Rule("max_queue_size", integer(1, 1_000_000), (_BSP + "MAX_QUEUE_SIZE",), default=2048),
    Rule("max_export_batch_size", integer(1, 1_000_000), (_BSP + "MAX_EXPORT_BATCH_SIZE",), default=_default_batch),
    Rule("schedule_delay_ms", integer(1, 3_600_000), (_BSP + "SCHEDULE_DELAY",), default=1000),
    Rule("exit_deadline_s", number(0.1, 300), own=("STUDIO_EXIT_DEADLINE",), default=5.0),
    Rule("span_vocabulary", _vocabulary, ("OTEL_SEMCONV_STABILITY_OPT_IN",), default=DEFAULT_MODE),
    Rule("redis_url", redis_url, own=("REDIS_URL",), default="redis://127.0.0.1:6379/0"),
    Rule("database_url", database_url, own=("DATABASE_URL",), default="sqlite+aiosqlite:///studio.db"),
    Rule("database_pool_size", integer(1, 1000), own=("DATABASE_POOL_SIZE",), default=5),
    Rule("database_checkout_timeout_s", _SECONDS, own=("DATABASE_CHECKOUT_TIMEOUT",), default=2.0),
    Rule("database_deadline_s", _SECONDS, own=("DATABASE_DEADLINE",), default=5.0),
    Rule("breaker_window", one_of("count", "time"), own=("BREAKER_WINDOW",), default="count"),
    Rule("breaker_window_calls", _CALLS, own=("BREAKER_WINDOW_CALLS",), default=100),
    Rule("breaker_window_s", _SECONDS, own=("BREAKER_WINDOW_SECONDS",), default=60.0),
    Rule("breaker_minimum_calls", _CALLS, own=("BREAKER_MINIMUM_CALLS",), default=10),
    Rule("breaker_failure_rate", number(0.001, 1), own=("BREAKER_FAILURE_RATE",), default=0.5),
    Rule("breaker_slow_call_rate", number(0.001, 1), own=("BREAKER_SLOW_CALL_RATE",), default=1.0),
    Rule("breaker_slow_call_s", _SECONDS, own=("BREAKER_SLOW_CALL_SECONDS",), default=1.0),
    Rule("breaker_reset_s", _SECONDS, own=("BREAKER_RESET_SECONDS",), default=30.0),
    Rule("breaker_half_open_permits", integer(1, 1000), own=("BREAKER_HALF_OPEN_PERMITS",), default=3),
    Rule("breaker_probe_lease_s", _SECONDS, own=("BREAKER_PROBE_LEASE_SECONDS",), default=30.0),
    Rule("host", text(1, 255), own=("STUDIO_HOST",), default="127.0.0.1"),
    Rule("port", integer(0, 65535), own=("STUDIO_PORT",), default=8080),
    Rule("session_lifetime_s", integer(1, 31_536_000), own=("STUDIO_SESSION_LIFETIME",), default=3600),
    Rule("session_secret", text(16, 1024), own=("STUDIO_SESSION_SECRET",), default=_default_secret, secret=True),
    Rule("audit_url", _optional(http_url), own=("AUDIT_URL",), default=""),
    Rule("audit_deadline_s", number(0.001, 60), own=("AUDIT_DEADLINE",), default=0.25),
    Rule("id_seed", integer(0, 2**63 - 1), own=("STUDIO_ID_SEED",), default=None),
)
"""Every setting, in the order in which they are resolved: a default may look at what stands before it."""


@dataclass(slots=True)
class _Resolution:
    environ: Mapping[str, str]
    explicit: dict[str, Any]
    values: dict[str, Any] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def settings(self) -> Settings:
        self._refuse_what_is_not_supported()
        for rule in RULES:
            self.values[rule.name], self.origins[rule.name] = self._resolved(rule)
        self._complete_endpoint()
        self._heed_resource_attributes()
        self._check_together()
        return Settings(**self.values, origins=self.origins, warnings=tuple(self.warnings))

    def _refuse_what_is_not_supported(self) -> None:
        unknown = sorted(self.explicit.keys() - {rule.name for rule in RULES})
        if unknown:
            raise SettingsError(f"{unknown[0]}: is not a setting; accepted: {', '.join(r.name for r in RULES)}")
        if self.environ.get("OTEL_CONFIG_FILE"):
            raise SettingsError(
                "OTEL_CONFIG_FILE: configuration files are not supported; accepted: unset, with other OTEL_* instead"
            )

    def _resolved(self, rule: Rule) -> tuple[Any, str]:
        # Every variable that is set is checked, also one that loses: a bad value is never silently passed over.
        variables = [name for name in (*rule.standard, *rule.own) if self.environ.get(name)]
        said = [(name, self._parsed(rule, name, self.environ[name].strip())) for name in variables]
        if rule.name in self.explicit:
            return self._argument(rule, self.explicit[rule.name]), "argument"
        if not said:
            return (rule.default(self.values) if callable(rule.default) else rule.default), "default"
        winner, value = said[0]
        self._warn_of_conflicts(rule, said)
        return value, winner

    def _argument(self, rule: Rule, value: Any) -> Any:
        return value if value is None or isinstance(value, tuple) else self._parsed(rule, rule.name, str(value))

    def _parsed(self, rule: Rule, variable: str, value: str) -> Any:
        try:
            return rule.parse(value)
        except BadValue as problem:
            # The value of a secret never stands in a message; those of URLs are masked by their parser.
            shown = "" if rule.secret else f"{problem.shown} "
            raise SettingsError(f"{variable}: {shown}{problem.what}; accepted: {problem.accepted}") from None

    def _warn_of_conflicts(self, rule: Rule, said: list[tuple[str, Any]]) -> None:
        winner, value = said[0]
        losers = [name for name, other in said if name in rule.own and name != winner and other != value]
        self.warnings += [f"{winner} and {name} differ: {winner} is used" for name in losers]

    def _complete_endpoint(self) -> None:
        """Give the endpoint its path: only the signal's own variable and an argument are whole URLs already."""
        origin, http = self.origins["endpoint"], self.values["protocol"] == "http/protobuf"
        if origin == "default":
            self.values["endpoint"] = "http://localhost:4318" if http else "http://localhost:4317"
        whole = origin == _OTLP + "TRACES_ENDPOINT" or self.values["endpoint"].endswith(TRACES_PATH)
        if http and not whole:
            self.values["endpoint"] = self.values["endpoint"].rstrip("/") + TRACES_PATH

    def _heed_resource_attributes(self) -> None:
        """Let OTEL_RESOURCE_ATTRIBUTES speak where no variable of its own does (service.name) or before the alias."""
        given = dict(self.values["resource_attributes"])
        self._take("service_name", given.get("service.name"), before=("default",))
        self._take("service_version", given.get("service.version"), before=("default",))
        place = given.get("deployment.environment.name", given.get("deployment.environment"))
        if self.origins["environment"] == "OTEL_ENVIRONMENT" and place not in (None, self.values["environment"]):
            self.warnings.append(
                "OTEL_RESOURCE_ATTRIBUTES and OTEL_ENVIRONMENT differ: OTEL_RESOURCE_ATTRIBUTES is used"
            )
        if place in ENVIRONMENTS:
            self._take("environment", place, before=("default", "OTEL_ENVIRONMENT"))
        if self.origins["sampling_rate"] == "default":
            # The standard's own default goes with the standard's own sampler (OpenTelemetry SDK variables).
            named = self.origins["sampler"] == "OTEL_TRACES_SAMPLER"
            self.values["sampling_rate"] = 1.0 if named else _default_rate(self.values)

    def _take(self, name: str, value: str | None, *, before: tuple[str, ...]) -> None:
        if value and self.origins[name] in before:
            self.values[name], self.origins[name] = value, "OTEL_RESOURCE_ATTRIBUTES"

    def _check_together(self) -> None:
        self._check_breaker()
        if self.values["max_export_batch_size"] > self.values["max_queue_size"]:
            raise SettingsError(
                f"OTEL_BSP_MAX_EXPORT_BATCH_SIZE: {self.values['max_export_batch_size']} is more than the queue holds; "
                f"accepted: at most OTEL_BSP_MAX_QUEUE_SIZE ({self.values['max_queue_size']})"
            )
        if "traceidratio" not in self.values["sampler"] and self.origins["sampling_rate"] == "OTEL_SAMPLING_RATE":
            self.warnings.append("OTEL_TRACES_SAMPLER and OTEL_SAMPLING_RATE differ: OTEL_TRACES_SAMPLER is used")

    def _check_breaker(self) -> None:
        values = self.values
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


def _shown(rule: Rule, value: Any) -> str:
    if rule.secret:
        return "***" if value else ""
    if isinstance(value, tuple):
        return ",".join(f"{key}={item}" for key, item in value)
    return masked(value) if isinstance(value, str) else str(value)


def main() -> int:
    """Print the table of settings; 2 and one line on stderr where a value is bad."""
    try:
        settings = Settings.load()
    except SettingsError as problem:
        print(f"studio-api: {problem}", file=sys.stderr)
        return 2
    rows = [("setting", "value", "from"), *settings.table()]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    for name, value, origin in rows:
        print(f"{name:<{widths[0]}}  {value:<{widths[1]}}  {origin}".rstrip())
    for warning in settings.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
