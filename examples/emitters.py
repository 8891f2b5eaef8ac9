"""Run the example service of each language under its contracts, then with each break that it can plant.

    python -m examples.emitters                  all languages
    python -m examples.emitters go python        some of them
    python -m examples.emitters --quick          100 flows and one break of each: what a build machine runs
    python -m examples.emitters --allow-missing  those whose toolchain is there

A service passes if 500 flows give no finding, not even advice, under `empty.contract.yaml` (unless quick) and under
`service.contract.yaml`, if the scenarios that it performs on a real Redis keep the shipped contracts (`spanpact
conform`), and if each break is caught. Prints one table; exit code 1 if something did not pass.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

from containers.servers.private_redis import private_redis
from examples.emitter_programs import EMITTERS, Emitter

STAMPS: Final = Path(__file__).parents[1] / ".nox" / "emitters"
MADE: Final = ("node_modules", "dist", "build", "target", "__pycache__")
FLOWS: Final = 500
FLOWS_WHEN_QUICK: Final = 100
AT_ONCE: Final = 2
"""Languages that are checked at the same time when quick; otherwise 500 flows have the machine to themselves."""
FLOWS_WITH_A_BREAK: Final = 40
QUEUE: Final = "20000"
"""Spans and records that an SDK may keep for export: on a slow machine it must not drop any."""
RESOURCE: Final = "service.version=1.0.0,deployment.environment=development"
TIMEOUT_S: Final = 600

HEAD: Final = ("language", "SDK", "flows", "findings: empty", "findings: service", "scenarios", "breaks caught")


@dataclass(frozen=True, slots=True)
class Run:
    """What one run of a service gave: spanpact's exit code, the flows or kept scenarios, and the finding keys."""

    exit_code: int
    flows: int = 0
    keys: Counter[str] = field(default_factory=Counter)
    sdk: str = "?"
    printed: str = ""


def run_service(emitter: Emitter, contract: str, *, flows: int, broken: str = "") -> Run:
    """Run a service under one of its contracts; its traces are kept only as long as they are read."""
    with tempfile.TemporaryDirectory(prefix="emitters-") as folder:
        report, traces = Path(folder, "report.json"), Path(folder, "traces.json")
        spanpact = (sys.executable, "-m", "spanpact", "run", "--format", "json", "--output", str(report))
        command = (*spanpact, "--save", str(traces), contract, "--", *emitter.command)
        exit_code, printed = run_to_end(command, emitter.folder, environment(flows, broken))
        if not report.is_file() or not report.stat().st_size:
            return Run(exit_code, printed=printed)
        told = json.loads(report.read_text(encoding="utf-8"))
        sdk = sdk_version(json.loads(traces.read_text(encoding="utf-8")))
    (verified,) = told["contracts"]
    found = [*verified["findings"], *verified["not_checked"], *told["integrity"]]
    keys = Counter(each.get("key") or f"{each['entry']}/not-checked" for each in found)
    return Run(exit_code, verified["flows"], keys, sdk, printed)


def run_scenarios(emitter: Emitter, redis_url: str, broken: str = "") -> Run:
    """Let a service perform its scenarios and be judged by the shipped contracts."""
    command = (sys.executable, "-m", "spanpact", "conform", "--", *emitter.scenarios)
    variables = {**environment(0, broken), "REDIS_URL": redis_url}
    exit_code, printed = run_to_end(command, emitter.folder, variables)
    kept = re.findall(r"^✓ kept ", printed, re.MULTILINE)
    return Run(exit_code, len(kept), Counter(re.findall(r"✗ ([a-z_]+/[a-z-]+) ", printed)), printed=printed)


def run_to_end(command: Sequence[str], folder: Path, variables: Mapping[str, str]) -> tuple[int, str]:
    """Run a command in a folder; returns its exit code and what it printed.

    Nothing that it started outlives it where it takes longer than `TIMEOUT_S`, or is interrupted.
    """
    with subprocess.Popen(
        command,
        cwd=folder,
        env=dict(variables),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        text=True,
    ) as process:
        try:
            printed, _ = process.communicate(timeout=TIMEOUT_S)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    return process.returncode, printed


