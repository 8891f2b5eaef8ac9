"""Spans a second of CPU time and peak memory of verification, for each source and number of spans.

Each runs in a process of its own. `SPANPACT_BENCH_SPANS=10000,100000` sets the numbers of spans, by default also a
million.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest

from benchmarks.verification.encoded_requests import in_protobuf
from benchmarks.verification.made_traces import requests
from spanpact.contract.shipped import shipped_contracts
from spanpact.sources import encode_traces_json

SIZES: Final = [int(number) for number in os.environ.get("SPANPACT_BENCH_SPANS", "10000,100000,1000000").split(",")]
HELD: Final = [number for number in SIZES if number <= 100_000]
"""Numbers of spans for sources that hold all spans in memory."""
GOAL: Final = 250_000
GROWTH: Final = 1.2
CONTRACTS: Final = {"seven rules": "seven", "all contracts": str(shipped_contracts())}
ROOT: Final = Path(__file__).parents[2]

Measured = Callable[..., None]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int, str], Path]:
    """Return a function for a file of `number` spans, as JSON lines or protobuf; each file is written once."""
    folder = tmp_path_factory.mktemp("made")

    def file(number: int, kind: str) -> Path:
        path = folder / f"{number}.{kind}"
        if not path.exists():
            path.write_bytes(b"")
            with path.open("ab") as out:
                for request in requests(number):
                    out.write(encode_traces_json(request) + b"\n" if kind == "jsonl" else in_protobuf(request))
        return path

    return file


def start(way: str, file: Path | str, contracts: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "benchmarks.verification.verifying", way, str(file), contracts]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def finish(process: subprocess.Popen[str]) -> Mapping[str, Any]:
    out, _ = process.communicate()
    assert process.returncode == 0
    result: Mapping[str, Any] = json.loads(out.splitlines()[-1])
    assert result.get("verdict", "kept") == "kept"
    return result


def record(measured: Measured, what: str, number: int, result: Mapping[str, Any], goal: int | None = None) -> None:
    facts = {name: str(result[name]) for name in ("traces", "verdict") if name in result}
    rate = result.get("spans", number) / result["seconds"]
    measured(f"verification, {what}, {number:,} spans", [rate], unit="spans/s", goal=goal, at_least=True, **facts)
    measured(f"verification, {what}, {number:,} spans: memory", [result["mib"]], unit="MiB", **facts)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("contracts", CONTRACTS)
@pytest.mark.parametrize("kind", ["jsonl", "pb"])
def test_a_file(kind: str, contracts: str, files: Callable[[int, str], Path], measured: Measured) -> None:
    memory = {}
    for number in SIZES:
        result = finish(start("file", files(number, kind), CONTRACTS[contracts]))
        record(measured, f"{kind}, {contracts}", number, result, GOAL)
        memory[number] = result["mib"]
    growth = memory[SIZES[-1]] / memory[SIZES[-2]] if len(SIZES) > 1 else 1.0
    step = " to ".join(f"{number:,}" for number in SIZES[-2:])
    measured(f"verification, {kind}, {contracts}: memory, {step} spans", [growth], goal=GROWTH, unit="")


@pytest.mark.timeout(900)
@pytest.mark.parametrize("contracts", CONTRACTS)
def test_the_engine_alone(contracts: str, files: Callable[[int, str], Path], measured: Measured) -> None:
    """Judge every trace by itself, in a file that is read as a whole: the baseline of the other figures."""
    result = finish(start("engine", files(SIZES[0], "jsonl"), CONTRACTS[contracts]))
    record(measured, f"jsonl, engine alone, {contracts}", SIZES[0], result)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("kind", ["jsonl", "pb"])
def test_decoding_alone(kind: str, files: Callable[[int, str], Path], measured: Measured) -> None:
    number = HELD[-1]
    record(measured, f"{kind}, decoding alone", number, finish(start("decode", files(number, kind), "seven")))


@pytest.mark.timeout(900)
def test_in_memory(files: Callable[[int, str], Path], measured: Measured) -> None:
    for number in HELD:
        result = finish(start("memory", files(number, "jsonl"), CONTRACTS["seven rules"]))
        record(measured, "memory, seven rules", number, result)


@pytest.mark.timeout(900)
def test_received(files: Callable[[int, str], Path], measured: Measured) -> None:
    for number in HELD:
        process = start("receiver", "-", CONTRACTS["seven rules"])
        assert process.stdout is not None
        send(process.stdout.readline().strip(), files(number, "jsonl"))
        record(measured, "receiver, seven rules", number, finish(process))


def send(url: str, file: Path) -> None:
    """Send every line as a request."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    for line in lines(file):
        connection.request("POST", "/v1/traces", line, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (200, b"{}")
    connection.close()


def lines(file: Path) -> Iterator[bytes]:
    with file.open("rb") as opened:
        yield from opened
