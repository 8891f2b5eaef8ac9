"""Draw the pictures of the documentation: what a command prints on a terminal, as a small self-contained SVG.

`python -m docs.draw_pictures` draws them again. The contract is that of the tutorial, the traces are next to the
pictures.
"""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

from docs import pytest_picture
from docs.live_picture import live_screen

DOCS: Final = Path(__file__).parent
FOLDER: Final = DOCS / "pictures"
PICTURES: Final[Mapping[str, Sequence[str]]] = {
    name: ("spanpact", "verify", "checkout.contract.yaml", "--from", f"{name}.json", *options)
    for name, options in (("broken", ()), ("kept", ("--trees",)))
} | {"listen": ("spanpact", "listen", "checkout.contract.yaml"), "pytest": pytest_picture.SHOWN}
"""The command of each picture; its traces are in the JSON file with its name, those of `listen` in both."""

_COLUMNS: Final = 90
_CHANGING: Final = ("NO_COLOR", "CI", "BUILD_NUMBER")  # on a build machine, pytest shortens no line
_LINE: Final = 18
_CHARACTER: Final = 8.0
_COLOUR: Final = re.compile(r"\x1b\[([\d;]*)m")
_FILLS: Final = {"31": "#b42318", "32": "#1a7f37", "33": "#8a5a00", "36": "#0b6b7a", "2": "#6b7280", "1": "#111827"}
_HEAD: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">\n'
    '<rect width="100%" height="100%" rx="6" fill="#fff" stroke="#d0d7de"/>\n'
    '<g font-family="ui-monospace,Menlo,Consolas,\'DejaVu Sans Mono\',monospace" font-size="13" fill="#1f2328">\n'
    "<style>text{{white-space:pre}}</style>\n"  # on a group it would not count: browsers have a rule for text
)


def run_command(name: str) -> str:
    """Return the command of a picture and what it prints on a terminal, with escape sequences for colours."""
    command = PICTURES[name]
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "checkout.contract.yaml").write_text(_contract(), encoding="utf-8")
        if name == "listen":
            documents = {each: json.loads((FOLDER / f"{each}.json").read_bytes()) for each in ("kept", "broken")}
            return f"$ {' '.join(command)}\n{live_screen(command, Path(folder), documents, _COLUMNS)}"
        if name == "pytest":
            pytest_picture.write_project(Path(folder))
            shown = _on_a_terminal([sys.executable, "-m", *pytest_picture.COMMAND], folder, pytest_picture.ENVIRONMENT)
            return f"$ {' '.join(command)}\n{pytest_picture.without_times(shown)}"
        (Path(folder) / command[4]).write_bytes((FOLDER / command[4]).read_bytes())
        shown = _on_a_terminal([sys.executable, "-m", *command], folder)
    return f"$ {' '.join(command)}\n{shown}"


def draw_svg(text: str) -> str:
    """Return the SVG of a text with escape sequences for colours."""
    lines = text.rstrip().splitlines()
    columns = max(_COLUMNS, *(len(_COLOUR.sub("", line)) for line in lines))
    size = {"width": int(columns * _CHARACTER) + 24, "height": len(lines) * _LINE + 22}
    rows = (f'<text x="12" y="{24 + number * _LINE}">{_spans(line)}</text>' for number, line in enumerate(lines))
    return _HEAD.format(**size) + "\n".join(rows) + "\n</g>\n</svg>\n"


def _spans(line: str) -> str:
    pieces = _COLOUR.split(line)
    return "".join(_styled(text, codes) for text, codes in zip(pieces[::2], ["", *pieces[1::2]], strict=True) if text)


def _styled(text: str, codes: str) -> str:
    fills = [_FILLS[code] for code in codes.split(";") if code in _FILLS]
    weight = ' font-weight="600"' if "1" in codes.split(";") else ""
    style = (f' fill="{fills[-1]}"' if fills else "") + weight
    return f"<tspan{style}>{escape(text)}</tspan>" if style else escape(text)


def _contract() -> str:
    page = (DOCS / "tutorial.md").read_text(encoding="utf-8")
    found = re.search(r"^```yaml\n(spanpact: .*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert found is not None, "the tutorial has no contract"
    return found[1]


def _on_a_terminal(command: Sequence[str], folder: str, variables: Mapping[str, str] | None = None) -> str:
    """Return what a command prints on a terminal with `_COLUMNS` columns; `variables` are added to the environment."""
    environ = {name: value for name, value in os.environ.items() if name not in _CHANGING}
    environ |= {"TERM": "xterm-256color", "COLUMNS": str(_COLUMNS), "PYTHONIOENCODING": "utf-8", **(variables or {})}
    ours, theirs = pty.openpty()
    with subprocess.Popen(command, cwd=folder, env=environ, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs):
        os.close(theirs)
        text = b"".join(_read(ours)).decode()
    os.close(ours)
    return text.replace("\r\n", "\n")


def _read(terminal: int) -> Iterator[bytes]:
    with contextlib.suppress(OSError):  # Linux raises it when the last writer has closed the terminal
        while piece := os.read(terminal, 65536):
            yield piece


def main() -> None:
    """Draw every picture into its file."""
    for name in PICTURES:
        (FOLDER / f"{name}.svg").write_text(draw_svg(run_command(name)), encoding="utf-8")


if __name__ == "__main__":
    main()
