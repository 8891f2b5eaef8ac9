"""With the core, the report on a file is what it is without it, to the byte; so is every refusal."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from benchmarks.verification.made_traces import write
from benchmarks.verification.measured_runs import SEVEN
from benchmarks.verification.variations import KINDS
from spanpact.contract.loader import load_contracts, load_text
from spanpact.contract.shipped import shipped_contracts
from spanpact.engine import CompiledContract
from spanpact.sources.files import FileLimits
from spanpact.trace.model import Reading
from tests.properties import examples
from tests.verification.native.core_runs import Counted, both_outcomes, installed_core
from tests.verification.test_streaming import one, written, zip_all
from tests.verification.test_verdict_cache import with_likenesses

UNCHECKED = FileLimits(checked_keys=0)


@pytest.fixture(scope="module", autouse=True)
def core() -> None:
    installed_core()


@pytest.fixture(scope="module")
def seven() -> Sequence[CompiledContract]:
    return [CompiledContract.of(load_text(SEVEN))]


@pytest.fixture(scope="module")
def shipped() -> Sequence[CompiledContract]:
    return [CompiledContract.of(plan) for plan in load_contracts([shipped_contracts()])]


@pytest.mark.parametrize("suffix", ["jsonl", "pb"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("contracts", ["seven", "shipped"])
def test_traffic_of_every_kind(
    tmp_path: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    suffix: str,
    contracts: str,
) -> None:
    file = tmp_path / f"traces.{suffix}"
    write(file, 1500, kind=kind)
    counted = Counted(monkeypatch)
    there, wanted = both_outcomes(file, request.getfixturevalue(contracts))
    assert there == wanted
    has_logs = KINDS[kind].logs and suffix == "jsonl"  # a protobuf file has the spans only
    assert 0 < counted.taken < counted.documents if has_logs else 0 < counted.taken == counted.documents
    if kind in ("same", "logs"):
        assert counted.counted > 0.9 * counted.traces


@given(with_likenesses())
@settings(
    max_examples=examples(200),
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.function_scoped_fixture],
)
def test_traces_of_every_kind(tmp_path: Path, situation: tuple[Sequence[CompiledContract], Reading]) -> None:
    """Each span is in its own request, so that traces are interleaved as they were drawn."""
    contracts, reading = situation
    traces = [[one(span) for span in trace.spans] for trace in reading.traces]
    interleaved = [each for several in zip_all(traces) for each in several]
    for name in ("lines.jsonl", "protobuf.pb"):
        file = written(tmp_path / name, interleaved)
        if file.read_bytes():
            there, wanted = both_outcomes(file, contracts, UNCHECKED)
            assert there == wanted


TOKENS = [
    b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b"0", b"1e5", b"-", b"null", b"true", b'""', b"\\u0041",
    b"\\ud800", b"\xff", b"\x00", b"\n", b" ", b'"name":"x",', b'"kind":2,', b'"other":1,', b"9" * 30,
]  # fmt: skip


def damaged(data: bytes, chance: random.Random) -> bytes:
    """Return some bytes with one to three places changed, cut out, copied or with more put in."""
    changed = bytearray(data)
    for _ in range(chance.randrange(1, 4)):
        at = chance.randrange(len(changed))
        match chance.randrange(6):
            case 0:
                changed[at] = chance.randrange(256)
            case 1:
                del changed[at : at + chance.choice([1, 1, 2, 8, 40])]
            case 2:
                changed[at:at] = chance.choice(TOKENS)
            case 3:
                other = chance.randrange(len(changed))
                changed[at : at + 8] = changed[other : other + 8]
            case 4:
                changed[at] ^= 1 << chance.randrange(8)
            case _:
                other = chance.randrange(len(changed))
                changed[at:at] = changed[other : other + chance.choice([4, 30, 200])]
    return bytes(changed)


@pytest.mark.unmeasured
@pytest.mark.parametrize("suffix", ["jsonl", "pb"])
@pytest.mark.parametrize("seed", range(2))
def test_damaged_files(
    tmp_path: Path, seven: Sequence[CompiledContract], monkeypatch: pytest.MonkeyPatch, suffix: str, seed: int
) -> None:
    """Of a document that is not understood nothing is kept: the report, or the refusal, is that without the core."""
    file, chance = tmp_path / f"traces.{suffix}", random.Random(seed)
    write(file, 60, kind="broken", size=20)
    data, counted = file.read_bytes(), Counted(monkeypatch)
    for _ in range(150):
        changed = damaged(data, chance)
        file.write_bytes(changed)
        there, wanted = both_outcomes(file, seven, UNCHECKED if chance.random() < 0.5 else FileLimits())
        assert there == wanted, changed
    assert 0 < counted.taken < counted.documents
