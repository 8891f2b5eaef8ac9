"""Run `spanpact receive` in a thread of the test, and talk to it."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from spanpact.cli import main
from spanpact.sources import encode_traces_json
from spanpact.trace.model import Reading, SourceInfo, Trace
from tests.reporting.sample_reports import changed, in_trace, kept_flow


def document(*traces: Trace) -> bytes:
    return encode_traces_json(Reading(SourceInfo("made"), traces))


KEPT = document(in_trace(kept_flow(), 1))
BROKEN = document(in_trace(changed(kept_flow(), "redis.get", kind="server"), 2))


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer over HTTP; the names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


@dataclass(slots=True)
class Running:
    """A receiver that runs, its URL, and its exit code once it has ended."""

    url: str = ""
    code: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    thread: threading.Thread = field(default_factory=threading.Thread)
    stopped: bool = False

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> Answered:
        connection = http.client.HTTPConnection(self.url.removeprefix("http://"), timeout=30)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            connection.request(method, path, body, self.headers | named)
            response = connection.getresponse()
            names = {name.lower(): value for name, value in response.getheaders()}
            return Answered(response.status, names, response.read().decode())
        finally:
            connection.close()

    def send(self, body: bytes, path: str = "/v1/traces", **headers: str) -> Answered:
        return self.ask("POST", path, body, content_type="application/json", **headers)

    def report(self, query: str = "") -> Answered:
        return self.ask("GET", f"/report{query}")

    def stop(self, query: str = "") -> Answered:
        answer = self.ask("POST", f"/stop{query}")
        self.stopped = self.stopped or ("session=" not in query and answer.status != 400)
        return answer

    def end(self) -> int | None:
        """Wait for the end and return the exit code."""
        self.thread.join(30)
        return self.code


@contextmanager
def receiving(folder: Path, *arguments: str) -> Iterator[Running]:
    """Run `spanpact receive ARGUMENTS` on free ports until the block ends."""
    url_file = folder / "url"
    url_file.unlink(missing_ok=True)
    running = Running()
    command = ["receive", *arguments, "--listen", "127.0.0.1:0", "--url-file", str(url_file)]

    def run() -> None:
        running.code = main(command)

    running.thread = threading.Thread(target=run)
    running.thread.start()
    while running.thread.is_alive() and not url_file.exists():
        time.sleep(0.01)
    running.url = url_file.read_text().strip()
    try:
        yield running
    finally:
        if not running.stopped:
            running.stop()
        running.thread.join(30)
