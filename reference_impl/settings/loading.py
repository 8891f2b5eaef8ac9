"""Resolves the service's settings: explicit argument > `OTEL_*` > the alias of S1.3 > default (S1.3 to S1.5).

`Settings.load()` reads and checks everything at once, so that a bad value is one clear line at start-up.
`python -m reference_impl.settings` prints every setting, its value and its origin.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from reference_impl.settings.rules import ENVIRONMENTS, OTLP, RULES, Rule, SettingsError, default_rate
from reference_impl.settings.values import BadValue, masked
from reference_impl.vocabulary import Mode

__all__ = ["RULES", "Settings", "SettingsError"]

TRACES_PATH = "/v1/traces"


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of the service; `origins` has the origin of each field's value.

    Times are in seconds, except `schedule_delay_ms`. `warnings` has one line for each conflict between variables.
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
    breaker_window: Literal["count", "time"]
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

        Explicit arguments have the names of the fields, and are checked too. Raise SettingsError for the first bad
        value (S1.5).
        """
        return _Resolution(os.environ if environ is None else environ, explicit).settings()

    def table(self) -> list[tuple[str, str, str]]:
        """Return every setting as (name, value with credentials masked, origin), in the order of the fields."""
        return [(rule.name, _shown(rule, getattr(self, rule.name)), self.origins.get(rule.name, "")) for rule in RULES]


@dataclass(slots=True)
class _Resolution:
    environ: Mapping[str, str]
    explicit: dict[str, Any]
    values: dict[str, Any] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def settings(self) -> Settings:
        self._reject_unsupported()
        for rule in RULES:
            self.values[rule.name], self.origins[rule.name] = self._resolved(rule)
        self._complete_endpoint()
        self._apply_resource_attributes()
        self._check_together()
        return Settings(**self.values, origins=self.origins, warnings=tuple(self.warnings))

    def _reject_unsupported(self) -> None:
        unknown = sorted(self.explicit.keys() - {rule.name for rule in RULES})
        if unknown:
            raise SettingsError(f"{unknown[0]}: is not a setting; accepted: {', '.join(r.name for r in RULES)}")
        if self.environ.get("OTEL_CONFIG_FILE"):
            raise SettingsError(
                "OTEL_CONFIG_FILE: configuration files are not supported; accepted: unset, with other OTEL_* instead"
            )

    def _resolved(self, rule: Rule) -> tuple[Any, str]:
        # Every variable that is set is checked, also one that is not used: a bad value is never ignored.
        variables = [name for name in (*rule.standard, *rule.own) if self.environ.get(name)]
        candidates = [(name, self._parsed(rule, name, self.environ[name].strip())) for name in variables]
        if rule.name in self.explicit:
            return self._argument(rule, self.explicit[rule.name]), "argument"
        if not candidates:
            return (rule.default(self.values) if callable(rule.default) else rule.default), "default"
        winner, value = candidates[0]
        self._warn_of_conflicts(rule, candidates)
        return value, winner

    def _argument(self, rule: Rule, value: Any) -> Any:
        return value if value is None or isinstance(value, tuple) else self._parsed(rule, rule.name, str(value))

    def _parsed(self, rule: Rule, variable: str, value: str) -> Any:
        try:
            return rule.parse(value)
        except BadValue as problem:
            # A message never shows the value of a secret; the credentials of URLs are masked by BadValue.
            shown = "" if rule.secret else f"{problem.shown} "
            raise SettingsError(f"{variable}: {shown}{problem.what}; accepted: {problem.accepted}") from None

    def _warn_of_conflicts(self, rule: Rule, candidates: list[tuple[str, Any]]) -> None:
        winner, value = candidates[0]
        losers = [name for name, other in candidates if name in rule.own and name != winner and other != value]
        self.warnings += [f"{winner} and {name} differ: {winner} is used" for name in losers]

    def _complete_endpoint(self) -> None:
        """Add the path to the endpoint, unless it comes from the signal's own variable, which has a whole URL."""
        origin, http = self.origins["endpoint"], self.values["protocol"] == "http/protobuf"
        if origin == "default":
            self.values["endpoint"] = "http://localhost:4318" if http else "http://localhost:4317"
        is_whole = origin == OTLP + "TRACES_ENDPOINT" or self.values["endpoint"].endswith(TRACES_PATH)
        if http and not is_whole:
            self.values["endpoint"] = self.values["endpoint"].rstrip("/") + TRACES_PATH

    def _apply_resource_attributes(self) -> None:
        """Take values from OTEL_RESOURCE_ATTRIBUTES, if the setting's own variable is unset or is only the alias."""
        given = dict(self.values["resource_attributes"])
        self._replace("service_name", given.get("service.name"), if_from=("default",))
        self._replace("service_version", given.get("service.version"), if_from=("default",))
        environment = given.get("deployment.environment.name", given.get("deployment.environment"))
        if self.origins["environment"] == "OTEL_ENVIRONMENT" and environment not in (None, self.values["environment"]):
            self.warnings.append(
                "OTEL_RESOURCE_ATTRIBUTES and OTEL_ENVIRONMENT differ: OTEL_RESOURCE_ATTRIBUTES is used"
            )
        if environment in ENVIRONMENTS:
            self._replace("environment", environment, if_from=("default", "OTEL_ENVIRONMENT"))
        if self.origins["sampling_rate"] == "default":
            # The standard's sampler variable has the standard's default rate (OpenTelemetry SDK variables).
            standard = self.origins["sampler"] == "OTEL_TRACES_SAMPLER"
            self.values["sampling_rate"] = 1.0 if standard else default_rate(self.values)

    def _replace(self, name: str, value: str | None, *, if_from: tuple[str, ...]) -> None:
        if value and self.origins[name] in if_from:
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
