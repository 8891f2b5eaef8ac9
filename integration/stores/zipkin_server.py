"""Start Zipkin's server, a jar from Maven Central, and send spans to it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

VERSION: Final = "3.5.1"
ARTIFACT: Final = f"io.zipkin:zipkin-server:{VERSION}:jar:exec"
_COPY: Final = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy"
_STARTS_WITHIN: Final = 120.0
_ANSWERS_WITHIN: Final = 30.0


def fetched_jar(folder: Path) -> Path:
    """Have Maven copy the server's jar into a folder. Return its path."""
    command = ["mvn", "-q", "-B", _COPY, f"-Dartifact={ARTIFACT}", f"-DoutputDirectory={folder}"]
    fetched = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert fetched.returncode == 0, fetched.stdout + fetched.stderr
    return folder / f"zipkin-server-{VERSION}-exec.jar"


@contextmanager
def zipkin(jar: Path) -> Iterator[str]:
    """Run an empty Zipkin on a free port of loopback, and give its URL."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {**os.environ, "QUERY_PORT": str(port), "ARMERIA_HOST": "127.0.0.1", "SELF_TRACING_ENABLED": "false"}
    command = ["java", "-Xmx512m", "-jar", str(jar)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            url = f"http://127.0.0.1:{port}"
            deadline = time.monotonic() + _STARTS_WITHIN
            while not _answers(url):
                assert server.poll() is None, "Zipkin ended"
                assert time.monotonic() < deadline, f"Zipkin did not start within {_STARTS_WITHIN:g} s"
                time.sleep(0.2)
            yield url
        finally:
            server.terminate()
            server.wait(_ANSWERS_WITHIN)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def send(url: str, spans: bytes) -> None:
    """Send Zipkin's JSON, as an exporter does, and wait until the server has the last trace in it."""
    request = urllib.request.Request(f"{url}/api/v2/spans", spans, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=_ANSWERS_WITHIN) as answer:
        assert answer.status == 202
    sent: dict[str, set[str]] = {}
    for span in json.loads(spans):
        sent.setdefault(span["traceId"], set()).add(span["id"])
    deadline = time.monotonic() + _ANSWERS_WITHIN
    while not all(ids <= _ids(url, trace_id) for trace_id, ids in sent.items()):
        assert time.monotonic() < deadline, "Zipkin does not show what it accepted"
        time.sleep(0.02)


def _ids(url: str, trace_id: str) -> set[str]:
    try:
        with urllib.request.urlopen(f"{url}/api/v2/trace/{trace_id}", timeout=_ANSWERS_WITHIN) as answer:
            return {span["id"] for span in json.loads(answer.read())}
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return set()
        raise
