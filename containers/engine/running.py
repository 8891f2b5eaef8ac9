"""`python -m containers.engine -- COMMAND`: run a command with a Docker engine, started here where none answers.

An engine that answers is used and left as it is. Where none does, root on Debian installs `docker.io` if there is no
`dockerd`, and the daemon runs for as long as the command, on the socket that DOCKER_HOST names or the default one. The
containers that the command left are removed, then the daemon is stopped by its process id.
Exit code: the command's, or 1 where no engine is available.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from containers.engine import api as engine_api
from containers.engine import daemon
from containers.ladder import BackendUnavailable

__all__ = ["main", "running_engine"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command with an engine and return its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m containers.engine", description="Run a command with a Docker engine."
    )
    parser.add_argument("command", nargs="+", metavar="-- COMMAND")
    command = parser.parse_args(arguments).command
    try:
        with running_engine() as described:
            print(described, flush=True)
            return _run(command)
    except BackendUnavailable as error:
        print(error, file=sys.stderr)
        return 1


@contextmanager
def running_engine() -> Iterator[str]:
    """Have an engine that answers for as long as the context lasts. Yield one line that describes it.

    Raise `BackendUnavailable`, with how to get one, where none answers and none can be started.
    """
    try:
        path = engine_api.socket_path()
    except engine_api.EngineError as error:
        raise BackendUnavailable(str(error)) from error
    if engine_api.answers():
        yield f"Docker engine {engine_api.version()} at {path} (already running)"
        return
    with daemon.run_daemon(daemon.find_program()):
        try:
            yield f"Docker engine {engine_api.version()} at {path} (started here)"
        finally:
            _remove_leftovers()


def _remove_leftovers() -> None:
    try:
        for name in engine_api.remove_leftovers():
            print(f"removed the container {name}, which the command left", file=sys.stderr)
    except engine_api.EngineError as error:
        print(f"containers that the command left could not be removed: {error}", file=sys.stderr)


def _run(command: Sequence[str]) -> int:
    """Run the command to its end: Ctrl+C reaches it by the terminal, SIGTERM is passed on."""
    process = subprocess.Popen(command)

    def pass_on(number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGTERM:
            process.terminate()

    previous = {number: signal.signal(number, pass_on) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        code = process.wait()
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
    return 128 - code if code < 0 else code
