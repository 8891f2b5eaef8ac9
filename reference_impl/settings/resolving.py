"""Which source wins: argument > `OTEL_*` > the alias of S1.3 > default, and where each value came from (S1.3 to S1.5).

Own code and not pydantic-settings, which adds 80 ms to the start and 10 MB, and keeps neither a value's origin nor
checks the variables that another one overrides (docs/adr/0045).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reference_impl.settings.values import BadValue, Kind, masked

RESOURCE = "OTEL_RESOURCE_ATTRIBUTES"
_SHOWN = 80


class SettingsError(Exception):
    """A bad value of a setting; the message is one line that names the variable and what it accepts."""

    message_is_safe = True  # for logs: the message is our own text, with credentials masked


@dataclass(frozen=True, slots=True)
class Rule:
    """One setting: `variables` are read first, in this order, then the `alias` of this project, then the default.

    `about` is its meaning in the documented table. `default` may be a function of what was resolved before it; the
    table then shows `default_text`. `secret` values are never shown. An attribute of the process's resource that is
    named in `resource` wins over alias and default, if it is one of `among` (or that is empty).
    """

    name: str
    kind: Kind
    about: str
    variables: tuple[str, ...] = ()
    alias: str = ""
    default: Any = None
    default_text: str = ""
    secret: bool = False
    resource: tuple[str, ...] = ()
    among: tuple[str, ...] = ()

    @property
    def read(self) -> tuple[str, ...]:
        """Return all variables, the winner first."""
        return (*self.variables, *filter(None, [self.alias]))

    def shown(self, value: Any) -> str:
        """Return a value as text, without credentials."""
        if self.secret:
            return "***" if value else ""
        if isinstance(value, tuple):
            return ",".join(f"{key}={item}" for key, item in value)
        return masked(value) if isinstance(value, str) else str(value)


@dataclass(slots=True)
class Resolved:
    """The values and origins by the names of the rules, and one line for each conflict between variables."""

    values: dict[str, Any] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def warn(self, winner: str, loser: str) -> None:
        """Add the line for two variables with different values."""
        self.warnings.append(f"{winner} and {loser} differ: {winner} is used")


def resolve(rules: Sequence[Rule], environ: Mapping[str, str], arguments: Mapping[str, Any]) -> Resolved:
    """Resolve each rule, in this order. Raise SettingsError for the first bad value, also of a variable that loses."""
    unknown = sorted(arguments.keys() - {rule.name for rule in rules})
    if unknown:
        raise SettingsError(f"{unknown[0]}: is not a setting; accepted: {', '.join(rule.name for rule in rules)}")
    found = Resolved()
    for rule in rules:
        _resolve(rule, environ, arguments, found)
        _prefer_resource(rule, found)
    return found


def _resolve(rule: Rule, environ: Mapping[str, str], arguments: Mapping[str, Any], found: Resolved) -> None:
    given = [(name, _parsed(rule, name, environ[name].strip())) for name in rule.read if environ.get(name)]
    if rule.name in arguments:
        value, origin = arguments[rule.name], "argument"
        value = value if value is None or isinstance(value, tuple) else _parsed(rule, rule.name, str(value))
    elif given:
        origin, value = given[0]
        for loser in (name for name, other in given if name == rule.alias and other != value):
            found.warn(origin, loser)
    else:
        default: Callable[[Resolved], Any] | Any = rule.default
        value, origin = default(found) if callable(default) else default, "default"
    found.values[rule.name], found.origins[rule.name] = value, origin


def _parsed(rule: Rule, variable: str, value: str) -> Any:
    try:
        return rule.kind.parse(value)
    except BadValue as problem:
        shown = "" if rule.secret else f"{masked(value)[:_SHOWN]!r} "
        raise SettingsError(f"{variable}: {shown}{problem}; accepted: {rule.kind.accepted}") from None


def _prefer_resource(rule: Rule, found: Resolved) -> None:
    given = dict(found.values["resource_attributes"]) if rule.resource else {}
    value = next((given[name] for name in rule.resource if name in given), None)
    origin = found.origins[rule.name]
    if not value or origin not in ("default", rule.alias):
        return
    if origin == rule.alias and value != found.values[rule.name]:
        found.warn(RESOURCE, origin)
    if not rule.among or value in rule.among:
        found.values[rule.name], found.origins[rule.name] = value, RESOURCE
