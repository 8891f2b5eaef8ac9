"""A folder with the program `spanpact` of this checkout, which notes the arguments that it is given."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
CONTRACT = """\
spanpact: 1
contract: checkout
version: 1.0.0
span: checkout
status: STATUS
examples:
  good: {trace: [{span: checkout, status: STATUS}]}
  wrong: {like: good, but: {top: {status: ok}}, findings: [top/status]}
"""


@dataclass(frozen=True)
class Project:
    """A folder with contracts in it, in which scripts of CI run. `timeout`: the seconds that one may take."""

    folder: Path
    timeout: float = 50

    @property
    def log(self) -> list[str]:
        """The command lines of spanpact so far."""
        file = self.folder / ".log"
        return file.read_text().splitlines() if file.exists() else []

    def contract(self, status: str = "unset", name: str = "checkout") -> None:
        """Write the contract; every span that the exporter sends has the status `unset`."""
        (self.folder / "contracts").mkdir(exist_ok=True)
        (self.folder / f"contracts/{name}.spanpact.yaml").write_text(CONTRACT.replace("STATUS", status))

    def run(self, script: str, shell: str = "bash", **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a script, as the CI system does, with spanpact on PATH and without an installation by pip."""
        programs = self.folder / ".programs"
        if not programs.exists():
            programs.mkdir()
            for name, does in {
                "spanpact": f'echo "$*" >>"{self.folder}/.log"\nexec "{sys.executable}" -m spanpact "$@"',
                "pip": ":",
            }.items():
                (programs / name).write_text(f"#!/bin/sh\n{does}\n")
                (programs / name).chmod(0o755)
        path = f"{programs}{os.pathsep}{os.environ['PATH']}"
        own = {"PATH": path, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}", "HOME": str(self.folder)}
        options = ["--noprofile", "--norc", "-eo", "pipefail"] if shell == "bash" else ["-e"]
        return subprocess.run(
            [shell, *options, "-c", script],
            cwd=self.folder,
            env={**own, **environment},
            capture_output=True,
            text=True,
            timeout=self.timeout,
            check=False,
        )
