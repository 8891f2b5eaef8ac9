"""The files of one process's spool: what is torn or corrupt loses only itself, and all bounds hold."""

from __future__ import annotations

import os
import random
from collections import Counter
from pathlib import Path

import pytest

from reference_impl.export.spool import spooled_spans
from reference_impl.export.spool.counts import read_counts
from reference_impl.export.spool.folder import SpoolFolder
from reference_impl.export.spool.spooled_spans import SpooledSpans

NUMBER = 20


HEAD = b"resource and scope"


def encoded(number: int) -> bytes:
    return b"span %d \xa5SP1" % number  # with the first bytes of a record


@pytest.fixture
def left(tmp_path: Path) -> Path:
    """Return the folder of an ended process, with NUMBER spans."""
    spans = SpoolFolder(tmp_path, 1 << 30).begin()
    assert all(spans.append(number, HEAD, encoded(number)) for number in range(NUMBER))
    spans.forget()
    return tmp_path


def segment(folder: Path) -> Path:
    (found,) = folder.glob("*.spans")
    return found


def taken(folder: Path) -> SpooledSpans:
    (spans,) = SpoolFolder(folder, 1 << 30).take_over(None)
    spans.recount()
    return spans


def replay(spans: SpooledSpans, oldest_ns: int = 0) -> tuple[list[int], Counter[str]]:
    """Settle everything as stored. Return the numbers of the spans, and the lost ones by reason."""
    found: list[int] = []
    while batch := spans.batch(7, oldest_ns):
        found += [int(span.split()[1]) for _, span in batch.spans]
        spans.settle(batch, len(batch.spans), batch.lost)
    assert spans.counts.pending == 0
    spans.close()
    return found, +Counter(spans.counts.lost)


def test_what_a_process_left_is_replayed_in_order_and_removed(left: Path) -> None:
    assert replay(taken(left)) == (list(range(NUMBER)), Counter())
    assert not list(left.iterdir())


@pytest.mark.fault("E12")
def test_a_file_torn_at_any_byte_replays_all_whole_records(left: Path) -> None:
    data, whole = segment(left).read_bytes(), len(segment(left).read_bytes()) // NUMBER
    for size in range(len(data) - 2 * whole, len(data)):
        spans = taken(left)
        spans.forget()
        segment(left).write_bytes(data[:size])
        spans = taken(left)
        batch = spans.batch(NUMBER, 0)
        assert batch is not None
        assert [span for _, span in batch.spans] == [encoded(n) for n in range(len(batch.spans))]
        assert batch.lost == {"spool_torn": NUMBER - len(batch.spans)}
        assert len(batch.spans) in (NUMBER - 3, NUMBER - 2, NUMBER - 1)
        spans.forget()


@pytest.mark.fault("E12")
def test_a_changed_byte_loses_one_span(left: Path) -> None:
    data, seeded = segment(left).read_bytes(), random.Random(12)
    for place in [*range(60), *(seeded.randrange(len(data)) for _ in range(100))]:
        segment(left).write_bytes(data[:place] + bytes([data[place] ^ seeded.randrange(1, 256)]) + data[place + 1 :])
        spans = taken(left)
        batch = spans.batch(NUMBER, 0)
        assert batch is not None
        assert len(batch.spans) == NUMBER - 1
        assert batch.lost == {"spool_torn": 1}
        spans.forget()


@pytest.mark.fault("E12")
def test_bytes_that_are_no_record_are_skipped(left: Path) -> None:
    data = segment(left).read_bytes()
    segment(left).write_bytes(b"garbage" + data + b"\xa5SP1" + bytes(100))
    assert replay(taken(left)) == (list(range(NUMBER)), Counter())


