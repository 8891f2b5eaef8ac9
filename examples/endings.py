"""Run a small program of each language and SDK under `spanpact run`, ended in four ways, and count what arrives.

    python -m examples.endings               all programs; prints a table
    python -m examples.endings node go       some of them
    python -m examples.endings --write-docs  also writes the table of docs/languages.md

Each program makes ten spans named `work` with the default set-up of its SDK. ENDING says how it then ends: `flush`
shuts the SDK down, `return` does not, `wait` prints `ready` and waits until SIGTERM ends it, at once or a second later.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from examples.emitters import draw, run_to_end
from examples.endings_programs import HERE, PROGRAMS, Program

PAGE: Final = Path(__file__).parents[1] / "docs" / "languages.md"
SPANS: Final = 10
ENDINGS: Final = {"flush": "flush", "return": "return", "term": "wait", "term-later": "wait"}
"""What happens to the program, and the ENDING that it is told."""
HEAD: Final = ("program", "SDK", "needs", "flushes at exit", "only returns", "SIGTERM at once", "SIGTERM 1 s later")


def count_spans(program: Program, ending: str) -> tuple[int, str]:
    """Run the program to this ending; returns how many of its spans arrived, and the version of its SDK."""
    with tempfile.TemporaryDirectory(prefix="endings-") as folder:
        traces = Path(folder, "traces.json")
        spanpact = (sys.executable, "-m", "spanpact", "run", "--save", str(traces), "--")
        command = (sys.executable, str(HERE / "end.py"), ending, *program.command)
        kept = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
        variables = {**kept, **program.variables, "ENDING": ENDINGS[ending], "OTEL_SERVICE_NAME": program.name}
        _, printed = run_to_end((*spanpact, *command), program.path, variables)
        if not traces.is_file():
            raise RuntimeError(f"{program.name}: {printed}")
        return counted(json.loads(traces.read_bytes()), program.version)


def counted(traces: Mapping[str, Any], version: str) -> tuple[int, str]:
    """Return the number of spans named `work`, and the value of the resource attribute `version`."""
    found, seen = 0, ""
    for group in traces["resourceSpans"]:
        attributes = {each["key"]: each["value"] for each in group["resource"]["attributes"]}
        if version in attributes:
            seen = str(next(iter(attributes[version].values())))
        found += sum(span["name"] == "work" for scope in group["scopeSpans"] for span in scope["spans"])
    return found, seen


def build(program: Program) -> str:
    """Build the program; returns what went wrong."""
    if missing := [name for name in program.requires if shutil.which(name) is None]:
        return f"not run: no {', '.join(missing)} on PATH"
    exit_code, printed = run_to_end(program.build, program.path, os.environ) if program.build else (0, "")
    return f"not built: {' '.join(program.build)}\n{printed}" if exit_code else ""


def row(program: Program) -> Sequence[str]:
    """Return the row of the program in the table."""
    results = {ending: count_spans(program, ending) for ending in ENDINGS}
    version = next((version for _, version in results.values() if version), "?")
    arrived = [f"{found} of {SPANS}" for found, _ in results.values()]
    return (program.name, f"{program.sdk} {version}", program.needs, *arrived)


def write_docs(rows: Sequence[Sequence[str]]) -> None:
    """Replace the rows of these programs in the page's table, and keep the others."""
    text = PAGE.read_text(encoding="utf-8")
    lines = {each[0]: f"| {' | '.join(each)} |" for each in rows}
    for name, line in lines.items():
        text, replaced = re.subn(rf"^\| {re.escape(name)} \|.*\|$", line.replace("\\", r"\\"), text, flags=re.MULTILINE)
        if not replaced:
            raise RuntimeError(f"{PAGE} has no row for {name}: add one")
    PAGE.write_text(text, encoding="utf-8")


def main(arguments: Sequence[str]) -> int:
    """Run the chosen programs and print the table; returns the exit code."""
    names = [program.name for program in PROGRAMS]
    parser = argparse.ArgumentParser(prog="endings", description="Count what arrives from a program that ends.")
    parser.add_argument("programs", nargs="*", choices=[*names, []], help=f"some of {', '.join(names)} (default: all)")
    parser.add_argument("--write-docs", action="store_true", help="write the table of docs/languages.md")
    given = parser.parse_args(arguments)
    rows, wrong = [], []
    for program in PROGRAMS:
        if given.programs and program.name not in given.programs:
            continue
        problem = build(program)
        if problem:
            wrong.append(f"{program.name}: {problem}")
        else:
            rows.append(row(program))
    print("\n".join([*draw([HEAD, *rows]), *wrong]))
    if given.write_docs:
        write_docs(rows)
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
