"""The environment variables that make an OpenTelemetry SDK export to a receiver."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

Protocol: TypeAlias = Literal["http/protobuf", "grpc"]

_PROXY_VARIABLES: Final = ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")


def exporter_environment(url: str, protocol: Protocol, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that make an SDK export to `url`, whatever else `environ` sets.

    The variables of one signal override the general ones, so all are set. Where `environ` sets a proxy, the receiver's
    host is excepted from it.
    """
    variables = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": url,
        "OTEL_EXPORTER_OTLP_PROTOCOL": protocol,
        "OTEL_TRACES_EXPORTER": "otlp",
        "OTEL_LOGS_EXPORTER": "otlp",
    }
    for signal in ("traces", "logs", "metrics"):
        prefix = f"OTEL_EXPORTER_OTLP_{signal.upper()}"
        variables[f"{prefix}_ENDPOINT"] = url if protocol == "grpc" else f"{url}/v1/{signal}"
        variables[f"{prefix}_PROTOCOL"] = protocol
    return variables | _without_proxy(url, environ)


def _without_proxy(url: str, environ: Mapping[str, str]) -> dict[str, str]:
    if not any(environ.get(name) for name in _PROXY_VARIABLES):
        return {}
    host = url.removeprefix("http://").rsplit(":", 1)[0].strip("[]")
    excepted = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    joined = ",".join(part for part in (excepted, host) if part)
    return {"NO_PROXY": joined, "no_proxy": joined}
