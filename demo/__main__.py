"""`python -m demo [--break NAME] [--example-ids]`: drive every flow of a studio-api that runs as its own process.

It verifies nothing: it causes traces, and `spanpact run`, which receives them, judges them.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from containers.ladder import BackendUnavailable
from containers.servers.private_redis import private_redis
from demo.breakages import EVERY_BREAKAGE
from demo.flows import DemoFailed, every_flow
from demo.flows.breaker import EXAMPLE_TRACE_ID
from demo.services import ServiceFailed, running_services

EXAMPLE_SEED = 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo and return the exit code."""
    options = _options(arguments)
    if options.list:
        for breakage in EVERY_BREAKAGE.values():
            print(f"{breakage.name:24} {breakage.about}")
        return 0
    if "OTEL_EXPORTER_OTLP_ENDPOINT" not in os.environ:
        wanted = "spanpact run contracts/v1 -- python -m demo"
        print(f"demo: nothing receives the traces; run it with `{wanted}`", file=sys.stderr)
        return 2
    try:
        return _run(options)
    except (BackendUnavailable, DemoFailed, ServiceFailed) as problem:
        print(f"demo: {problem}", file=sys.stderr)
        return 1


def _run(options: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory(prefix="studio-api-") as folder, private_redis() as redis:
        _print_field("redis", str(redis).removeprefix("Redis: "))
        database = f"sqlite+aiosqlite:///{Path(folder) / 'studio.db'}"
        environ = {"STUDIO_ID_SEED": str(EXAMPLE_SEED)} if options.example_ids else {}
        with running_services(redis, database, Path(folder), breakage=options.breakage, environ=environ) as services:
            for service in (services.audit, services.studio):
                _print_field(service.name, f"process {service.pid} at {service.url}")
            if options.breakage:
                _print_field("broken by", f"{options.breakage}: {EVERY_BREAKAGE[options.breakage].about}")
            breaker_trace_id, first = EXAMPLE_TRACE_ID if options.example_ids else "", ""
            for flow in every_flow(services.deployment, services.audit, breaker_trace_id=breaker_trace_id):
                print(f"  {flow.trace_id}  {flow.name:26} {flow.outcome}", flush=True)
                first = first or flow.trace_id
            code = services.studio.stop()
            lines = services.studio.log_lines()
            _print_field("log", f"{len(lines)} lines of studio-api; those of the first trace:")
            _show_lines(lines, first)
            return code


def _show_lines(lines: Sequence[str], trace_id: str) -> None:
    for line in lines:
        if trace_id in line:
            print(f"  {line}", flush=True)


def _print_field(name: str, value: str) -> None:
    print(f"{name:12}{value}", flush=True)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="demo", description="Drive every flow of the traced service studio-api.")
    names = sorted(EVERY_BREAKAGE)
    parser.add_argument("--break", dest="breakage", choices=names, metavar="NAME", help="break its tracing")
    parser.add_argument("--list", action="store_true", help="list the ways to break it")
    parser.add_argument("--example-ids", action="store_true", help="the same trace ids on every run")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
