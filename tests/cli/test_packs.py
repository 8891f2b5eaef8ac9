"""`--pack`, `--min-score`, and traces without a contract."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import msgspec
import pytest

from spanpact.trace.model import Resource, Span, Trace
from tests.cli.commands import CommandLine, one_line

WEB = Resource({"service.name": "web", "service.instance.id": "i-1"})
ROOT = Span("1" * 32, "1" * 16, "GET /", kind="server", start_ns=1_000, end_ns=90_000_000, resource=WEB)
ORPHAN = Span("1" * 32, "2" * 16, "read", parent_id="3" * 16, start_ns=2_000, end_ns=80_000_000, resource=WEB)
CLIENT = Span("2" * 32, "4" * 16, "GET", kind="client", start_ns=2_000, end_ns=80_000_000, resource=WEB)
SCORE = "instrumentation-score"


def test_traces_without_a_contract_are_judged_by_their_integrity(cli: CommandLine) -> None:
    good = cli("verify", "--from", cli.traces("good.json", Trace("1" * 32, [ROOT])))
    assert (good.code, good.err) == (0, "")
    assert "integrity 1.0.0  1 flow" in good.out
    bad = cli("verify", "--from", cli.traces("bad.json", Trace("1" * 32, [ROOT, ORPHAN])))
    assert bad.code == 1
    assert "integrity/span-orphan" in bad.out
    assert "✗ broken       traces           1 malformed\n" in bad.out  # the contract of that name is about names only


def test_packs_are_judged_beside_contracts(cli: CommandLine) -> None:
    packs = ("--pack", "sensitive-data", "--pack", SCORE)
    answer = cli("verify", cli.contract, *packs, "--from", cli.kept, "--format", "json")
    report = json.loads(answer.out)
    assert [each["contract"] for each in report["contracts"]] == ["session-validate", "sensitive-data", SCORE]
    assert [each["service"] for each in report["scores"]["services"]] == [""]
    assert answer.code == 1  # a trace without a service name


@pytest.mark.parametrize(("least", "code"), [("88", 0), ("88.1", 1)])
def test_a_score_below_the_least_breaks(cli: CommandLine, least: str, code: int) -> None:
    traces = cli.traces("client.json", Trace("2" * 32, [CLIENT]))
    answer = cli("verify", "--pack", SCORE, "--min-score", least, "--from", traces)
    assert answer.code == code
    assert "web   88.00  good  fails SPA-004" in answer.out
    assert "SPA-003 has no criterion yet" in answer.out


def test_a_long_service_name_does_not_widen_the_table(cli: CommandLine) -> None:
    long = Resource({"service.name": "w" * 5000, "service.instance.id": "i-1"})
    traces = Trace("2" * 32, [msgspec.structs.replace(CLIENT, resource=long)])
    answer = cli("verify", "--pack", SCORE, "--from", cli.traces("long.json", traces))
    assert f"  {'w' * 59}…   88.00  good  fails SPA-004\n" in answer.out


def test_a_file_is_scored_alike_as_a_stream_and_as_a_whole(cli: CommandLine) -> None:
    traces = cli.traces("both.json", Trace("1" * 32, [ROOT, ORPHAN]), Trace("2" * 32, [CLIENT]))
    arguments = ("--pack", SCORE, "--pack", "integrity", "--from")
    streamed, whole = (cli("verify", *arguments, traces, *more).out for more in ((), ("--wait", "0.001")))
    assert streamed == whole
    assert "fails SPA-002, SPA-004" in streamed


def test_run_needs_no_contract(cli: CommandLine) -> None:
    answer = cli("run", "--", sys.executable, "-c", "pass")
    assert answer.code == 3
    assert "no span arrived" in answer.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], ["no contracts and no traces are given", "--from"]),
        (["--pack", "integrity"], ["--pack needs --from"]),
        (["--pack", "integrity", "--examples", "--from", "x"], ["--examples and --from"]),
        (["--pack", "scores", "--from", "x"], ["no pack 'scores'", "sensitive-data"]),
        (["--min-score", "75", "--from", "x"], ["--min-score needs the score"]),
        (["--pack", SCORE, "--min-score", "101", "--from", "x"], ["0 to 100"]),
        (["--pack", SCORE, "--min-score", "nan", "--from", "x"], ["0 to 100"]),
    ],
)
def test_wrong_usage_is_one_line_and_2(cli: CommandLine, arguments: list[str], words: list[str]) -> None:
    answer = cli("verify", *arguments)
    assert (answer.code, answer.out) == (2, "")
    assert one_line(answer.err, words)


def test_the_file_of_a_pack_is_named_without_a_folder(cli: CommandLine, tmp_path: Path) -> None:
    answer = cli("verify", "--from", cli.traces("good.json", Trace("1" * 32, [ROOT])))
    assert "  integrity.contract.yaml\n" in answer.out
