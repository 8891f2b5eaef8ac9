"""The environment of the command that `spanpact run` starts: what would keep its spans away is changed, and told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Final

_ROUTE: Final = ("COMPRESSION", "HEADERS", "CERTIFICATE", "CLIENT_CERTIFICATE", "CLIENT_KEY", "INSECURE")
OF_ANOTHER_ROUTE: Final = tuple(
    f"OTEL_EXPORTER_OTLP_{signal}{name}" for name, signal in product(_ROUTE, ("", "TRACES_", "LOGS_", "METRICS_"))
)
"""Variables about the way to another receiver. They are removed, not emptied: some SDKs refuse an empty value."""
CONFIGURATION_FILES: Final = ("OTEL_CONFIG_FILE", "OTEL_EXPERIMENTAL_CONFIG_FILE")
"""An SDK that reads such a file ignores the other variables."""
SHORT_DELAYS: Final = {"OTEL_BSP_SCHEDULE_DELAY": "100", "OTEL_BLRP_SCHEDULE_DELAY": "100"}
"""In milliseconds. By default 5 s of spans are lost when a signal ends a program that does not flush."""
_NO_SPANS: Final = ("always_off", "parentbased_always_off")


@dataclass(frozen=True, slots=True)
class CommandEnvironment:
    """The variables of the command, and in words what was changed of the caller's."""

    variables: dict[str, str]
    changes: str


def command_environment(environ: Mapping[str, str], receiver: Mapping[str, str]) -> CommandEnvironment:
    """Return the caller's environment with the variables of the receiver, and without what would disable the export.

    An empty variable is one that is not set, as the specification of OpenTelemetry says. Values of removed variables
    are named only where they cannot be a secret, those of replaced ones never.
    """
    removed = dict(_removed(environ))
    added = {name: value for name, value in SHORT_DELAYS.items() if not environ.get(name)}
    kept = {name: value for name, value in environ.items() if name not in removed}
    told = [f"set {', '.join(f'{name}={value}' for name, value in added.items())}"] if added else []
    replaced = [name for name, value in receiver.items() if environ.get(name, value) not in ("", value)]
    told += [f"replaced {', '.join(replaced)}"] if replaced else []
    told += [f"removed {', '.join(removed.values())}"] if removed else []
    return CommandEnvironment({**kept, **added, **receiver}, "; ".join(told))


def _removed(environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the name of each variable to remove, and what is told of it."""
    for name in ("OTEL_SDK_DISABLED", "OTEL_TRACES_SAMPLER", "OTEL_JAVAAGENT_ENABLED"):
        if name in environ and _disables(name, environ[name].strip().lower()):
            yield name, f"{name}={environ[name].strip()}"
    for name in (*CONFIGURATION_FILES, *OF_ANOTHER_ROUTE):
        if name in environ:
            yield name, name


def _disables(name: str, value: str) -> bool:
    if name == "OTEL_SDK_DISABLED":
        return value == "true"
    return value in _NO_SPANS if name == "OTEL_TRACES_SAMPLER" else value == "false"
