"""Spark gives the report of the files from which an archive was written, as text and as JSON."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from benchmarks.verification.made_traces import write
from spanpact.contract.compiled import ContractPlan
from spanpact.contract.examples import load_examples
from spanpact.contract.loader import load_contracts
from spanpact.contract.shipped import shipped_contracts
from spanpact.engine.flow_assignments import assignments
from spanpact.sources import encode_traces_json
from spanpact.sources.merging import merged
from spanpact.spark.tables import ArchiveTables
from spanpact.spark.verify_spark import verify_on_spark
from spanpact.trace.model import Link, Reading, Span, Trace
from spanpact.verification.options import VerificationOptions
from tests.engine.corpus_cases import CASES, plan_of, reading_of
from tests.sources.every_source import renumbered
from tests.verification.archives.same_reports import Contracts, archived, report_on_files, texts

pytestmark = [pytest.mark.timeout(600), pytest.mark.filterwarnings("default")]
ALLOWED = VerificationOptions(allow_unseen=True)


@pytest.fixture(scope="module")
def shipped() -> list[ContractPlan]:
    return load_contracts([shipped_contracts()])


def assert_same(spark: Any, folder: Path, files: Sequence[Path], contracts: Contracts, partitions: int = 3) -> None:
    wanted = report_on_files(files, contracts, ALLOWED)
    tables = ArchiveTables(spark, str(archived(folder, files, committed_spans=400)))
    plans = [each if isinstance(each, ContractPlan) else each.plan for each in contracts]
    found = verify_on_spark(tables, plans, ALLOWED, partitions=partitions, list_flows=True)
    assert texts(found, tables.name) == texts(wanted, " + ".join(map(str, files)))


@pytest.mark.parametrize("kind", ["mixed", "logs", "broken"])
def test_traffic(tmp_path: Path, spark: Any, shipped: Sequence[ContractPlan], kind: str) -> None:
    write(tmp_path / "traces.jsonl", 1500, kind=kind)
    assert_same(spark, tmp_path / "archive", [tmp_path / "traces.jsonl"], shipped)


def test_the_corpus(tmp_path: Path, spark: Any) -> None:
    """Judge traces of cases of all files by the contracts of some of them."""
    places = range(0, len(CASES), 29)
    parts = [renumbered(reading_of(place), str(place)) for place in places if not reading_of(place).spanless]
    (tmp_path / "traces.json").write_bytes(encode_traces_json(merged(parts)))
    for place in places[::12]:
        assert_same(spark, tmp_path / f"archive {place}", [tmp_path / "traces.json"], [plan_of(place)[1]])


def test_the_examples_of_the_contracts(tmp_path: Path, spark: Any, shipped: Sequence[ContractPlan]) -> None:
    readings = [example.reading for plan in shipped for example in load_examples(plan, assignments=assignments)]
    parts = [renumbered(each, str(i)) for i, each in enumerate(readings) if not each.spanless]
    (tmp_path / "traces.json").write_bytes(encode_traces_json(merged(parts)))
    assert_same(spark, tmp_path / "archive", [tmp_path / "traces.json"], shipped)


def test_links_into_other_traces(tmp_path: Path, spark: Any, shipped: Sequence[ContractPlan]) -> None:
    """Follow one link to a span, one to none, one to a trace that is not there."""
    numbers = itertools.count(1)

    def trace(*links: Link) -> Trace:
        number = next(numbers)
        span = Span(f"{number:032x}", f"{number:016x}", "GET /session", kind="server", start_ns=5, end_ns=9)
        return Trace(span.trace_id, [msgspec.structs.replace(span, links=links)])

    traces = [
        trace(),
        trace(Link(f"{1:032x}", f"{1:016x}")),
        trace(Link(f"{1:032x}", f"{7:016x}")),
        trace(Link("e" * 32, "e" * 16)),
    ]
    (tmp_path / "traces.json").write_bytes(encode_traces_json(Reading(reading_of(0).source, traces)))
    assert_same(spark, tmp_path / "archive", [tmp_path / "traces.json"], shipped)
