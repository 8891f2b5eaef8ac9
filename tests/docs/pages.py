"""Pages of the documentation as a reader meets them: blocks of code in order, files to write, commands to try."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
DEADLINE_S = 120
INSTALL_DEADLINE_S = 600
_OF_THIS_PYTHON = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"`([\w.-]+\.(?:py|yaml|ts|go))`")
_CHANGING = (
    (re.compile(r"\b[0-9a-f]{32}\b"), "TRACE"),
    (re.compile(r"\b\d+(?:\.\d+)?(?:ns|µs|ms|s)\b"), "TIME"),
)
"""What differs from run to run."""


@dataclass(frozen=True, slots=True)
class Block:
    """A block of code: its language, its text, and the line of prose before it."""

    language: str
    text: str
    before: str

    @property
    def file(self) -> str:
        """The file that the line before names; "" for none."""
        named = _FILE.findall(self.before)
        return named[-1] if named else ""


def page(name: str) -> str:
    """The text of a page in docs/."""
    return (DOCS / name).read_text(encoding="utf-8")


def blocks(text: str) -> Iterator[Block]:
    """The blocks of code of a page, in order."""
    for found in _FENCE.finditer(text):
        before = text[: found.start()].rstrip().splitlines()
        yield Block(found[1], found[2], before[-1] if before else "")


def settled(text: str) -> str:
    """A text without what differs from run to run."""
    for pattern, word in _CHANGING:
        text = pattern.sub(word, text)
    return text.rstrip()


def commands(block: Block) -> Iterator[tuple[str, str]]:
    """The commands of a console block, each with what it is said to print."""
    for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        command, _, printed = part.partition("\n")
        yield command, printed


def printed_by(command: str, folder: Path, *, own_programs: bool = True) -> str:
    """What a command prints in a folder, on both outputs, with `spanpact` and `python` those of this checkout.

    Without `own_programs` the command finds what the machine has, and may take long: it installs what it needs.
    """
    programs = folder / ".programs"
    if own_programs and not programs.exists():
        programs.mkdir()
        for name, arguments in (("spanpact", "-m spanpact"), ("python", "")):
            program = programs / name
            program.write_text(f'#!/bin/sh\nexec "{sys.executable}" {arguments} "$@"\n')
            program.chmod(program.stat().st_mode | stat.S_IXUSR)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OTEL_", "PYTEST_", "SPANPACT_"))}
    ours = {
        # A reader's pytest has one plugin, ours; this environment's others would be heard.
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTEST_PLUGINS": "spanpact.testing.pytest_plugin",
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}",
    }
    environ = kept | ours if own_programs else {name: kept[name] for name in kept if name not in _OF_THIS_PYTHON}
    deadline = DEADLINE_S if own_programs else INSTALL_DEADLINE_S
    done = subprocess.run(
        ["sh", "-c", command], cwd=folder, env=environ, timeout=deadline, text=True, encoding="utf-8",
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
    )  # fmt: skip
    return done.stdout
