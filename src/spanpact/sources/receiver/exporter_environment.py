"""The environment variables that make an OpenTelemetry SDK export to a receiver."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

Protocol: TypeAlias = Literal["http/protobuf", "grpc"]

EXPORTERS: Final = ("OTEL_TRACES_EXPORTER", "OTEL_LOGS_EXPORTER")
_EXPORTER_OF_QUARKUS: Final = "cdi"
"""Quarkus' name for its own OTLP exporter: it does not start with `otlp`."""
_ENDPOINTS_OF_SPRING: Final = (
    "MANAGEMENT_OPENTELEMETRY_TRACING_EXPORT_OTLP_ENDPOINT",  # Spring Boot 4, which reads no variable of OpenTelemetry
    "MANAGEMENT_OTLP_TRACING_ENDPOINT",  # Spring Boot 3
)
_SAMPLING_OF_SPRING: Final = {"MANAGEMENT_TRACING_SAMPLING_PROBABILITY": "1.0"}  # its default is a tenth
_PROXY_VARIABLES: Final = ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")


def exporter_environment(url: str, protocol: Protocol, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that make an SDK export to `url`, whatever else `environ` sets.

    The variables of one signal override the general ones, so all are set; so are those of frameworks that read their
    own. Where `environ` sets a proxy, the receiver's host is excepted from it.
    """
    variables = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": url,
        "OTEL_EXPORTER_OTLP_PROTOCOL": protocol,
        "QUARKUS_OTEL_EXPORTER_OTLP_ENDPOINT": url,
        "QUARKUS_OTEL_EXPORTER_OTLP_PROTOCOL": protocol,
        **{name: "otlp" for name in EXPORTERS if environ.get(name) != _EXPORTER_OF_QUARKUS},
    }
    if protocol != "grpc":
        variables |= dict.fromkeys(_ENDPOINTS_OF_SPRING, f"{url}/v1/traces")
        variables |= {name: value for name, value in _SAMPLING_OF_SPRING.items() if name not in environ}
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
