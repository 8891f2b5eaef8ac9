"""The screen of `spanpact listen` for a picture: the command runs on a terminal, and traces of the shop arrive."""

from __future__ import annotations

import contextlib
import copy
import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

_ROWS: Final = 24
_PATIENCE_SECONDS: Final = 60.0
_FRAME: Final = re.compile(r"\x1b\[H(.*?)\x1b\[J", re.DOTALL)
_STYLE: Final = re.compile(r"\x1b\[[\d;]*m")
_VARIES: Final = (
    (re.compile(r"127\.0\.0\.1:\d{5}"), "127.0.0.1:4318 "),
    (re.compile(r"\d+\.\d/s"), "0.5/s"),
    (re.compile(r"0:00:\d\d"), "0:00:08"),
)
"""What differs in every run: the port, the rates and the clock."""


def live_screen(command: Sequence[str], folder: Path, documents: Mapping[str, Any], columns: int) -> str:
    """Return the last screen of a command that listens, with escape sequences for colours.

    `documents` are OTLP documents, `kept` and `broken`. They arrive whole; then comes another, one span of it late.
    """
    ours, theirs = pty.openpty()
    fcntl.ioctl(ours, termios.TIOCSWINSZ, struct.pack("HHHH", _ROWS, columns, 0, 0))
    environ = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLUMNS", "LINES")}
    environ |= {"TERM": "xterm-256color", "PYTHONIOENCODING": "utf-8"}
    options = ("--settle", "0.3", "--listen", "127.0.0.1:0", "--url-file", "url")
    with subprocess.Popen(
        [sys.executable, "-m", *command, *options], cwd=folder, env=environ, stdin=theirs, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        output = bytearray()
        reader = threading.Thread(target=_read, args=(ours, output))
        reader.start()
        try:
            _wait(lambda: (folder / "url").exists() and (folder / "url").read_text().endswith("\n"))
            _send_all((folder / "url").read_text().strip(), documents, output)
            _wait(lambda: "changed" in _last_frame(output))
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(_PATIENCE_SECONDS)
            reader.join(_PATIENCE_SECONDS)
    os.close(ours)
    frame = _last_frame(output)
    for pattern, text in _VARIES:
        frame = pattern.sub(text, frame)
    return frame.replace("\x1b[K", "").replace("\r", "")


def _send_all(url: str, documents: Mapping[str, Any], output: bytearray) -> None:
    """Send the traces one after another, each when the one before has settled."""
    kept, broken = documents["kept"], documents["broken"]
    first = _part(kept, "c", lambda span: span["name"] != "payment.charge")
    late = _part(kept, "c", lambda span: span["name"] == "payment.charge")
    health = _part(kept, "d", lambda span: not span.get("parentSpanId"))
    _spans(health)[0]["name"] = "GET /health"
    for settled, document in enumerate((_part(kept, "a"), _part(broken, "b"), health, first), 1):
        _send(url, document)
        _wait(lambda: f"{settled} trace" in _STYLE.sub("", _last_frame(output)))  # noqa: B023
    _send(url, late)


def _part(document: Any, digit: str, wanted: Callable[[dict[str, Any]], bool] = lambda _: True) -> Any:
    """Return the spans of a document that are wanted, in a trace of their own whose id begins with a digit."""
    made = copy.deepcopy(document)
    _spans(made)[:] = [{**span, "traceId": digit + span["traceId"][1:]} for span in _spans(made) if wanted(span)]
    return made


def _spans(document: Any) -> list[dict[str, Any]]:
    spans: list[dict[str, Any]] = document["resourceSpans"][0]["scopeSpans"][0]["spans"]
    return spans


def _send(url: str, document: Any) -> None:
    body = json.dumps(document).encode()
    request = urllib.request.Request(f"{url}/v1/traces", body, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=_PATIENCE_SECONDS):
        pass


def _last_frame(output: bytearray) -> str:
    frames: list[str] = _FRAME.findall(output.decode("utf-8", "replace"))
    return frames[-1] if frames else ""


def _wait(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("the screen does not show what was sent")
        time.sleep(0.02)


def _read(terminal: int, to: bytearray) -> None:
    with contextlib.suppress(OSError):  # Linux raises it when the last writer has closed the terminal
        while piece := os.read(terminal, 65536):
            to += piece
