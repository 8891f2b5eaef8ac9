"""Python processes for tests."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager


def without_settings() -> dict[str, str]:
    """Return this process's environment without the settings of a service."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("OTEL_", "STUDIO_", "AUDIT_"))}


def run_python(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a Python process with no settings but those given, for at most a minute. Return its result."""
    return subprocess.run(
        [sys.executable, *arguments],
        env={**without_settings(), **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


MODULES = {"studio-api": "reference_impl", "audit-api": "reference_impl.services.audit_api"}


@contextmanager
def serving_process(name: str, *program: str, **environ: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run a service on a free port. Yield its process and base URL; kill it at the end if it still runs.

    `program` replaces the service's own module: another module and its arguments.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", *(program or [MODULES[name]])],
        env={**without_settings(), "STUDIO_LOG_LEVEL": "warning", "STUDIO_PORT": "0", "AUDIT_PORT": "0", **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith(f"{name} listening on http://127.0.0.1:"), process.communicate()[1]
        yield process, line.split()[-1]
    finally:
        process.kill()
        process.communicate(timeout=60)
