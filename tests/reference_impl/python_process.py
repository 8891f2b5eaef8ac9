"""Python processes of the tests."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager


def without_settings() -> dict[str, str]:
    """This process's environment, less whatever sets up a service."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("OTEL_", "STUDIO_", "AUDIT_"))}


def run_python(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """What became of a Python process that knows no setting but those given; it has a minute."""
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
def serving_process(name: str, **environ: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The service of this name as a process on a free port, and its base URL; killed at the end if it still runs."""
    process = subprocess.Popen(
        [sys.executable, "-m", MODULES[name]],
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