@pytest.mark.fault("E12")
@pytest.mark.parametrize("damage", ["gone", "empty", "zeros", "noise"])
def test_without_counts_every_good_record_is_replayed(left: Path, damage: str) -> None:
    (counts,) = left.glob("*.counts")
    counts.unlink()
    if damage != "gone":
        contents = {"empty": b"", "zeros": bytes(4096), "noise": random.Random(1).randbytes(4096)}
        counts.write_bytes(contents[damage])
    data = segment(left).read_bytes()
    segment(left).write_bytes(data[: len(data) // 2 - 5] + b"-" + data[len(data) // 2 - 4 :])
    found, lost = replay(taken(left))
    assert len(found) == NUMBER - 1
    assert lost == {"spool_torn": 1}


@pytest.mark.fault("E12")
def test_a_record_that_is_newer_than_the_counts_is_replayed(tmp_path: Path) -> None:
    spans = SpoolFolder(tmp_path, 1 << 30).begin()
    spans.append(0, HEAD, encoded(0))
    (counts,) = tmp_path.glob("*.counts")
    early = counts.read_bytes()
    assert all(spans.append(number, HEAD, encoded(number)) for number in range(1, NUMBER))
    spans.forget()
    counts.write_bytes(early)  # as after a power failure
    assert replay(taken(tmp_path)) == (list(range(NUMBER)), Counter())


def test_a_torn_write_of_the_counts_leaves_those_before(left: Path) -> None:
    spans = taken(left)
    batch = spans.batch(5, 0)
    assert batch is not None
    spans.settle(batch, 5, {})
    spans.forget()
    (path,) = left.glob("*.counts")
    data = path.read_bytes()
    newer = max((0, 512), key=lambda place: int.from_bytes(data[place + 8 : place + 16], "little"))
    path.write_bytes(data[: newer + 20] + b"\xff" + data[newer + 21 :])
    counts = read_counts(path)
    assert counts is not None
    assert (counts.ended, counts.stored, counts.pending) == (NUMBER, 0, NUMBER)
    assert replay(taken(left)) == (list(range(NUMBER)), Counter())  # five of them once more


def test_spans_that_are_too_old_are_lost_and_counted(left: Path) -> None:
    assert replay(taken(left), oldest_ns=5) == (list(range(5, NUMBER)), Counter(spool_expired=5))


def test_segments_are_removed_once_they_are_settled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spooled_spans, "SEGMENT", 200)
    spans = SpoolFolder(tmp_path, 1 << 30).begin()
    assert all(spans.append(number, HEAD, encoded(number)) for number in range(NUMBER))
    before = len(list(tmp_path.glob("*.spans")))
    batch = spans.batch(NUMBER - 1, 0)
    assert batch is not None
    spans.settle(batch, NUMBER - 1, {})
    assert before > 3
    assert len(list(tmp_path.glob("*.spans"))) == 1
    spans.forget()
    assert replay(taken(tmp_path)) == ([NUMBER - 1], Counter())


def test_a_segment_that_was_settled_but_not_removed_is_not_sent_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spooled_spans, "SEGMENT", 200)
    spans = SpoolFolder(tmp_path, 1 << 30).begin()
    assert all(spans.append(number, HEAD, encoded(number)) for number in range(NUMBER))
    (first,) = tmp_path.glob("*.0.spans")
    data = first.read_bytes()
    batch = spans.batch(NUMBER // 2, 0)
    assert batch is not None
    spans.settle(batch, NUMBER // 2, {})
    spans.forget()
    first.write_bytes(data)  # as if it had been killed before it removed the file
    assert replay(taken(tmp_path)) == (list(range(NUMBER // 2, NUMBER)), Counter())
    assert not list(tmp_path.iterdir())


def test_a_segment_that_is_gone_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spooled_spans, "SEGMENT", 200)
    spans = SpoolFolder(tmp_path, 1 << 30).begin()
    assert all(spans.append(number, HEAD, encoded(number)) for number in range(NUMBER))
    spans.forget()
    next(tmp_path.glob("*.1.spans")).unlink()
    found, lost = replay(taken(tmp_path))
    assert len(found) + lost["spool_torn"] == NUMBER
    assert set(lost) == {"spool_torn"}


def test_a_folder_never_has_more_than_its_bytes(tmp_path: Path) -> None:
    folder = SpoolFolder(tmp_path, 1 << 16)
    first = folder.begin()
    accepted = sum(first.append(number, HEAD, encoded(number)) for number in range(2000))
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 1 << 16
    assert 500 < accepted < 2000
    assert first.counts.lost["spool_full"] == 2000 - accepted
    assert first.counts.ended == 2000

    other = SpoolFolder(tmp_path, 1 << 16)
    second = other.begin()
    assert other.take_over(second) == []  # the first process lives
    assert not second.append(0, HEAD, encoded(0))  # and has all the room
    batch = first.batch(500, 0)
    assert batch is not None
    first.settle(batch, 500, {})
    found, _ = replay(first)
    assert len(found) == accepted - 500
    other.take_over(second)
    assert second.append(0, HEAD, encoded(0))
    second.close()


def test_files_that_were_never_finished_are_removed_after_a_while(tmp_path: Path) -> None:
    others = ["notes.txt", "1-00000000.x.spans", "1-0000000.counts", "1-00000002.new"]
    for name in ["1-00000001.new", *others]:
        (tmp_path / name).write_bytes(b"x" * (1 << 16))
    os.utime(tmp_path / "1-00000001.new", (0, 0))
    folder = SpoolFolder(tmp_path, 1 << 16)
    spans = folder.begin()
    assert folder.take_over(spans) == []
    assert spans.append(0, HEAD, encoded(0))  # what is not a spool's takes nothing of its bytes
    spans.forget()
    assert {path.name for path in tmp_path.iterdir()} > set(others)
    assert not (tmp_path / "1-00000001.new").exists()