def environment(flows: int, broken: str) -> dict[str, str]:
    """Return the variables of a run: the caller's own, without its settings of OpenTelemetry."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    queues = {"OTEL_BSP_MAX_QUEUE_SIZE": QUEUE, "OTEL_BLRP_MAX_QUEUE_SIZE": QUEUE}
    resource = {"OTEL_SERVICE_NAME": "shop", "OTEL_RESOURCE_ATTRIBUTES": RESOURCE}
    return {**kept, **queues, **resource, "FLOWS": str(flows), "BREAK": broken}


def sdk_version(traces: Mapping[str, Any]) -> str:
    """Return the version of the SDK that made the spans, from their resource."""
    for spans in traces["resourceSpans"]:
        for attribute in spans["resource"]["attributes"]:
            if attribute["key"] == "telemetry.sdk.version":
                return str(attribute["value"]["stringValue"])
    return "?"


def check(emitter: Emitter, redis_url: str, *, quick: bool) -> tuple[Sequence[str], Sequence[str]]:
    """Run a service under its contracts and with its breaks; returns its row of the table, and what did not pass."""
    wrong: list[str] = []
    flows = FLOWS_WHEN_QUICK if quick else FLOWS
    contracts = ("service",) if quick else ("empty", "service")
    clean = {name: run_service(emitter, f"{name}.contract.yaml", flows=flows) for name in contracts}
    for name, run in clean.items():
        if run.exit_code or run.flows != flows or run.keys:
            wrong.append(f"{name}.contract.yaml: {describe(run)}")
    scenarios = run_scenarios(emitter, redis_url) if emitter.scenarios else Run(0)
    if scenarios.exit_code or (emitter.scenarios and not scenarios.flows):
        wrong.append(f"scenarios: {describe(scenarios)}\n{scenarios.printed}")
    broken = [*_broken(emitter, redis_url, quick=quick)]
    wrong += [each for each in broken if each]
    counts = [str(clean[name].keys.total()) if name in clean else "-" for name in ("empty", "service")]
    ran = "+".join(str(run.flows) for run in clean.values())
    caught = f"{broken.count('')} of {len(broken)}"
    kept = f"{scenarios.flows} kept" if emitter.scenarios else "-"
    return (emitter.language, clean["service"].sdk, ran, *counts, kept, caught), wrong


def _broken(emitter: Emitter, redis_url: str, *, quick: bool) -> Iterator[str]:
    """Plant each break, or one of each kind if `quick`; yield "" where it is caught, else what happened."""
    most = 1 if quick else None
    for broken, expected in list(emitter.breaks.items())[:most]:
        run = run_service(emitter, "service.contract.yaml", flows=FLOWS_WITH_A_BREAK, broken=broken)
        yield "" if _is_caught(run, expected) else f"BREAK={broken}: expected {', '.join(expected)}; {describe(run)}"
    for broken, expected in list(emitter.scenario_breaks.items())[:most]:
        run = run_scenarios(emitter, redis_url, broken)
        yield (
            "" if _is_caught(run, expected) else f"BREAK={broken} in scenarios: {', '.join(expected)}; {describe(run)}"
        )


def _is_caught(run: Run, expected: Sequence[str]) -> bool:
    return run.exit_code == 1 and bool(run.keys[expected[0]]) and run.keys.keys() <= set(expected)


def describe(run: Run) -> str:
    """Return what a run gave, in one line, and what the service printed where it gave no flow."""
    found = ", ".join(f"{key} ×{times}" for key, times in run.keys.most_common()) or "no finding"
    return f"exit code {run.exit_code}, {run.flows} flows, {found}{'' if run.flows else chr(10) + run.printed}"


def build(emitter: Emitter) -> str:
    """Install the dependencies of a service and compile it, unless nothing has changed; returns what went wrong."""
    if missing := [name for name in emitter.programs if shutil.which(name) is None]:
        return f"not run: no {', '.join(missing)} on PATH"
    stamp, wanted = STAMPS / emitter.language, _fingerprint(emitter)
    if stamp.is_file() and stamp.read_text() == wanted and (emitter.folder / emitter.built).exists():
        return ""
    exit_code, printed = run_to_end(emitter.build, emitter.folder, os.environ)
    if exit_code:
        return f"not built: {' '.join(emitter.build)}\n{printed}"
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(wanted)
    return ""


def _fingerprint(emitter: Emitter) -> str:
    """Return a hash of the files of a service, without those that are made."""
    digest = hashlib.sha256(repr(emitter.build).encode())
    for file in sorted(emitter.folder.rglob("*")):
        inside = file.relative_to(emitter.folder)
        if file.is_file() and inside.parts[0] not in MADE:
            digest.update(f"{inside}\0".encode() + file.read_bytes())
    return digest.hexdigest()


def draw(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a table."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def build_and_check(
    emitter: Emitter, redis_url: str, *, quick: bool, allow_missing: bool
) -> tuple[Sequence[str], Sequence[str], bool]:
    """Build a service and check it; returns its row of the table, what did not pass, and whether that is a failure."""
    if problem := build(emitter):
        return (
            (emitter.language, "not run", *["-"] * (len(HEAD) - 2)),
            [problem],
            not (allow_missing and problem.startswith("not run")),
        )
    row, wrong = check(emitter, redis_url, quick=quick)
    return row, wrong, bool(wrong)


def main(arguments: Sequence[str]) -> int:
    """Check the chosen services and print the table; returns the exit code."""
    parser = argparse.ArgumentParser(prog="emitters", description="Verify the example service of each language.")
    names = [emitter.language for emitter in EMITTERS]
    parser.add_argument("languages", nargs="*", choices=[*names, []], help=f"some of {', '.join(names)} (default: all)")
    parser.add_argument("--allow-missing", action="store_true", help="skip languages whose toolchain is missing")
    parser.add_argument("--quick", action="store_true", help=f"{FLOWS_WHEN_QUICK} flows, and one break of each kind")
    given = parser.parse_args(arguments)
    chosen = [emitter for emitter in EMITTERS if not given.languages or emitter.language in given.languages]
    with private_redis() as redis, ThreadPoolExecutor(AT_ONCE if given.quick else 1) as pool:
        check_one = partial(build_and_check, redis_url=redis.url, quick=given.quick, allow_missing=given.allow_missing)
        checked = list(pool.map(check_one, chosen))
    wrong = [f"{row[0]}: {each}" for row, departures, _ in checked for each in departures]
    print("\n".join([*draw([HEAD, *(row for row, _, _ in checked)]), *wrong]))
    return int(any(failed for _, _, failed in checked))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
