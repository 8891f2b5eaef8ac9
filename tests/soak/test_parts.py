"""The parts of a soak that need no server: faults as they happen, the archive's file, log lines, records, options."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans

from integration.soak.__main__ import main, parse
from integration.soak.faults import FaultRun
from integration.soak.schedule import Fault
from integration.soak.service_log import exceptions_in
from integration.soak.span_archive import read_messages, write_message
from integration.soak.stored_traces import judge_archive
from integration.soak.watching import resident_mib
from tests.sources.readings import Recorder, a_session_trace


def test_faults_begin_and_end_in_the_order_of_their_plan() -> None:
    seen: list[str] = []
    acting = {kind: (lambda k=kind: seen.append(f"{k} on"), lambda k=kind: seen.append(f"{k} off")) for kind in "ab"}
    run = FaultRun({"one": [Fault("a", 0, 0.01), Fault("b", 0.02, 0.01)]}, acting)
    with run:
        run._threads[0].join()
    assert seen == ["a on", "a off", "b on", "b off"]
    assert [window.kind for window in run.windows] == ["a", "b"]
    assert all(window.begun <= window.ended for window in run.windows)
    assert run.problems == []


def test_a_fault_under_way_ends_with_the_run_and_the_rest_do_not_happen() -> None:
    seen: list[str] = []
    acting = {"a": (lambda: seen.append("on"), lambda: seen.append("off"))}
    with FaultRun({"one": [Fault("a", 0, 1000), Fault("a", 2000, 1)]}, acting):
        while not seen:
            pass
    assert seen == ["on", "off"]


def test_a_fault_that_cannot_be_made_is_a_problem() -> None:
    def fail() -> None:
        raise RuntimeError("not running")

    run = FaultRun({"one": [Fault("a", 0, 0)]}, {"a": (fail, fail)})
    with run:
        run._threads[0].join()
    assert run.problems == ["a fault could not be made: RuntimeError: not running"]


def test_an_archive_is_read_as_it_was_written_and_a_cut_one_is_an_error(tmp_path: Path) -> None:
    file, opened = tmp_path / "archive", io.BytesIO()
    for message in (b"one", b"", b"x" * 70_000):
        write_message(opened, message)
    file.write_bytes(opened.getvalue())
    assert list(read_messages(file)) == [b"one", b"", b"x" * 70_000]
    file.write_bytes(opened.getvalue()[:-1])
    with pytest.raises(ValueError, match="the last message is cut off"):
        list(read_messages(file))


def test_stored_spans_are_counted_once_and_judged(tmp_path: Path) -> None:
    recorder = Recorder()
    a_session_trace(recorder)
    whole = encode_spans(recorder.spans)
    with (tmp_path / "archive").open("wb") as opened:
        for spans in (recorder.spans[:2], recorder.spans[1:]):
            write_message(opened, encode_spans(spans).SerializeToString())
    stored = judge_archive(tmp_path / "archive", tmp_path)
    assert (stored.spans, stored.again, len(stored.trace_ids)) == (len(recorder.spans), 1, 1)
    assert not stored.problems
    assert [path.name for path in tmp_path.iterdir()] == ["archive"]

    del whole.resource_spans[0].scope_spans[0].spans[-1]  # the root, which ends last
    with (tmp_path / "archive").open("wb") as opened:
        write_message(opened, whole.SerializeToString())
    broken = judge_archive(tmp_path / "archive", tmp_path)
    assert broken.broken.keys() == stored.trace_ids
    assert "integrity/span-orphan" in next(iter(broken.broken.values()))


def test_an_archive_that_cannot_be_judged_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "archive").write_bytes(b"")
    assert judge_archive(tmp_path / "archive", tmp_path).problems == ("nothing was stored",)


def test_lines_with_exceptions_are_found() -> None:
    fine = json.dumps({"level": "warning", "event": "spans were lost"})
    shown = json.dumps({"level": "error", "event": "x", "exception": "ValueError"})
    assert exceptions_in([fine, shown, "Traceback (most recent call last):", "3"]) == [
        shown,
        "Traceback (most recent call last):",
        "3",
    ]


def test_the_memory_of_a_process_is_read() -> None:
    import os

    assert 5 < resident_mib(os.getpid()) < 10_000


@pytest.mark.parametrize("minutes", ["0", "0.1", "2000", "nan", "x"])
def test_a_length_out_of_bounds_is_refused(minutes: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        main(["--minutes", minutes])
    assert refused.value.code == 2
    assert "--minutes" in capsys.readouterr().err


def test_by_default_it_takes_half_an_hour() -> None:
    given = parse([])
    assert (given.minutes, given.seed, given.spool, given.write_docs) == (30.0, 7, False, False)
