"""Whatever was acknowledged is judged, however the receiver is stopped while senders go on."""

from __future__ import annotations

import http.client
import json
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from spanpact.trace.model import Span, Trace
from tests.cli.commands import SPANPACT, CommandLine
from tests.cli.receive.running import document

SENDERS = 4


class Sender(threading.Thread):
    """Exports a trace after another, each in a request of its own, until that fails; counts what was acknowledged."""

    def __init__(self, address: str, number: int) -> None:
        super().__init__()
        self.address, self.number, self.acknowledged = address, number, 0

    def run(self) -> None:
        connection = http.client.HTTPConnection(self.address, timeout=30)
        headers = {"content-type": "application/json"}
        try:
            for count in range(100_000):
                trace_id = f"{self.number + 1:016x}{count + 1:016x}"
                span = Span(trace_id, f"{1:016x}", "a", start_ns=1, end_ns=2)
                connection.request("POST", "/v1/traces", document(Trace(trace_id, [span])), headers)
                response = connection.getresponse()
                response.read()
                if response.status != 200:
                    return
                self.acknowledged += 1
        except (OSError, http.client.HTTPException):
            pass
        finally:
            connection.close()


@contextmanager
def sending(url: str) -> Iterator[list[Sender]]:
    senders = [Sender(url.removeprefix("http://"), number) for number in range(SENDERS)]
    for sender in senders:
        sender.start()
    while min(sender.acknowledged for sender in senders) < 20:
        time.sleep(0.01)
    yield senders
    for sender in senders:
        sender.join()


@pytest.mark.parametrize("how", ["TERM", "stop"])
def test_whatever_was_acknowledged_is_judged(cli: CommandLine, how: str) -> None:
    url_file, report = cli.folder / "url", cli.folder / "report.json"
    options = ["--listen", "127.0.0.1:0", "--url-file", str(url_file), "--format", "json", "--output", str(report)]
    with subprocess.Popen([*SPANPACT, "receive", cli.contract, *options], stdout=subprocess.PIPE) as process:
        while not url_file.exists():
            time.sleep(0.02)
        url = url_file.read_text().strip()
        with sending(url) as senders:
            if how == "TERM":
                process.send_signal(signal.SIGTERM)
            else:
                asked(url, "/stop")
        assert process.wait(50) == 3  # spans of another name
    judged = json.loads(Path(report).read_text())["source"]["spans"]
    acknowledged = sum(sender.acknowledged for sender in senders)
    # what was kept when its connection was closed may be judged too, at most one request a sender
    assert acknowledged <= judged <= acknowledged + SENDERS


def asked(url: str, path: str) -> None:
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=30)
    connection.request("POST", path)
    connection.getresponse().read()
    connection.close()
