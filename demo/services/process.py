"""studio-api and audit-api as processes, started and stopped as an operator would."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from queue import Empty, Queue
from typing import Self

from containers.servers.dead_mans_switch import DeadMansSwitch
from containers.servers.processes import stopped_on_error
from demo.breakages import PROPAGATION_BREAKAGES

__all__ = ["AuditProcess", "ServiceFailed", "ServiceProcess"]

START_S = 20.0
STOP_S = 10.0
_ANNOUNCES = "listening on "
_OTHER_IDS = 1_000_003


class ServiceFailed(Exception):
    """The service did not start: one line with the last line of its log."""


class ServiceProcess:
    """A context manager that runs studio-api on a free loopback port; `url` is its base URL."""

    name = "studio-api"
    start_s = START_S

    def __init__(self, environ: Mapping[str, str], *, breakage: str | None = None) -> None:
        module = ["demo.services.broken_studio_api", breakage] if breakage else ["reference_impl"]
        self._command = [sys.executable, "-m", *module]
        self._log = Path(environ["DEMO_LOGS"]) / f"{self.name}.log"
        self._environ = {**os.environ, "STUDIO_PORT": "0", "PYTHONUNBUFFERED": "1", **environ}
        self.url = ""

    @property
    def pid(self) -> int:
        """Return the process id."""
        return self._process.pid

    def __enter__(self) -> Self:
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                self._command, env=self._environ, stdout=subprocess.PIPE, stderr=log, text=True
            )
        self._switch = DeadMansSwitch(self._process.pid, timeout=STOP_S)
        self._lines: Queue[str | None] = Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        with stopped_on_error(self.stop):
            self.url = self._announced_url()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def log_lines(self) -> list[str]:
        """Return the lines that it has logged so far, in JSON."""
        return self._log.read_text().splitlines()

    def stop(self) -> int:
        """Stop it with SIGTERM, so that it flushes its spans. Return its exit code."""
        if self._process.poll() is None:
            self._process.terminate()
        try:
            code = self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        self._switch.disarm()
        self._reader.join()
        return code

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line.rstrip("\n"))
        self._lines.put(None)
        self._process.stdout.close()

    def _announced_url(self) -> str:
        while True:
            try:
                line = self._lines.get(timeout=self.start_s)
            except Empty:
                raise ServiceFailed(f"{self.name} did not start within {self.start_s:g} s") from None
            if line is None:
                code, last = self._process.wait(), self._log.read_text().strip().rpartition("\n")[2]
                raise ServiceFailed(f"{self.name} ended with exit code {code} before it served: {last}")
            if _ANNOUNCES in line:
                return line.split(_ANNOUNCES, 1)[1].strip()


class AuditProcess(ServiceProcess):
    """A context manager that runs audit-api, with its records in memory; studio-api needs its `url` as AUDIT_URL."""

    name = "audit-api"

    def __init__(self, environ: Mapping[str, str], *, breakage: str | None = None) -> None:
        own = {"AUDIT_PORT": "0"}
        if "STUDIO_ID_SEED" in environ:  # the same seed would give both services the same ids
            own["STUDIO_ID_SEED"] = str(int(environ["STUDIO_ID_SEED"]) + _OTHER_IDS)
        super().__init__({**environ, **own})
        broken = breakage in PROPAGATION_BREAKAGES
        module = ["demo.services.broken_audit_api", str(breakage)] if broken else ["reference_impl.services.audit_api"]
        self._command = [sys.executable, "-m", *module]
