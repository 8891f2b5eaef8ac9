"""With the core, what is said of a damaged file is what is said without it: the report to the byte, or the refusal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from spanpact.contract.loader import load_text
from spanpact.engine import CompiledContract
from spanpact.sources.files import FileLimits
from tests.properties import examples
from tests.verification.native.core_runs import Counted, both_outcomes, installed_core
from tests.verification.native.damaged_files import KINDS, compare, contract_sets, parts_of
from tests.verification.test_streaming import one, written
from tests.verification.test_verdict_cache import span


@pytest.fixture(scope="module", autouse=True)
def core() -> None:
    installed_core()


@pytest.fixture(scope="module")
def sets() -> Sequence[Sequence[CompiledContract]]:
    return contract_sets()


@pytest.mark.unmeasured
@pytest.mark.parametrize("kind", KINDS)
def test_damage_of_every_kind(
    sets: Sequence[Sequence[CompiledContract]], monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    counted = Counted(monkeypatch)
    for data, difference in compare(kind, examples(40), 17, sets):
        raise AssertionError(f"{data!r}\n{difference}")
    assert 0 < counted.taken <= counted.documents


@pytest.mark.parametrize(
    "rules",
    [
        "duration: {at_most: 10000000000s}",
        "clock: {skew: 10000000000s}\nchildren: {x: {span: x, count: 0..}, y: {span: y, count: 0..}}\norder: [x, y]",
        "clock: {tolerance: 10000000000s}\nchildren: {x: {span: x, count: 0.., concurrency: 0..1}}",
    ],
)
def test_durations_beyond_the_times_of_spans(tmp_path: Path, rules: str) -> None:
    contract = CompiledContract.of(load_text(f"spanpact: 1\ncontract: long\nversion: 1.0.0\nspan: top\n{rules}\n"))
    spans = [span(1, "top", 0, 90, 0), span(2, "x", 5, 9), span(3, "x", 7, 12)]
    file = written(tmp_path / "traces.jsonl", [one(msgspec.structs.replace(each, trace_id="a" * 32)) for each in spans])
    there, wanted = both_outcomes(file, [contract])
    assert there == wanted


def test_a_file_with_two_faults_is_refused_for_the_same_one(
    tmp_path: Path, sets: Sequence[Sequence[CompiledContract]]
) -> None:
    """Parts of protobuf are read one by one with the core; without it, a part that is malformed is found at once."""
    spans = [msgspec.structs.replace(span(i, "top", 0, 9, 0), trace_id=f"{i:032x}") for i in (1, 2, 3)]
    file = written(tmp_path / "protobuf.pb", [one(each) for each in spans])
    file.write_bytes(file.read_bytes()[::-1].replace(b"pot", b"\xffot", 1)[::-1])
    with parts_of(1):
        there, wanted = both_outcomes(file, sets[0], FileLimits(spans=1))
    assert there == wanted
