"""Settings of a Jaeger that runs as a process: every port on loopback, and free."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from containers.servers.processes import LOOPBACK, free_port

__all__ = ["write_settings"]

_MAX_TRACES = 100_000  # as in the official image


def write_settings(folder: Path, port: int) -> Mapping[str, int]:
    """Write `jaeger.yaml` for the interface and API on `port`. Return its other ports: `otlp_http`, `otlp_grpc`.

    A file for that port is left as it is, so that the ports stay the same across a restart.
    """
    ports_file = folder / "ports.json"
    ports: dict[str, int] = json.loads(ports_file.read_text()) if ports_file.exists() else {}
    if ports.get("api") != port:
        ports = {"api": port, **{name: free_port() for name in ("otlp_http", "otlp_grpc", "api_grpc")}}
        # JSON is valid YAML.
        (folder / "jaeger.yaml").write_text(json.dumps(_settings(ports), indent=2))
        ports_file.write_text(json.dumps(ports))
    return ports


def _settings(ports: Mapping[str, int]) -> Mapping[str, Any]:
    pipeline = {"receivers": ["otlp"], "processors": ["batch"], "exporters": ["jaeger_storage_exporter"]}
    return {
        "service": {
            "extensions": ["jaeger_storage", "jaeger_query"],
            "pipelines": {"traces": pipeline},
            "telemetry": {"metrics": {"level": "none"}, "logs": {"level": "info"}},
        },
        "extensions": {
            "jaeger_query": {
                "storage": {"traces": "memory"},
                "http": {"endpoint": _at(ports["api"])},
                "grpc": {"endpoint": _at(ports["api_grpc"])},
            },
            "jaeger_storage": {"backends": {"memory": {"memory": {"max_traces": _MAX_TRACES}}}},
        },
        "receivers": {
            "otlp": {
                "protocols": {
                    "http": {"endpoint": _at(ports["otlp_http"])},
                    "grpc": {"endpoint": _at(ports["otlp_grpc"])},
                }
            }
        },
        "processors": {"batch": {}},
        "exporters": {"jaeger_storage_exporter": {"trace_storage": "memory"}},
    }


def _at(port: int) -> str:
    return f"{LOOPBACK}:{port}"
