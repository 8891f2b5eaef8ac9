"""Run `spanpact receive` and `spanpact listen` under attack, and return what was measured."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.attack import attackers, client
from benchmarks.attack.attackers import Attacked
from benchmarks.attack.client import SPANS_A_REQUEST, Answers

COMMANDS: Final = ("receive", "listen")
MOST_P99_MS: Final = 100.0
"""The goal for P99. A machine that is busy misses it without an attack, too: so it breaks no promise."""
MOST_GROWTH: Final = 1.1
"""The most memory in an attack, as a part of that in its first half."""
_JUDGED_S: Final = 30.0
_START_S: Final = 30.0
_END_S: Final = 600.0


@dataclass(frozen=True, slots=True)
class Measured:
    """A receiver under attack: what its client and its attackers were answered, and its memory in MiB.

    `alone` is what the client was answered before, without an attack, in a sixth of the time. `judged` are the spans
    that the report is about. `only_loopback`: it refuses other addresses unless it is asked for them. `half_mib` is the
    most memory in the first half, `most_mib` until the end of the attack.
    """

    command: str
    seconds: float
    alone: Answers
    answers: Answers
    attacked: Attacked
    judged: int
    only_loopback: bool
    before_mib: float
    half_mib: float
    most_mib: float

    @property
    def sent(self) -> int:
        """Return the number of spans that were sent."""
        return (self.alone.requests + self.answers.requests) * SPANS_A_REQUEST

    @property
    def rate(self) -> float:
        """Return the spans a second that the client sent in the attack."""
        return self.answers.requests * SPANS_A_REQUEST / max(self.answers.took_s, self.seconds)

    @property
    def grows(self) -> bool:
        """Return whether memory grew in the second half of an attack of some length."""
        return self.seconds >= _JUDGED_S and self.most_mib > MOST_GROWTH * self.half_mib

    @property
    def wrong(self) -> list[str]:
        """Return what breaks a promise."""
        answered = {status for found in self.attacked.answers.values() for status in found}
        found = {
            f"refused to the client: {self.answers.refused}": bool(self.answers.refused),
            f"{self.judged:,} of {self.sent:,} spans were judged": self.judged != self.sent,
            f"the memory grew from {self.half_mib:.0f} to {self.most_mib:.0f} MiB": self.grows,
            "it listens on all addresses without being asked to": not self.only_loopback,
            f"hostile bodies were answered {sorted(answered)}": not all(each.startswith("4") for each in answered),
        }
        return [what for what, is_wrong in found.items() if is_wrong]


def measure_receiver(command: str, seconds: float, contracts: Sequence[str]) -> Measured:
    """Attack a receiver for some seconds, end it, and return what was measured. Raise RuntimeError if it ends early."""
    with tempfile.TemporaryDirectory(prefix="attack-") as name:
        folder = Path(name)
        with _running(command, contracts, folder) as process:
            url = _url_of(process, folder / "url")
            alone = client.answers_of(client.begin(url, seconds / 6))
            before = memory_of(process.pid, "VmRSS")
            foes = attackers.begin(url, seconds)
            sender = client.begin(url, seconds)
            time.sleep(seconds / 2)
            half = memory_of(process.pid, "VmHWM")
            answers = client.answers_of(sender)
            attacked = attackers.ended(foes)
            most = memory_of(process.pid, "VmHWM")
            process.terminate()
            process.wait(_END_S)
        report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    judged = report["source"]["spans"]
    only_loopback = refuses_other_addresses(command)
    return Measured(command, seconds, alone, answers, attacked, judged, only_loopback, before, half, most)


@contextmanager
def _running(command: str, contracts: Sequence[str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    named = [str(Path(each).resolve()) for each in contracts]
    options = ["--listen", "127.0.0.1:0", "--url-file", "url", "--format", "json=report.json"]
    arguments = [sys.executable, "-m", "spanpact", command, *named, *options]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(arguments, cwd=folder, stdin=quiet, stdout=quiet, stderr=quiet) as process:
        try:
            yield process
        finally:
            process.kill()


def _url_of(process: subprocess.Popen[bytes], file: Path) -> str:
    deadline = time.monotonic() + _START_S
    while process.poll() is None and time.monotonic() < deadline:
        if file.exists() and (url := file.read_text(encoding="utf-8").strip()):
            return url
        time.sleep(0.05)
    raise RuntimeError(f"the receiver did not listen within {_START_S:g} s")


def memory_of(pid: int, field: str) -> float:
    """Return `VmRSS` or `VmHWM` of a process in MiB (Linux)."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return int(next(line for line in lines if line.startswith(field)).split()[1]) / 1024


def refuses_other_addresses(command: str) -> bool:
    """Return whether a command refuses to listen on all addresses unless it is asked to."""
    arguments = [sys.executable, "-m", "spanpact", command, "--listen", "0.0.0.0:0"]
    done = subprocess.run(arguments, capture_output=True, timeout=_START_S)
    return done.returncode == 2 and b"0.0.0.0 is not loopback" in done.stderr
