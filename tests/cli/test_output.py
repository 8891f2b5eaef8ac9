"""What is printed reaches its reader whole."""

from __future__ import annotations

import io
import os
import signal
import threading

import pytest

from spanpact.cli.output import print_text

TEXT = "a line of text\n" * 50_000


@pytest.mark.parametrize("buffering", [0, -1], ids=["PYTHONUNBUFFERED", "buffered"])
def test_a_signal_during_a_write_to_a_slow_reader_loses_nothing(buffering: int) -> None:
    reader, writer = os.pipe()
    received = bytearray()

    def read() -> None:
        while piece := os.read(reader, 65536):
            received.extend(piece)

    reading = threading.Thread(target=read)
    interrupting = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGUSR1))
    before = signal.signal(signal.SIGUSR1, lambda number, frame: reading.start())
    try:
        with io.TextIOWrapper(open(writer, "wb", buffering), "utf-8", write_through=not buffering) as stream:
            interrupting.start()
            print_text(TEXT, stream)  # more than a pipe holds: it waits until the signal lets the reader begin
        reading.join()
    finally:
        signal.signal(signal.SIGUSR1, before)
        os.close(reader)
    assert received.decode() == TEXT
