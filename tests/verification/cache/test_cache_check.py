"""`--check-every`: the engine judges traces from the cache too, and a difference stops the verification."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmarks.verification.made_traces import requests
from spanpact.cli import main
from spanpact.contract.loader import load_contracts
from spanpact.contract.shipped import shipped_contracts
from spanpact.engine import CompiledContract
from spanpact.errors import CacheError
from spanpact.sources import encode_traces_json
from spanpact.verification.cache.cache_check import CacheCheck
from spanpact.verification.options import VerificationOptions
from spanpact.verification.split_keys.span_contents import SpanContents
from spanpact.verification.split_keys.trace_view import TraceView
from spanpact.verification.verifying import Verification, verify
from tests.verification.split_keys.test_split_keys import made
from tests.verification.split_keys.traces_of_parts import CONTRACTS, reading_of_parts

CHECKED = re.compile(r"checked +(\d+) verdicts of the cache by the engine: no difference")


@pytest.mark.parametrize("seed", range(3))
def test_traces_that_share_parts_pass_every_check(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    reading = reading_of_parts(seed)
    checked: list[None] = []
    check = CacheCheck.check
    monkeypatch.setattr(CacheCheck, "check", lambda self, *given: checked.append(check(self, *given)))
    verification = Verification(CONTRACTS, reading, VerificationOptions(check_every=1))
    for trace in reading.traces:
        verification.judge(trace)
    assert len(checked) == verification.cache_hits > 0


def test_traffic_with_whole_traces_from_the_cache_passes() -> None:
    contracts = [CompiledContract.of(plan) for plan in load_contracts([shipped_contracts()])]
    for kind in ("same", "logs"):
        reading = made(kind, 3000, 5)
        verification = Verification(contracts, reading, VerificationOptions(check_every=3))
        for trace in reading.traces:
            verification.judge(trace)
        assert verification.cache_hits > 50


def test_a_cache_that_sees_only_names_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SpanContents, "classes", _names)
    reading = reading_of_parts(0)
    with pytest.raises(CacheError, match=r"engine says something else: .* of contract .* differ"):
        verify(CONTRACTS, reading, VerificationOptions(check_every=1))


def _names(_: SpanContents, view: TraceView) -> list[str]:
    return [view.known.facts[content].name for content in view.contents]


def file_of(path: Path, kind: str) -> str:
    path.write_bytes(b"\n".join(encode_traces_json(each) for each in requests(3000, kind=kind)))
    return str(path)


def test_verify_checks_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = file_of(tmp_path / "traces.jsonl", "varied")
    arguments = ["verify", str(shipped_contracts()), "--from", file, "--allow-unseen"]
    assert main(arguments) == 0
    report = capsys.readouterr().out
    assert main([*arguments, "--check-every", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    (number,) = [each[1] for line in lines if (each := CHECKED.fullmatch(line))]
    assert int(number) > 50
    assert [line.split() for line in lines if not CHECKED.fullmatch(line)] == [
        line.split() for line in report.splitlines()
    ]


def test_verify_stops_at_a_difference(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cache is broken on purpose: it sees nothing of a span but its name."""
    monkeypatch.setattr(SpanContents, "classes", _names)
    file = file_of(tmp_path / "traces.jsonl", "broken")
    arguments = ["verify", str(shipped_contracts()), "--from", file, "--allow-unseen"]
    assert main([*arguments, "--check-every", "1"]) == 3
    error = capsys.readouterr().err
    assert error.count("\n") <= 2
    assert "was judged from the cache, and the engine says something else: " in error
    assert "fault of spanpact" in error


@pytest.mark.parametrize("number", ["0", "-1", "x", "1.5"])
def test_numbers_that_are_refused(number: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", "contracts", "--from", "file.json", "--check-every", number]) == 2
    assert "accepted: a whole number of traces" in capsys.readouterr().err


def test_examples_have_no_cache(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(shipped_contracts()), "--check-every", "1"]) == 2
    assert "--check-every needs --from" in capsys.readouterr().err
