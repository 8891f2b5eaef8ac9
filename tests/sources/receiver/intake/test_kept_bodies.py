"""Accepted bodies are kept as they were sent: in memory, then on disk; a full disk loses nothing that was kept."""

from __future__ import annotations

import errno
import io
import os
import tempfile
import threading
from typing import Any

import pytest

from spanpact.sources.receiver.intake import kept_bodies
from spanpact.sources.receiver.intake.kept_bodies import KeptBodies, KeptBody


def body(number: int, size: int = 10) -> KeptBody:
    return KeptBody("traces", "json", float(number), number, 0, number % 2 == 0, bytes([number % 256]) * size)


def contents(bodies: KeptBodies, start: int = 0, end: int | None = None) -> list[KeptBody]:
    return [each for _, each in bodies.iterate(start, end)]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> KeptBodies:
    """Bodies that go to disk after a few of them."""
    monkeypatch.setattr(kept_bodies, "_IN_MEMORY", 100)
    return KeptBodies()


def test_bodies_come_back_in_order_from_memory_and_from_disk(small: KeptBodies) -> None:
    added = [body(number) for number in range(40)]
    for each in added:
        small.append(each)
    assert contents(small) == added
    logs = KeptBody("logs", "protobuf", 1.5, 0, 3, True, b"")
    small.append(logs)
    assert contents(small)[-1] == logs


def test_what_is_added_meanwhile_comes_with_the_next_reading(small: KeptBodies) -> None:
    small.append(body(1))
    end = len(small)
    reading = small.iterate()
    assert next(reading) == (end, body(1))
    small.append(body(2))
    assert list(reading) == []
    assert contents(small, end) == [body(2)]
    assert contents(small, 0, end) == [body(1)]


def test_any_thread_may_add_and_read(small: KeptBodies) -> None:
    def add(first: int) -> None:
        for number in range(first, first + 100):
            small.append(body(number, size=number % 37))

    threads = [threading.Thread(target=add, args=(first,)) for first in (0, 100)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        assert all(set(each.data) <= {each.spans % 256} for each in contents(small))
    assert sorted(each.spans for each in contents(small)) == list(range(200))


class FullDisk(io.RawIOBase):
    """A file that takes a part of what is written, and has room for `room` bytes: as a disk that fills up."""

    def __init__(self, room: list[int]) -> None:
        self.data, self.room, self.at = bytearray(), room, 0

    def seek(self, place: int, whence: int = 0) -> int:
        self.at = place
        return place

    def write(self, data: Any) -> int:
        part = bytes(data)[:7]
        if self.at + len(part) > self.room[0]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.data[self.at : self.at + len(part)] = part
        self.at += len(part)
        return len(part)

    def read(self, size: int = -1) -> bytes:
        part = bytes(self.data[self.at : self.at + min(size, 5)])
        self.at += len(part)
        return part


@pytest.mark.parametrize("room", [0, 50, 130, 300])
def test_a_full_disk_refuses_a_body_and_keeps_the_others(
    small: KeptBodies, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    rooms = [room]
    monkeypatch.setattr(kept_bodies, "TemporaryFile", lambda **_: FullDisk(rooms))
    kept: list[KeptBody] = []
    while True:
        try:
            small.append(body(len(kept)))
        except OSError:
            break
        kept.append(body(len(kept)))
        assert contents(small) == kept
    assert 0 < len(kept) < 20
    with pytest.raises(OSError, match="No space left"):
        small.append(body(50))
    assert contents(small) == kept
    rooms[0] += 1000
    small.append(body(99))
    assert contents(small) == [*kept, body(99)]


def test_the_file_has_no_name_and_is_gone_when_closed(small: KeptBodies, monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory() as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        for number in range(40):
            small.append(body(number))
        assert os.listdir(folder) == []
        small.close()
    assert contents(small) == []
