"""Measure builds of spanpact against each other: the same job by each, in turn, in processes that stay.

The speed of a machine drifts, so only ratios within a round say something. Imports and compiled contracts are not in
the figures: the first job of a kind is run once before it is measured.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlsplit

from benchmarks.earlier_build import ROOT, environment_of
from benchmarks.verification.encoded_requests import Message

EARLIER_ARM, PLAIN_ARM, CORE_ARM = "47e6372", "without the core", "with the core"


@dataclass(frozen=True, slots=True)
class Job:
    """A verification: `way` and `contracts` as in `measured_runs`; `source` is a file, or messages for a receiver."""

    way: str
    source: Path | Sequence[Message]
    contracts: str

    @property
    def kind(self) -> object:
        """Return what two jobs share that import and compile the same."""
        return self.way, getattr(self.source, "suffix", ""), self.contracts


class Build:
    """A process that verifies with one build."""

    def __init__(self, module: str, environment: Mapping[str, str]) -> None:
        self._known: set[object] = set()
        command = [sys.executable, "-m", f"benchmarks.verification.{module}"]
        self._process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **environment}, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def run(self, job: Job) -> Mapping[str, Any]:
        """Run a job. Return CPU seconds, peak memory in MiB, and the fields of `measured_runs.Outcome`."""
        source = str(job.source) if isinstance(job.source, Path) else "-"
        self._tell({"way": job.way, "source": source, "contracts": job.contracts})
        if not isinstance(job.source, Path):
            send(self._answer()["url"], job.source)
            self._tell({})
        return self._answer()

    def prepare(self, job: Job) -> None:
        """Run a job unless one of its kind was run."""
        if job.kind not in self._known:
            self._known.add(job.kind)
            self.run(job)

    def close(self) -> None:
        """End the process."""
        self._process.communicate()

    def _tell(self, what: Mapping[str, str]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(what) + "\n")
        self._process.stdin.flush()

    def _answer(self) -> Mapping[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"a measured process ended with {self._process.wait()}; its error is above")
        answer: Mapping[str, Any] = json.loads(line)
        return answer


class Comparison:
    """What builds took for the same job: for each round the seconds of each build, and the last result of each."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = {}
        self.results: dict[str, Mapping[str, Any]] = {}

    def add(self, arm: str, result: Mapping[str, Any]) -> None:
        """Add a round of one build."""
        self.seconds.setdefault(arm, []).append(result["seconds"])
        self.results[arm] = result

    def ratios(self, arm: str, to: str = EARLIER_ARM) -> Sequence[float]:
        """Return, for each round, how many times the CPU time of `arm` the build `to` took."""
        return [other / own for own, other in zip(self.seconds[arm], self.seconds[to], strict=True)]

    def rate(self, arm: str) -> float:
        """Return the median of spans per CPU second."""
        return float(self.results[arm]["spans"] / median(self.seconds[arm]))


def has_core() -> bool:
    """Return whether the native core is installed."""
    return find_spec("spanpact_core") is not None


def compare(builds: Mapping[str, Build], job: Job, rounds: int) -> Comparison:
    """Run the job `rounds` times by every build, in turn. Raise AssertionError where builds disagree on its size."""
    found = Comparison()
    for build in builds.values():
        build.prepare(job)
    for _ in range(rounds):
        for arm, build in builds.items():
            found.add(arm, build.run(job))
    sizes = {(each["spans"], each["traces"], each["verdict"]) for each in found.results.values()}
    assert len(sizes) == 1, f"builds disagree on {job}: {found.results}"
    return found


@contextmanager
def opened(earlier: Path) -> Iterator[Mapping[str, Build]]:
    """Start a process of each build: the earlier one in its folder, and this one, with the core too if installed."""
    arms = arms_of(earlier)
    with ExitStack() as stack:
        builds = {}
        for arm, (module, environment) in arms.items():
            builds[arm] = stack.enter_context(closing(Build(module, environment)))
        yield builds


def arms_of(earlier: Path) -> Mapping[str, tuple[str, Mapping[str, str]]]:
    """Return the module and the environment of each build."""
    arms = {
        EARLIER_ARM: ("verifying_earlier", _earlier_environment(earlier)),
        PLAIN_ARM: ("verifying", {"SPANPACT_CORE": "off"}),
    }
    return {**arms, CORE_ARM: ("verifying", {"SPANPACT_CORE": "required"})} if has_core() else arms


def _earlier_environment(folder: Path) -> Mapping[str, str]:
    """Return the variables for the earlier build; its folder `benchmarks` is no package, so that this one is found."""
    variables = environment_of(folder)
    return {**variables, "PYTHONPATH": os.pathsep.join([variables["PYTHONPATH"], str(ROOT)])}


def send(url: str, messages: Sequence[Message]) -> None:
    """Send protobuf messages to a receiver over one connection. Raise AssertionError where one is refused."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    for message in messages:
        connection.request("POST", f"/v1/{message.signal}", message.body, {"Content-Type": "application/x-protobuf"})
        answer = connection.getresponse()
        said = answer.read()
        assert answer.status == 200, said
    connection.close()
