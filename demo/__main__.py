"""`python -m demo [--break NAME] [--example-ids]`: drive every flow of a studio-api that runs as its own process.

It verifies nothing: it causes traces, and whoever receives them (`spanpact run`) judges them.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from containers.ladder import BackendUnavailable
from containers.redis_server import RedisBackend, redis_backend
from demo.breakages import BREAKAGES
from demo.flows import SECRET, DemoFailed, Stage, drive
from demo.service_process import ServiceFailed, ServiceProcess

EXAMPLE_SEED = 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo; the process's exit code."""
    options = _options(arguments)
    if options.list:
        for breakage in BREAKAGES.values():
            print(f"{breakage.name:24} {breakage.about}")
        return 0
    if "OTEL_EXPORTER_OTLP_ENDPOINT" not in os.environ:
        print(
            "demo: nobody receives the traces; run it by `spanpact run contracts/v1 -- python -m demo`", file=sys.stderr
        )
        return 2
    try:
        return _play(options)
    except (BackendUnavailable, DemoFailed, ServiceFailed) as problem:
        print(f"demo: {problem}", file=sys.stderr)
        return 1


def _play(options: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory(prefix="studio-api-") as folder, _killable_redis() as redis:
        print(f"redis       {redis.version} ({redis.rung}) at {redis.url}", flush=True)
        database = f"sqlite+aiosqlite:///{Path(folder) / 'studio.db'}"
        environ = {"REDIS_URL": redis.url, "DATABASE_URL": database, "STUDIO_SESSION_SECRET": SECRET}
        if options.example_ids:
            environ["STUDIO_ID_SEED"] = str(EXAMPLE_SEED)
        with ServiceProcess(environ, breakage=options.breakage) as service:
            print(f"studio-api  process {service.pid} at {service.url}", flush=True)
            if options.breakage:
                print(f"broken by   {options.breakage}: {BREAKAGES[options.breakage].about}", flush=True)
            for flow in drive(Stage(service.url, redis, database)):
                print(f"  {flow.trace_id}  {flow.name:26} {flow.outcome}", flush=True)
            return service.stop()


def _killable_redis() -> AbstractContextManager[RedisBackend]:
    """A Redis of our own that can be killed: a process; a server that others use must not be."""
    return redis_backend("program" if shutil.which("redis-server") else "bundled")


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="demo", description="Drive every flow of the traced service studio-api.")
    parser.add_argument("--break", dest="breakage", choices=sorted(BREAKAGES), metavar="NAME", help="break its tracing")
    parser.add_argument("--list", action="store_true", help="list the ways to break it")
    parser.add_argument("--example-ids", action="store_true", help="the same trace ids on every run")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
