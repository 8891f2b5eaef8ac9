"""Run the command line in this process (fast) or as a process of its own (signals, pipes, streams)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from spanpact.cli import main
from spanpact.sources import encode_traces_json
from spanpact.trace.model import Reading, SourceInfo, Trace
from tests.reporting.sample_reports import CONTRACT, changed, in_trace, kept_flow

EXAMPLES = """\
examples:
  given:
    redis.get: {kind: client, attributes: {key: 'session:*', cache_hit: true}}
    session.validate: {attributes: {session.valid: true}}
  hit: {trace: [{span: session.validate, children: [redis.get]}]}
  raw: {like: hit, but: {lookup: {attributes: {key: raw}}}, findings: [lookup/attribute-value]}
"""
SPANPACT = (sys.executable, "-m", "spanpact")


@dataclass(frozen=True)
class Answer:
    """The exit code of a command line and what it printed."""

    code: int
    out: str
    err: str


class CommandLine:
    """A folder with a contract and traces; calling it runs a command line."""

    def __init__(self, folder: Path, capture: pytest.CaptureFixture[str]) -> None:
        self.folder, self.capture = folder, capture
        self.contract = self.file("session.contract.yaml", CONTRACT + EXAMPLES)
        self.kept = self.traces("kept.json", in_trace(kept_flow(), 1))
        self.broken = self.traces("broken.json", in_trace(changed(kept_flow(), "redis.get", kind="server"), 2))

    def file(self, name: str, text: str) -> str:
        """Write a file of the folder and return its path."""
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    def traces(self, name: str, *traces: Trace) -> str:
        """Write an OTLP file with the traces and return its path."""
        path = self.folder / name
        path.write_bytes(encode_traces_json(Reading(SourceInfo("made"), traces)))
        return str(path)

    def __call__(self, *arguments: str) -> Answer:
        """Run `spanpact ARGUMENTS` in this process."""
        code = main(arguments)
        taken = self.capture.readouterr()
        return Answer(code, taken.out, taken.err)

    def run(self, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run `spanpact ARGUMENTS` as a process of its own."""
        return subprocess.run(
            [*SPANPACT, *arguments], capture_output=True, text=True, cwd=self.folder, timeout=50, check=False, **options
        )


def environment(**more: str) -> dict[str, str]:
    """Return this process's environment with more variables."""
    return {**os.environ, **more}


def one_line(text: str, words: Sequence[str] = ()) -> bool:
    """Return whether the text is one error line of spanpact that contains these words."""
    return text.startswith("spanpact: error: ") and text.count("\n") == 1 and all(word in text for word in words)


def heed_signals() -> None:
    """Let a child process end by signals that the test run ignores, as below `nohup`; for `preexec_fn`."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)
