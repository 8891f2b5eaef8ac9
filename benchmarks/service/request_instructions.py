"""Count the machine instructions that studio-api takes for a request, with valgrind's callgrind.

All threads of the process count, in user mode. Counts hardly depend on the load of the machine, and those of two builds
in one run not at all.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from benchmarks.service.replay import FIRST
from benchmarks.service.studio_load import Fleet, Service

_WARM_UP: Final = 120
_START_S: Final = 180.0
_EXPORT_S: Final = 2.0
"""After the last request: a batch that is not full is sent within a second."""
_TOTAL: Final = re.compile(r"^totals: (\d+)", re.MULTILINE)


def can_count() -> bool:
    """Return whether valgrind and its callgrind_control are installed."""
    return all(map(shutil.which, ("valgrind", "callgrind_control")))


def instructions_of_a_request(fleet: Fleet, arm: str, requests: int = 200) -> float:
    """Return the instructions of a request, with the export of its spans. Raise CalledProcessError, ServiceFailed."""
    with tempfile.TemporaryDirectory(prefix="studio-callgrind-") as name:
        folder = Path(name)
        with _CountedService(arm, fleet.environ(arm), folder, fleet.build(arm)) as service:
            service.demands(_WARM_UP)
            service.control("--instr=on")
            service.demands(requests)
            time.sleep(_EXPORT_S)
            service.control("--instr=off")
            service.control("--dump")
            (dump,) = folder.glob("callgrind.*")
            return sum(map(int, _TOTAL.findall(dump.read_text(errors="replace")))) / (requests + FIRST)


class _CountedService(Service):
    start_s = _START_S

    def __init__(self, arm: str, environ: Mapping[str, str], folder: Path, build: Path) -> None:
        super().__init__(arm, environ, folder, build)
        options = ("--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={folder / 'callgrind'}")
        self._command = ["valgrind", "--quiet", *options, *self._command]

    def control(self, option: str) -> None:
        subprocess.run(["callgrind_control", option, str(self.pid)], capture_output=True, check=True)
