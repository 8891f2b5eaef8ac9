"""Batches have tables of their own: what is numbered anew in each must not show in keys."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks.verification.made_traces import write
from spanpact.contract.loader import load_contracts, load_text
from spanpact.contract.shipped import shipped_contracts
from spanpact.engine import CompiledContract
from spanpact.sources import encode_traces_json
from spanpact.trace.model import Reading, Span, Trace
from spanpact.verification.archives import grouping
from spanpact.verification.options import VerificationOptions
from tests.engine.corpus_cases import reading_of
from tests.verification.archives.same_reports import assert_same
from tests.verification.archives.test_grouping import grouped

OPTIONS = VerificationOptions(allow_unseen=True)
START = 1_767_225_600_000_000_137
CONTRACT = load_text("""
spanpact: 1
contract: equal
version: 1.0.0
span: top
children:
  child: {span: child, attributes: {p: {same_as: top.p}, q: {same_as: top.q}}}
""")


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grouping, "_SPANS_OF_BATCH", 40)


@pytest.fixture(scope="module")
def shipped() -> list[CompiledContract]:
    return [CompiledContract.of(plan) for plan in load_contracts([shipped_contracts()])]


@pytest.mark.parametrize("kind", ["same", "broken", "mixed"])
def test_traffic_in_many_batches(tmp_path: Path, shipped: Sequence[CompiledContract], kind: str) -> None:
    write(tmp_path / "traces.jsonl", 1000, kind=kind)
    assert_same(tmp_path / "archive", [tmp_path / "traces.jsonl"], shipped, OPTIONS)


@pytest.mark.parametrize("columns", [(), ("p",), ("p", "q")])
def test_equal_values_are_those_of_the_same_attributes_in_each_batch(tmp_path: Path, columns: Sequence[str]) -> None:
    """Of few texts, which are part of contents or in columns: what is equal to what differs from trace to trace."""
    chance = random.Random(7)
    readings = []
    for _ in range(400):
        trace = f"{chance.getrandbits(128):032x}"
        top, child = (
            Span(
                trace, f"{number:016x}", name, f"{number - 1:016x}" if number > 1 else "", "internal", START + number,
                START + 1000 - number, attributes={"p": chance.choice("xyz"), "q": chance.choice("xyz")},
            )
            for number, name in ((1, "top"), (2, "child"))
        )  # fmt: skip
        readings.append(Reading(reading_of(0).source, [Trace(trace, [top, child])]))
    file = tmp_path / "traces.json"
    file.write_bytes(b"\n".join(map(encode_traces_json, readings)))
    report = assert_same(tmp_path / "archive", [file], [CONTRACT], OPTIONS, attributes=columns)
    assert report is not None
    assert report.findings
    assert grouped(tmp_path / "archive", [CONTRACT]) is not None


CROSSED = load_text("""
spanpact: 1
contract: crossed
version: 1.0.0
span: top
children:
  child: {span: child, attributes: {p: {same_as: top.id}, q: {same_as: top.ref}}}
""")


def test_values_of_contents_are_compared_with_those_of_columns_in_each_batch(tmp_path: Path) -> None:
    """`id` and `ref` have many values, so that only their columns hold them, and `p` and `q` few."""
    chance = random.Random(7)
    pairs = [(f"id {i}", f"ref {i}") for i in range(40)]
    pairs += [chance.choice([("x", "y"), ("y", "x")]) for _ in range(300)]
    readings = []
    for id, ref in pairs:
        trace = f"{chance.getrandbits(128):032x}"
        top = Span(trace, "1" * 16, "top", "", "internal", START, START + 1000, attributes={"id": id, "ref": ref})
        child = Span(
            trace, "2" * 16, "child", "1" * 16, "internal", START + 1, START + 9, attributes={"p": "x", "q": "y"}
        )
        readings.append(Reading(reading_of(0).source, [Trace(trace, [top, child])]))
    file = tmp_path / "traces.json"
    file.write_bytes(b"\n".join(map(encode_traces_json, readings)))
    report = assert_same(tmp_path / "archive", [file], [CROSSED], OPTIONS)
    assert report is not None
    assert 2 * 40 < len(report.findings) < 2 * 340
    assert grouped(tmp_path / "archive", [CROSSED]) is not None
