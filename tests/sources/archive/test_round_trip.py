"""An archive gives back every span and log record as it was written, in order."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.verification.made_traces import requests
from spanpact.otlp import Batch
from spanpact.sources.archive.database import ArchiveDatabase
from spanpact.trace.attributes import attributes_of, pairs_of
from spanpact.trace.model import Event, Link, LogRecord, Resource, Scope, Span
from tests.engine.test_hostile_traces import logs, spans
from tests.properties import examples
from tests.sources.archive.archiving import batch_of, read_archive, write_archive

TRACE, ID = "a" * 32, "b" * 16


def known(value: Any) -> Any:
    """Return a key that is equal for values that nothing distinguishes: NaN equals itself, 0.0 is not -0.0."""
    if isinstance(value, float):
        return "double", repr(value), math.copysign(1, value)
    if isinstance(value, dict):
        return "map", [(name, known(each)) for name, each in pairs_of(value)]
    if isinstance(value, list | tuple):
        return "list", list(map(known, value))
    if isinstance(value, msgspec.Struct):
        return type(value), [known(getattr(value, name)) for name in value.__struct_fields__]
    return type(value), value


def assert_kept(folder: Path, made: Sequence[Span], records: Sequence[LogRecord] = (), **options: Any) -> None:
    write_archive(folder, [Batch(list(made), list(records), frozenset(["traces", "logs"]))], **options)
    there, logged = read_archive(folder)
    assert known(there) == known(list(made))
    assert known(logged) == known(list(records))


ODD = [
    Span(TRACE, ID, "a", attributes=attributes_of([("k", 1), ("k", "two"), ("m", None)])),
    Span(TRACE.upper(), ID.upper(), "capital ids", parent_id="no id"),
    Span("", "", "no ids"),
    Span("0" * 32, "0" * 16, "zeros", parent_id="0" * 16),
    Span(TRACE, ID, "times", start_ns=-1, end_ns=2**64),
    Span(TRACE, ID, "numbers", attributes={"i": 2**64 - 1, "n": -(2**63), "d": math.nan, "z": -0.0, "y": 0.0}),
    Span(TRACE, ID, "nested", attributes={"l": [1, "two", [3.0], None, {"k": b"\xff"}], "b": b"", "m": {}}),
    Span(TRACE, ID, "texts \x00 \ud800", attributes={"nul": "\x00", "lone": "\udfff", "long": "x" * 5000, "": "empty"}),
    Span(TRACE, ID, "capital names", attributes={"Name": 1, "name": 2, 'quoted "name"': 3}),
    Span(
        TRACE, ID, "all of it", "c" * 16, "server", 1, 2, "error", "message", {"a": True},
        [Event("e", 3, {"x": [1]}, 1)], [Link(TRACE, ID, {"y": 1.5}, "v=1", 2)],
        Resource({"service.name": "s", "n": [1]}, "https://s", 3), Scope("n", "v", {"t": "u"}, "https://t", 4),
        "v=2", True, 5, 6, 7,
    ),
]  # fmt: skip


@pytest.mark.parametrize("attributes", [(), ("i", "n", "d", "z", "l", "nul", "lone", "Name", "name", 'quoted "name"')])
def test_odd_spans_are_kept(tmp_path: Path, attributes: Sequence[str]) -> None:
    assert_kept(tmp_path, ODD, attributes=attributes)


def test_log_records_are_kept(tmp_path: Path) -> None:
    records = [
        LogRecord(
            TRACE, ID, "event", {"k": [b"\x00", math.inf]}, "WARN", 4, {"a": -0.0}, Resource({"r": 1}), Scope("s"),
            13, 1, 2,
        ),
        LogRecord("", "", "", "text \ud800"),
        LogRecord("odd", "ids", time_ns=2**70),
    ]  # fmt: skip
    assert_kept(tmp_path, ODD, records)


def test_values_that_vary_get_a_column_and_the_others_share_a_content(tmp_path: Path) -> None:
    made = [
        Span(f"{i + 1:032x}", f"{i + 1:016x}", "a", attributes={"same": "x", "id": f"id {i}", "n": i, "d": i / 7})
        for i in range(100)
    ]
    assert_kept(tmp_path, made, attributes=["same"])
    with ArchiveDatabase.of_folder(str(tmp_path)) as database:
        assert {each.column for each in database.columns} == {"text.same", "text.id", "int.n", "double.d"}
        (number,) = database.rows(f"SELECT count(*) FROM {database.relation('contents')}")[0]
        assert number <= 34  # 32 values were part of contents, the last ones are not


@given(st.lists(spans, max_size=8), st.lists(logs, max_size=3))
@settings(max_examples=examples(40), deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_is_written_is_read_back(made: list[Span], records: list[LogRecord]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        assert_kept(Path(folder), made, records)


def test_many_documents_in_many_commits_keep_their_order(tmp_path: Path) -> None:
    batches = list(map(batch_of, requests(300)))
    write_archive(tmp_path, batches, committed_spans=50, partitions=4)
    there, _ = read_archive(tmp_path)
    assert known(there) == known([span for batch in batches for span in batch.spans])
    with ArchiveDatabase.of_folder(str(tmp_path)) as database:
        assert len(database.manifest.commits) > 3
