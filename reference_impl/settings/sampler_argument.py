"""The argument of the sampler: a rate, or for `jaeger_remote` where a process asks for its rate (S1.3, S1.6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from reference_impl.settings.values import HTTP_URL, PAIRS, BadValue, Kind, integer, number

RATE: Final = number(0, 1)
_PARTS: Final = {"endpoint": HTTP_URL, "pollingIntervalMs": integer(100, 3_600_000), "initialSamplingRate": RATE}


@dataclass(frozen=True, slots=True)
class RemoteArgument:
    """The parts of an argument for `jaeger_remote`, None where it has none; `url` has a path."""

    url: str | None = None
    interval_s: float | None = None
    rate: float | None = None


def with_path(url: str) -> str:
    """Return the URL, with Jaeger's path `/sampling` where it has none."""
    return url if urlsplit(url).path.strip("/") else f"{url.rstrip('/')}/sampling"


def _parse(value: str) -> Any:
    if "=" not in value:
        return RATE.parse(value)
    found: dict[str, Any] = {}
    for key, part in PAIRS.parse(value):
        if key not in _PARTS:
            raise BadValue("has an unknown part")
        try:
            found[key] = _PARTS[key].parse(part)
        except BadValue as problem:
            raise BadValue(f"has a part {key} that {problem}") from None
    url, interval_ms = found.get("endpoint"), found.get("pollingIntervalMs")
    return RemoteArgument(
        with_path(url) if url else None, interval_ms / 1000 if interval_ms else None, found.get("initialSamplingRate")
    )


SAMPLER_ARGUMENT: Final = Kind(
    f"{RATE.accepted}; for jaeger_remote also endpoint=URL,pollingIntervalMs=N,initialSamplingRate=N", _parse
)
"""A rate as a float, or a RemoteArgument."""
