"""Bytes outside memory: they come back as they were, nothing is left of them, and a full disk costs memory only."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from spanpact.spool import Spool

BLOCK = b"x" * (1 << 16)
"""As many bytes as are held in memory."""


def test_blocks_come_back() -> None:
    spool = Spool()
    blocks = [bytes([number]) * (number * 1000) for number in range(1, 20)]
    places = [spool.write(block) for block in blocks]
    assert [spool.read(place, len(block)) for place, block in reversed(list(zip(places, blocks, strict=True)))] == [
        *reversed(blocks)
    ]


def test_no_file_for_a_few_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_file(**_: object) -> None:
        raise AssertionError("a file was made")

    monkeypatch.setattr(tempfile, "TemporaryFile", no_file)
    spool = Spool()
    places = [spool.write(b"first"), spool.write(BLOCK[5:])]
    spool.patch(places[0], 1, b"I")
    assert [spool.read(places[0], 5), spool.read(places[1], len(BLOCK) - 5)] == [b"fIrst", BLOCK[5:]]
    with pytest.raises(AssertionError, match="a file was made"):
        spool.write(b"x")


def test_where_no_file_can_be_made_blocks_stay_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    spool = Spool()
    places = [spool.write(b"before"), spool.write(BLOCK), spool.write(b"four")]
    assert [spool.read(places[0], 6), spool.read(places[1], len(BLOCK)), spool.read(places[2], 4)] == [
        b"before",
        BLOCK,
        b"four",
    ]


_FULL = """
import resource
from spanpact.spool import Spool
resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000))
spool = Spool()
blocks = [bytes([number]) * 100_000 for number in range(5)]
places = [spool.write(block) for block in blocks]
assert [spool.read(place, 100_000) for place in places] == blocks
"""


def test_what_a_full_disk_does_not_take_stays_in_memory() -> None:
    # the limit of a file stands for that of a disk
    subprocess.run([sys.executable, "-B", "-c", _FULL], check=True, timeout=60)


_KILLED = """
import time
from spanpact.spool import Spool
spool = Spool()
spool.write(bytes(1 << 20))
print("written", flush=True)
time.sleep(60)
"""


def test_nothing_is_left_of_a_process_that_is_killed(tmp_path: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen([sys.executable, "-c", _KILLED], stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"written\n"
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert list(tmp_path.iterdir()) == []


def test_a_part_of_a_block_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    on_disk = Spool()
    on_disk.write(BLOCK)
    places = [on_disk.write(b"before"), on_disk.write(b"abcdef")]
    on_disk.patch(places[1], 2, b"XY")
    assert [on_disk.read(place, 6) for place in places] == [b"before", b"abXYef"]
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    in_memory = Spool()
    in_memory.write(BLOCK)
    place = in_memory.write(b"abcdef")
    in_memory.patch(place, 0, b"X")
    in_memory.patch(place, 5, b"Y")
    assert in_memory.read(place, 6) == b"XbcdeY"
