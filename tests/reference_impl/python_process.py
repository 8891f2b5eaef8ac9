"""Python processes of the tests."""

from __future__ import annotations

import os
import subprocess
import sys


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
