"""Read the memory and the ledger of a service once a second, and at the end."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Final, NamedTuple, Self

import httpx2
from prometheus_client.parser import text_string_to_metric_families

from integration.soak.faults import Window
from integration.soak.schedule import STALLED
from reference_impl.export.ledger import LedgerReading

EVERY_S: Final = 1.0
ANSWER_S: Final = 15.0
_STEP_S: Final = 0.1
_LATE_S: Final = 0.3
"""A machine on which a thread wakes up later than this stalls."""
_SPANS: Final = "studio_spans_"


class Reading(NamedTuple):
    """What a service's metrics say: its ledger, and the counts of three other series."""

    ledger: LedgerReading
    pending: int
    opened: int
    exceptions: int
    faults_of_metrics: int


class Sample(NamedTuple):
    """A service at one moment (Unix time, s): its memory (MiB, resident) and its ledger."""

    at: float
    mib: float
    ledger: LedgerReading


class Watch:
    """A context manager that takes samples of a service while it lasts.

    `problems` are the readings that failed, or whose ledger was not exact; `stalls` the times in which this process did
    not run although it should have.
    """

    def __init__(self, url: str, pid: int) -> None:
        self._url, self._pid = url, pid
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.samples: list[Sample] = []
        self.problems: list[str] = []
        self.stalls: list[Window] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._is_over():
            try:
                reading = read_metrics(self._url)
                self.samples.append(Sample(time.time(), resident_mib(self._pid), reading.ledger))
                if reading.pending != reading.ledger.pending:
                    self.problems.append(f"the ledger is not exact: {reading.pending} pending, {reading.ledger}")
            except (OSError, httpx2.HTTPError) as error:
                self.problems.append(f"metrics were not read: {type(error).__name__}")

    def _is_over(self) -> bool:
        """Wait until the next sample is due, and note stalls meanwhile. Return whether the watch is over."""
        for _ in range(round(EVERY_S / _STEP_S)):
            began = time.time()
            if self._over.wait(_STEP_S):
                return True
            if (woke := time.time()) - began > _STEP_S + _LATE_S:
                self.stalls.append(Window(STALLED, began, woke))
        return False


def read_metrics(url: str) -> Reading:
    """Return what the metrics of a studio-api say now. Raise httpx2.HTTPError if it does not answer."""
    text = httpx2.get(f"{url}/metrics", timeout=ANSWER_S, trust_env=False).raise_for_status().text
    spans: dict[str, int] = {}
    lost: dict[str, int] = {}
    opened = exceptions = faults = 0
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            value = int(sample.value) if sample.name.endswith(("_total", "_pending")) else 0
            if sample.name == f"{_SPANS}lost_total" and value:
                lost[sample.labels["reason"]] = value
            elif sample.name.startswith(_SPANS):
                spans[sample.name.removeprefix(_SPANS)] = value
            elif sample.name == "studio_circuit_breaker_transitions_total":
                opened += value * (sample.labels["to_state"] == "open")
            elif sample.name == "studio_request_errors_total":
                exceptions += value * (sample.labels["reason"] == "exception")
            elif sample.name == "studio_metric_faults_total":
                faults += value
    ledger = LedgerReading(spans["ended_total"], spans["stored_total"], lost)
    return Reading(ledger, spans["pending"], opened, exceptions, faults)


def resident_mib(pid: int) -> float:
    """Return the resident memory of a process, in MiB (Linux)."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024
