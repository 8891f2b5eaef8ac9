"""Run a command line of spanpact for a tool: limited in time, in what it prints, and in what it knows."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

_KEPT: Final = frozenset(
    [
        "PATH",
        "HOME",
        "TMPDIR",
        "TEMP",
        "TMP",
        "SYSTEMROOT",
        "LANG",
        "LC_ALL",
        "PYTHONPATH",
        "VIRTUAL_ENV",
        "SPANPACT_CORE",
    ]
)
"""The variables that a command gets. Others may be secrets."""
_OF_STORES: Final = ("SPANPACT_JAEGER_", "SPANPACT_CLICKHOUSE_", "SPANPACT_TEMPO_", "SPANPACT_ZIPKIN_")
"""How those begin that a command gets only where stores are allowed."""


class Limits(NamedTuple):
    """The seconds that a command may take, and the characters of its text that a tool returns."""

    seconds: float = 60
    characters: int = 40_000


class Answer(NamedTuple):
    """The exit code of a command line and what it printed; -1 for one that took too long."""

    code: int
    text: str


def run_command(arguments: Sequence[str], root: Path, limits: Limits, *, with_stores: bool = False) -> Answer:
    """Run `spanpact ARGUMENTS` in a folder. A text that is too long is cut, and says how much is left out."""
    program = [sys.executable, "-P", "-m", "spanpact"]  # -P: a module in the project is never imported
    with tempfile.TemporaryFile() as output:
        try:
            done = subprocess.run(
                [*program, *arguments],
                cwd=root,
                env=_environment(os.environ, with_stores=with_stores),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=limits.seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Answer(-1, f"stopped after {limits.seconds:g} s: choose one trace, or fewer contracts")
        size = output.tell()
        output.seek(0)
        data = output.read(4 * limits.characters)
    return Answer(done.returncode, _bounded(data.decode("utf-8", "replace"), size - len(data), limits.characters))


def _environment(environ: Mapping[str, str], *, with_stores: bool) -> dict[str, str]:
    begins = _OF_STORES if with_stores else ()
    kept = {name: value for name, value in environ.items() if name in _KEPT or name.startswith(begins)}
    return {**kept, "PYTHONUTF8": "1", "NO_COLOR": "1"}


def _bounded(text: str, unread: int, most: int) -> str:
    if len(text) <= most and not unread:
        return text
    shown = text[: text.rfind("\n", 0, most) + 1] or text[:most]
    return f"{shown}… the rest is left out: {len(text) - len(shown) + unread} characters; ask for less"
