"""Attack the input of `spanpact mcp`, and ask it something harmless after each message.

Its client is the program that started it, so there are no sockets: what applies are messages that are no JSON, are
nested or long, and arguments that are long or many.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any, Final

from benchmarks.attack.receivers import memory_of

_ANSWER_S: Final = 60.0
_BEGINNING: Final = {
    "protocolVersion": "2025-06-18",
    "capabilities": {},
    "clientInfo": {"name": "attack", "version": "1"},
}


@dataclass(frozen=True, slots=True)
class AskedAssistant:
    """What a harmless request took after each kind of message (ms), and the memory of the server (MiB).

    `silent` are the kinds after which it did not answer; `stderr` is what it wrote to standard error.
    """

    took_ms: Mapping[str, float]
    silent: tuple[str, ...]
    before_mib: float
    most_mib: float
    stderr: str

    @property
    def wrong(self) -> list[str]:
        """Return what breaks a promise."""
        shown = [f"standard error has {self.stderr[:200]!r}"] if self.stderr else []
        return [*shown, *(f"no answer after {kind}" for kind in self.silent)]


def hostile_messages() -> Mapping[str, bytes]:
    """Return messages by what they are, each a line."""
    return {
        "no JSON": b"garbage\n",
        "bytes that are no UTF-8": b"\xff\xfe\x80\n",
        "zeros": bytes(1 << 20) + b"\n",
        "nested": b"[" * (4 << 20) + b"\n",
        "nested objects": b'{"a":' * (2 << 20) + b"\n",
        "8 MiB of text": b'"' + b"x" * (8 << 20) + b'"\n',
        "an unknown method": _message(100, "no/such"),
        "a path of 8 MiB": _call(101, "lint", contracts=["x" * (8 << 20)]),
        "100,000 paths": _call(102, "lint", contracts=["a"] * 100_000),
        "an id of 1 MiB": _call(103, "verify", contracts=["."], source="t.json", trace="a" * (1 << 20)),
        "arguments of other types": _call(104, "verify", contracts={"a": [1]}, source=7),
    }


def measure_assistant() -> AskedAssistant:
    """Attack a server in an empty project, and return what was measured."""
    with TemporaryDirectory(prefix="attack-") as name, (Path(name) / "stderr").open("w+b") as stderr:
        command = [sys.executable, "-m", "spanpact", "mcp", "--root", name]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr) as process:
            try:
                asked = _Conversation(process).attack()
            finally:
                process.kill()
        stderr.seek(0)
        took, silent, before, most = asked
        return AskedAssistant(took, silent, before, most, stderr.read().decode(errors="replace"))


class _Conversation:
    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._lines: SimpleQueue[bytes] = SimpleQueue()
        Thread(target=self._read, daemon=True).start()
        self._id = 0

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)

    def attack(self) -> tuple[dict[str, float], tuple[str, ...], float, float]:
        self._ask("initialize", _BEGINNING)
        self._send(b'{"jsonrpc":"2.0","method":"notifications/initialized"}\n')
        self._ask("tools/list")
        before = memory_of(self._process.pid, "VmRSS")
        took: dict[str, float] = {}
        silent: list[str] = []
        for kind, message in hostile_messages().items():
            began = time.monotonic()
            self._send(message)
            if self._ask("tools/list"):
                took[kind] = (time.monotonic() - began) * 1000
            else:
                silent.append(kind)
        return took, tuple(silent), before, memory_of(self._process.pid, "VmHWM")

    def _ask(self, method: str, params: Mapping[str, Any] | None = None) -> bool:
        """Send a request, and return whether it was answered."""
        self._id += 1
        self._send(_message(self._id, method, params))
        deadline = time.monotonic() + _ANSWER_S
        while (left := deadline - time.monotonic()) > 0:
            try:
                answer = json.loads(self._lines.get(timeout=left))
            except Empty:
                break
            if answer.get("id") == self._id:
                return "result" in answer
        return False

    def _send(self, message: bytes) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(message)
        self._process.stdin.flush()


def _message(number: int, method: str, params: Mapping[str, Any] | None = None) -> bytes:
    given = {} if params is None else {"params": params}
    return json.dumps({"jsonrpc": "2.0", "id": number, "method": method, **given}).encode() + b"\n"


def _call(number: int, tool: str, **arguments: Any) -> bytes:
    return _message(number, "tools/call", {"name": tool, "arguments": arguments})
