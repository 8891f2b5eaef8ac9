"""Run `spanpact listen` as a process of its own, on a pipe or on a terminal, and talk to it."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import termios
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from spanpact.sources import encode_traces_json
from spanpact.trace.model import Reading, SourceInfo, Trace
from tests.cli.commands import SPANPACT, heed_signals

_PATIENCE = 45.0  # seconds: only for what never comes
SETTLE = ("--settle", "0.3")
FRAME = re.compile(r"\x1b\[H(.*?)\x1b\[J", re.DOTALL)
STYLE = re.compile(r"\x1b\[[\d;]*m")


class Listening:
    """A listener that runs: its URL, and what it has printed so far."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path, terminal: int | None = None) -> None:
        self.process, self._terminal = process, terminal
        self._output, self._errors = bytearray(), bytearray()
        streams = [(terminal, self._output)] if terminal is not None else []
        streams += [
            (each.fileno(), to) for each, to in ((process.stdout, self._output), (process.stderr, self._errors)) if each
        ]
        self._readers = [threading.Thread(target=_read, args=each, daemon=True) for each in streams]
        for reader in self._readers:
            reader.start()
        file = folder / "url"
        self.wait(lambda: file.exists() and file.read_text(encoding="utf-8").endswith("\n"))
        self.url = file.read_text(encoding="utf-8").strip()

    @property
    def out(self) -> str:
        return self._output.decode("utf-8", "replace")

    @property
    def err(self) -> str:
        return self._errors.decode("utf-8", "replace")

    def frame(self) -> str:
        """Return the last screen that was drawn whole, without styles."""
        frames = FRAME.findall(self.out)
        return STYLE.sub("", frames[-1].replace("\x1b[K", "").replace("\r", "")) if frames else ""

    def wait(self, condition: Callable[[], bool]) -> None:
        """Wait until something is so; fail where it never is."""
        deadline = time.monotonic() + _PATIENCE
        while not condition():
            assert time.monotonic() < deadline, f"never so; printed so far:\n{self.out}{self.err}"
            assert self.process.poll() is None, f"it has ended:\n{self.out}{self.err}"
            time.sleep(0.02)

    def wait_for(self, text: str) -> None:
        """Wait until a text was printed."""
        self.wait(lambda: text in self.out)

    def send(self, *traces: Trace, path: str = "/v1/traces") -> None:
        self.post(encode_traces_json(Reading(SourceInfo("made"), traces)), path)

    def post(self, body: bytes, path: str = "/v1/traces") -> None:
        """Send a body of OTLP in JSON."""
        request = urllib.request.Request(self.url + path, body, {"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            assert answer.status == 200

    def resize(self, columns: int, rows: int) -> None:
        assert self._terminal is not None
        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def hang_up(self) -> None:
        """Close the terminal."""
        assert self._terminal is not None
        os.close(self._terminal)
        self._terminal = None

    def end(self, number: int = signal.SIGINT) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(number)
        return self.ended()

    def ended(self) -> int:
        """Wait for the end and return the exit code."""
        code = self.process.wait(_PATIENCE)
        for reader in self._readers:
            reader.join(_PATIENCE)
        return code


@contextmanager
def listening(folder: Path, *arguments: str, env: Mapping[str, str] = {}) -> Iterator[Listening]:
    """Run `spanpact listen ARGUMENTS` on free ports, with pipes, until the block ends."""
    command = [*SPANPACT, "listen", *arguments, "--listen", "127.0.0.1:0", "--url-file", str(folder / "url")]
    (folder / "url").unlink(missing_ok=True)
    environ = {**os.environ, **env}
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=heed_signals,
    ) as process:
        try:
            yield Listening(process, folder)
        finally:
            process.kill()


@contextmanager
def on_a_terminal(folder: Path, *arguments: str, env: Mapping[str, str] = {}) -> Iterator[Listening]:
    """Do the same on a terminal of 100 columns and 30 lines."""
    command = [*SPANPACT, "listen", *arguments, "--listen", "127.0.0.1:0", "--url-file", str(folder / "url")]
    (folder / "url").unlink(missing_ok=True)
    environ = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLUMNS", "LINES")}
    environ |= {"TERM": "xterm-256color", "PYTHONIOENCODING": "utf-8", **env}
    ours, theirs = pty.openpty()
    fcntl.ioctl(ours, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environ,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=heed_signals,
    ) as process:
        os.close(theirs)
        try:
            yield Listening(process, folder, ours)
        finally:
            process.kill()
    with suppress(OSError):  # it may be closed already
        os.close(ours)


def _read(stream: int, to: bytearray) -> None:
    with suppress(OSError):  # Linux raises it when the last writer has closed the terminal
        while piece := os.read(stream, 65536):
            to += piece
