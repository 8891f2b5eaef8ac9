"""`--check-every` with the core: the engine judges traces that the core has counted, and a difference stops."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from benchmarks.verification.made_traces import write
from benchmarks.verification.variations import KINDS
from spanpact.contract.loader import load_contracts, load_text
from spanpact.contract.shipped import shipped_contracts
from spanpact.engine import CompiledContract
from spanpact.errors import CacheError
from spanpact.findings import Report
from spanpact.sources import OtlpFileSource
from spanpact.verification.native.encodings import GroupHandle
from spanpact.verification.native.native_stream import NativeStream
from spanpact.verification.native.part_answers import PartAnswers
from spanpact.verification.native.questions import Questions
from spanpact.verification.options import VerificationOptions
from spanpact.verification.split_keys.split_contract import SplitContract
from spanpact.verification.streaming import verify_file
from tests.verification.native.core_runs import Counted, outcome, without_core

pytestmark = pytest.mark.core


@pytest.fixture(scope="module")
def shipped() -> Sequence[CompiledContract]:
    return [CompiledContract.of(plan) for plan in load_contracts([shipped_contracts()])]


def verified(file: Path, contracts: Sequence[CompiledContract], *, every: int) -> Report:
    report = verify_file(OtlpFileSource(file), contracts, VerificationOptions(allow_unseen=True, check_every=every))
    assert report
    return report


@pytest.mark.parametrize("suffix", ["jsonl", "pb"])
@pytest.mark.parametrize("kind", KINDS)
def test_what_the_core_counts_is_checked(
    tmp_path: Path, shipped: Sequence[CompiledContract], monkeypatch: pytest.MonkeyPatch, kind: str, suffix: str
) -> None:
    file = tmp_path / f"traces.{suffix}"
    write(file, 1500, kind=kind)
    counted, checked = Counted(monkeypatch), list[str]()
    check = NativeStream.check_one

    def note(stream: NativeStream, trace_id: str, *given: Any) -> None:
        checked.append(trace_id)
        check(stream, trace_id, *given)

    monkeypatch.setattr(NativeStream, "check_one", note)
    there = outcome(lambda: verified(file, shipped, every=1))
    assert len(checked) >= counted.counted  # some are counted by both
    with without_core():
        assert there == outcome(lambda: verified(file, shipped, every=1))
    if kind in ("same", "logs"):
        assert len(checked) > 0.9 * counted.traces


def test_every_third_trace_is_checked(tmp_path: Path, shipped: Sequence[CompiledContract]) -> None:
    file = tmp_path / "traces.jsonl"
    write(file, 1500, kind="same")
    there = verified(file, shipped, every=3)
    (number,) = (re.match(r"\d+", value) for name, value in there.header if name == "checked")
    assert number
    assert there.reading
    assert int(number[0]) == pytest.approx(there.reading.trace_count / 3, abs=4)
    with without_core():
        assert there.header == verified(file, shipped, every=3).header


@pytest.mark.parametrize(
    ("owner", "name", "change", "differs"),
    [
        (PartAnswers, "_flow", lambda flow: (flow[0] and (0, flow[0][1]), *flow[1:]), "counts"),
        (PartAnswers, "_span", lambda span: span and (0, *span[1:]), "counts"),
        (SplitContract, "selects", lambda selects: selects is None, "flows"),
        (PartAnswers, "known", lambda known: (0, *known[1:]), "labelled or rejected spans"),
    ],
)
def test_a_wrong_summand_in_the_core_is_found(
    tmp_path: Path,
    shipped: Sequence[CompiledContract],
    monkeypatch: pytest.MonkeyPatch,
    owner: type,
    name: str,
    change: Callable[[Any], Any],
    differs: str,
) -> None:
    file, answer = tmp_path / "traces.jsonl", getattr(owner, name)
    write(file, 1500, kind="same")
    monkeypatch.setattr(owner, name, lambda *given: change(answer(*given)))
    with pytest.raises(CacheError, match=f"the engine says something else: .*{differs} of contract .* differ"):
        verified(file, shipped, every=1)


def test_what_a_contract_does_not_mention_is_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, answer = tmp_path / "traces.jsonl", PartAnswers._span
    write(file, 1500, kind="same")
    monkeypatch.setattr(PartAnswers, "_span", lambda *given: (span := answer(*given)) and (*span[:3], True))
    contract = CompiledContract.of(load_text("spanpact: 1\ncontract: c\nversion: 1.0.0\nspan: session.*\n"))
    with pytest.raises(CacheError, match="what no contract mentions differs"):
        verified(file, [contract], every=1)


def test_spans_that_the_core_takes_for_alike_are_found(
    tmp_path: Path, shipped: Sequence[CompiledContract], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The core is given one shape for all spans of a name, whatever their attributes are."""
    file = tmp_path / "traces.jsonl"
    write(file, 3000, kind="broken")
    shapes, answer = dict[str, Any](), Questions.shape

    def shape(questions: Questions, span: bytes, group: GroupHandle, attributes: int) -> Any:
        return shapes.setdefault(group.decode(span).name, answer(questions, span, group, attributes))

    monkeypatch.setattr(Questions, "shape", shape)
    with pytest.raises(CacheError, match=r"the engine says something else: findings of contract .* differ"):
        verified(file, shipped, every=1)
