"""Judge a Jaeger round after round while it takes traffic, and report whether every planted break was found.

    python -m integration.live_rounds                           200 requests/s for 3 minutes, judged every 30 s
    python -m integration.live_rounds --rate 50 --seconds 20 --every 5 --complete-after 3

Each round runs `spanpact verify` by service, in a window that overlaps the one before, so that what was left out then
is judged now. `nox -s live` runs it; integration/test_live_traffic.py runs a short form.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from containers.servers.jaeger_server import JaegerBackend, jaeger_backend
from integration.support.live_traffic import CONTRACT, LONGEST_REQUEST_SECONDS, SERVICE, Traffic

EXPORT_SECONDS: Final = 5.0
"""How long a span may take from its end to where a search finds it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How much traffic, for how long, how often it is judged, and when a trace counts as complete (seconds)."""

    rate: float = 200.0
    seconds: float = 180.0
    every: float = 30.0
    complete_after: float = 10.0
    break_every: float = 7.0

    @property
    def since(self) -> float:
        """Return how far back a round looks: to where the one before left something out, and a little further."""
        return self.every + self.complete_after + 2 * EXPORT_SECONDS


@dataclass(frozen=True, slots=True)
class Round:
    """One verification: when it began and how long it took, its exit code, and what it reported."""

    begun: float
    took: float
    exit_code: int
    verdict: str
    judged: frozenset[str]
    left_out: int
    broken: frozenset[str]
    errors: str = ""


@dataclass(slots=True)
class Outcome:
    """The rounds of a run, with what is wrong with them; peak memory in MiB, of the largest verification."""

    rounds: list[Round] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    requests: int = 0
    planted: int = 0
    found: int = 0
    judged: int = 0
    peak_mib: float = 0.0


def run_rounds(jaeger: JaegerBackend, plan: Plan) -> Outcome:
    """Send traffic and judge it; return the outcome."""
    outcome = Outcome()
    with tempfile.TemporaryDirectory() as folder:
        contract = Path(folder) / "order.contract.yaml"
        contract.write_text(CONTRACT)
        begun = time.time()
        with Traffic(jaeger.otlp_http, plan.rate, plan.break_every) as traffic:
            number = 1
            while number * plan.every <= plan.seconds:
                time.sleep(max(0.0, begun + number * plan.every - time.time()))
                outcome.rounds.append(_judge(jaeger.url, contract, plan))
                number += 1
        ended = time.time()
        time.sleep(plan.complete_after + EXPORT_SECONDS + LONGEST_REQUEST_SECONDS)
        since = time.time() - outcome.rounds[-1].begun + plan.since - plan.every
        outcome.rounds.append(_judge(jaeger.url, contract, plan, since=since))
    _assess(outcome, traffic, plan, ended)
    outcome.peak_mib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return outcome


def _judge(url: str, contract: Path, plan: Plan, since: float | None = None) -> Round:
    window = f"since={since or plan.since:.3f}s&complete-after={plan.complete_after:g}s"
    source = f"jaeger:{url}?service={SERVICE}&{window}"
    command = [sys.executable, "-m", "spanpact", "verify", str(contract), "--from", source, "--format", "json"]
    begun = time.time()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    took = time.time() - begun
    try:
        report: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        return Round(begun, took, done.returncode, "none", frozenset(), 0, frozenset(), done.stderr.strip())
    (contracts,) = report["contracts"]
    findings = [*contracts["findings"], *report["integrity"]]
    judged = frozenset(flow["trace_id"] for flow in contracts["flow_spans"])
    left_out = (report["source"]["left_out"] or {"traces": 0})["traces"]
    broken = frozenset(finding["trace_id"] for finding in findings)
    return Round(begun, took, done.returncode, report["verdict"], judged, left_out, broken, done.stderr.strip())


def _assess(outcome: Outcome, traffic: Traffic, plan: Plan, ended: float) -> None:
    """Note every round without a verdict, false finding, break that was not found in time, and trace never judged."""
    wrong, settled = outcome.wrong, plan.complete_after + EXPORT_SECONDS
    wrong += [f"export failed: {error}" for error in traffic.errors]
    seen: dict[str, float] = {}
    for number, each in enumerate(outcome.rounds, 1):
        if each.verdict not in ("kept", "broken") or each.errors:
            wrong.append(f"round {number}: {each.verdict}, exit code {each.exit_code}: {each.errors}")
        wrong += [f"round {number}: a false finding in {trace_id}" for trace_id in each.broken - traffic.planted.keys()]
        for trace_id in each.broken:
            seen.setdefault(trace_id, each.begun)
    for trace_id, (end, kind) in traffic.planted.items():
        due = next((each.begun for each in outcome.rounds if each.begun >= end + settled), None)
        if due is None or seen.get(trace_id, due + 1) > due:
            wrong.append(f"{kind} of {trace_id}, ended {end:.1f}: found {seen.get(trace_id)}, due {due}")
    judged = frozenset[str]().union(*(each.judged for each in outcome.rounds))
    unjudged = [trace_id for trace_id, end in traffic.ended.items() if end < ended and trace_id not in judged]
    wrong += [f"{len(unjudged)} of {len(traffic.ended)} requests were never judged"] if unjudged else []
    outcome.requests, outcome.planted, outcome.found = len(traffic.ended), len(traffic.planted), len(seen)
    outcome.judged = len(judged)


def described(outcome: Outcome) -> str:
    """Return the outcome as text: a line for each round, and what is wrong."""
    first = outcome.rounds[0].begun
    lines = ["round  at (s)  took (s)  verdict  exit  judged  left out  broken"]
    for number, each in enumerate(outcome.rounds, 1):
        lines.append(
            f"{number:5d}  {each.begun - first:6.1f}  {each.took:8.1f}  {each.verdict:7s}  {each.exit_code:4d}"
            f"  {len(each.judged):6d}  {each.left_out:8d}  {len(each.broken):6d}"
        )
    lines.append(
        f"{outcome.requests} requests, {outcome.judged} judged; {outcome.planted} breaks, {outcome.found} found"
    )
    lines.append(f"peak memory of a verification: {outcome.peak_mib:.0f} MiB")
    return "\n".join([*lines, *(f"wrong: {each}" for each in outcome.wrong[:20])])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the rounds and print the outcome. Return 1 if something is wrong."""
    parser = argparse.ArgumentParser(prog="python -m integration.live_rounds", description=__doc__.partition("\n")[0])
    defaults = Plan()
    for name in ("rate", "seconds", "every", "complete-after", "break-every"):
        default = getattr(defaults, name.replace("-", "_"))
        parser.add_argument(f"--{name}", type=float, default=default, help=f"(default: {default:g})")
    parser.add_argument("--backend", help="docker, program or url (default: the first that is there)")
    given = parser.parse_args(arguments)
    plan = Plan(given.rate, given.seconds, given.every, given.complete_after, given.break_every)
    with jaeger_backend(given.backend) as jaeger:
        print(jaeger, flush=True)
        outcome = run_rounds(jaeger, plan)
    print(described(outcome))
    return int(bool(outcome.wrong))


if __name__ == "__main__":
    sys.exit(main())
