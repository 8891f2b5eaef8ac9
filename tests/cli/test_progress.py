"""Long work shows a line on a terminal, and nothing elsewhere."""

from __future__ import annotations

import io
import os
import pty
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from spanpact.cli.progress import progress
from spanpact.sources.files import byte_stream
from tests.cli.commands import SPANPACT, CommandLine, environment


@pytest.fixture
def terminal() -> Iterator[tuple[int, io.TextIOWrapper]]:
    """The two ends of a terminal: what a person sees, and the stream of a process."""
    main, end = pty.openpty()
    with os.fdopen(end, "w", encoding="utf-8") as stream:
        yield main, stream
    os.close(main)


def seen_until(main: int, words: bytes) -> bytes:
    """Return what is seen on a terminal when these words are there."""
    seen = b""
    while words not in seen:
        seen += os.read(main, 1024)
    return seen


def test_line_says_how_far_the_file_is_read(terminal: tuple[int, io.TextIOWrapper], tmp_path: Path) -> None:
    main, stream = terminal
    path = tmp_path / "traces.json"
    path.write_bytes(b"x" * 1000)
    with progress("verifying", stream, after_seconds=0, every_seconds=0.001):
        assert seen_until(main, b"verifying \xe2\x80\xa6 0 s")
        with byte_stream._open(str(path), None) as file:
            file.read(250)
            assert seen_until(main, b"traces.json 25 %")
            file.read()
            assert seen_until(main, b"traces.json 100 %")
    assert byte_stream.on_open is None
    stream.write("end\n")
    stream.flush()
    assert b" \rend" in seen_until(main, b"end")  # the line was emptied before


def test_line_says_how_far_work_without_a_file_is(terminal: tuple[int, io.TextIOWrapper]) -> None:
    main, stream = terminal
    with progress("verifying", stream, after_seconds=0, every_seconds=0.001) as note:
        note("parquet:archive 40 %")
        assert seen_until(main, b"parquet:archive 40 %")


def test_stream_that_is_no_terminal_gets_nothing_and_no_thread_runs() -> None:
    stream, threads = io.StringIO(), threading.active_count()
    with progress("verifying", stream, after_seconds=0):
        assert threading.active_count() == threads
    assert stream.getvalue() == ""


def test_dumb_terminal_gets_nothing(terminal: tuple[int, io.TextIOWrapper], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    threads = threading.active_count()
    with progress("verifying", terminal[1], after_seconds=0):
        assert threading.active_count() == threads


def test_command_shows_it_on_standard_error_while_it_waits_for_traces(cli: CommandLine) -> None:
    pipe = cli.folder / "pipe.json"
    os.mkfifo(pipe)
    main, end = pty.openpty()
    command = [*SPANPACT, "verify", cli.contract, "--from", str(pipe)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=end, env=environment(TERM="xterm")) as process:
        os.close(end)
        with pipe.open("wb") as traces:
            assert seen_until(main, b"verifying")
            traces.write(Path(cli.kept).read_bytes())
        assert process.stdout is not None
        assert process.stdout.read().endswith(b"kept: 1 contract, 1 kept, 1 flow\n")
    os.close(main)
    assert process.returncode == 0
