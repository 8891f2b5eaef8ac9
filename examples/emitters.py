"""Run the example service of each language under its contracts, then with each break that it can plant.

    python -m examples.emitters                  all languages
    python -m examples.emitters go python        some of them
    python -m examples.emitters --allow-missing  those whose toolchain is there

A service passes if 500 flows give no finding at all, not even advice, under `empty.contract.yaml` and under
`service.contract.yaml`, and if the latter catches each break. Prints one table; exit code 1 if something did not pass.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).parent
FLOWS: Final = 500
FLOWS_WITH_A_BREAK: Final = 40
QUEUE: Final = "20000"
"""Spans and records that an SDK may keep for export: on a slow machine it must not drop any."""
TIMEOUT_S: Final = 600


@dataclass(frozen=True, slots=True)
class Emitter:
    """One example service.

    `breaks` maps each value of BREAK to finding keys: the first must be reported, the others may be.
    """

    language: str
    programs: Sequence[str]
    build: Sequence[str]
    command: Sequence[str]
    breaks: Mapping[str, Sequence[str]]

    @property
    def folder(self) -> Path:
        """Return the folder of the service."""
        return HERE / self.language


@dataclass(frozen=True, slots=True)
class Run:
    """What one run of a service gave: spanpact's exit code, and what its report says."""

    exit_code: int
    flows: int = 0
    keys: Counter[str] = field(default_factory=Counter)
    sdk: str = "?"
    printed: str = ""


EMITTERS: Final = (
    Emitter(
        "node",
        programs=("node", "npm"),
        build=("npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"),
        command=("npm", "start", "--silent"),
        breaks={
            "lost-context": ["reserve/span-missing"],
            "missing-status": ["charge/status"],
            "email": ["private/privacy-leak"],
            "missing-await": ["top/order", "integrity/child-late"],
            "wrong-type": ["cart/attribute-type"],
        },
    ),
    Emitter(
        "java",
        programs=("java", "javac", "mvn"),
        build=("mvn", "--quiet", "--batch-mode", "package"),
        command=("sh", "start.sh"),
        breaks={
            "lost-context": ["reserve/span-missing"],
            "missing-span": ["cart/span-missing"],
            "wrong-kind": ["charge/kind"],
            "email": ["private/privacy-leak"],
            "not-awaited": ["integrity/child-late", "reserved_first/order"],
        },
    ),
    Emitter(
        "go",
        programs=("go",),
        build=("go", "build", "-o", "build/shop", "."),
        command=("build/shop",),
        breaks={
            "lost-context": ["reserve/span-missing"],
            "missing-status": ["charge/status"],
            "missing-span": ["publish/span-missing"],
            "email": ["private/privacy-leak"],
            "wrong-order": ["top/order", "publish/span-surplus"],
        },
    ),
    Emitter(
        "python",
        programs=(),
        build=(sys.executable, "-c", "import opentelemetry.exporter.otlp.proto.http"),
        command=(sys.executable, "-W", "error", "shop.py"),
        breaks={
            "lost-context": ["reserve/span-missing"],
            "wrong-kind": ["charge/kind"],
            "wrong-type": ["cart/attribute-type"],
            "email": ["private/privacy-leak"],
            "not-awaited": ["integrity/child-late", "reserved_first/order"],
        },
    ),
)


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
    return {**kept, **queues, "OTEL_SERVICE_NAME": "shop", "FLOWS": str(flows), "BREAK": broken}


def sdk_version(traces: Mapping[str, Any]) -> str:
    """Return the version of the SDK that made the spans, from their resource."""
    for spans in traces["resourceSpans"]:
        for attribute in spans["resource"]["attributes"]:
            if attribute["key"] == "telemetry.sdk.version":
                return str(attribute["value"]["stringValue"])
    return "?"


def check(emitter: Emitter) -> tuple[Sequence[str], Sequence[str]]:
    """Run a service six times and more; returns its row of the table, and what did not pass."""
    wrong: list[str] = []
    clean = {name: run_service(emitter, f"{name}.contract.yaml", flows=FLOWS) for name in ("empty", "service")}
    for name, run in clean.items():
        if run.exit_code or run.flows != FLOWS or run.keys:
            wrong.append(f"{name}.contract.yaml: {describe(run)}")
    caught = 0
    for broken, expected in emitter.breaks.items():
        run = run_service(emitter, "service.contract.yaml", flows=FLOWS_WITH_A_BREAK, broken=broken)
        if run.exit_code == 1 and run.keys[expected[0]] and run.keys.keys() <= set(expected):
            caught += 1
        else:
            wrong.append(f"BREAK={broken}: expected {', '.join(expected)}; {describe(run)}")
    counts = [str(run.keys.total()) for run in clean.values()]
    flows = "+".join(str(run.flows) for run in clean.values())
    return (emitter.language, clean["empty"].sdk, flows, *counts, f"{caught} of {len(emitter.breaks)}"), wrong


def describe(run: Run) -> str:
    """Return what a run gave, in one line, and what the service printed where it gave no flow."""
    found = ", ".join(f"{key} ×{times}" for key, times in run.keys.most_common()) or "no finding"
    return f"exit code {run.exit_code}, {run.flows} flows, {found}{'' if run.flows else chr(10) + run.printed}"


def build(emitter: Emitter) -> str:
    """Install the dependencies of a service and compile it; returns what went wrong."""
    if missing := [name for name in emitter.programs if shutil.which(name) is None]:
        return f"not run: no {', '.join(missing)} on PATH"
    exit_code, printed = run_to_end(emitter.build, emitter.folder, os.environ)
    return f"not built: {' '.join(emitter.build)}\n{printed}" if exit_code else ""


def draw(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a table."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def main(arguments: Sequence[str]) -> int:
    """Check the chosen services and print the table; returns the exit code."""
    parser = argparse.ArgumentParser(prog="emitters", description="Verify the example service of each language.")
    names = [emitter.language for emitter in EMITTERS]
    parser.add_argument("languages", nargs="*", choices=[*names, []], help=f"some of {', '.join(names)} (default: all)")
    parser.add_argument("--allow-missing", action="store_true", help="skip languages whose toolchain is missing")
    given = parser.parse_args(arguments)
    rows: list[Sequence[str]] = [("language", "SDK", "flows", "findings: empty", "findings: service", "breaks caught")]
    wrong, failed = [], False
    for emitter in EMITTERS:
        if given.languages and emitter.language not in given.languages:
            continue
        if problem := build(emitter):
            wrong.append(f"{emitter.language}: {problem}")
            failed |= not (given.allow_missing and problem.startswith("not run"))
            continue
        row, departures = check(emitter)
        rows.append(row)
        wrong += [f"{emitter.language}: {each}" for each in departures]
        failed |= bool(departures)
    print("\n".join([*draw(rows), *wrong]))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
