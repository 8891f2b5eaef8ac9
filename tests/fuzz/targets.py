"""What is fuzzed: command lines that read a contract, traces, a store's answer or a report, in this process.

A target takes the bytes of an input. A command line may end with the codes 0 to 3; anything else, and any exception
that spanpact did not foresee, is raised, for `SPANPACT_DEBUG` is set.
"""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Final
from unittest.mock import patch

from spanpact.cli import main

ROOT: Final = Path(__file__).parents[2]
CONTRACT: Final = Path(__file__).parent / "fuzzed.contract.yaml"
"""Small, for reading a large one would take most of the time of an input."""
TRACE: Final = "0123456789abcdef" * 2
FILES: Final = ("otlp-json", "otlp-protobuf", "framings")
STORES: Final[Mapping[str, str]] = {
    "jaeger": f"jaeger:{{url}}?trace={TRACE}&api=legacy",
    "jaeger-v3": f"jaeger:{{url}}?trace={TRACE}&api=v3",
    "zipkin": f"zipkin:{{url}}?trace={TRACE}",
    "tempo": f"tempo:{{url}}?trace={TRACE}",
}
"""Sources whose server gives the input as its answer to every question."""
VERIFY: Final = ("verify", str(CONTRACT), "--pack", "integrity", "--from")
NAMES: Final = ("contracts", *FILES, *STORES, "reports")

_SUFFIXES: Final = {"contracts": ".contract.yaml", "reports": ".json"}

Target = Callable[[bytes], None]


@contextmanager
def target(name: str) -> Iterator[Target]:
    """Give the target of a name; its folder or its server is there as long as the context is."""
    with tempfile.TemporaryDirectory() as folder, patch.dict(os.environ, {"SPANPACT_DEBUG": "1"}):
        if name in STORES:
            with _serving() as (url, answer):

                def ask(data: bytes) -> None:
                    answer[0] = data
                    run(*VERIFY, STORES[name].format(url=url))

                yield ask
        else:
            commands = _commands(name, file := Path(folder) / f"fuzzed{_SUFFIXES.get(name, '')}")

            def read(data: bytes) -> None:
                file.write_bytes(data)
                for command in commands:
                    run(*command)

            yield read


def _commands(name: str, file: Path) -> Sequence[Sequence[str]]:
    """Return the command lines that read a file of a target."""
    if name == "contracts":
        return [("lint", str(file))]
    if name == "reports":
        return [("explain", str(file)), ("explain", str(file), "1")]
    return [(*VERIFY, str(file))]


def run(*arguments: str, main: Callable[[Sequence[str]], int] = main) -> None:
    """Run a command line without showing what it prints; raise where its exit code is none of 0 to 3."""
    printed = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with redirect_stdout(printed), redirect_stderr(printed):
        code = main(arguments)
    if code not in range(4):
        raise AssertionError(f"exit code {code}")


@contextmanager
def _serving() -> Iterator[tuple[str, list[bytes]]]:
    answer = [b""]

    class Answer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer[0])))
            self.end_headers()
            self.wfile.write(answer[0])

        def log_message(self, format: str, *args: object) -> None:
            """Write nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        server.daemon_threads = True
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", answer
        finally:
            server.shutdown()
