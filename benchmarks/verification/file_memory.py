"""Peak memory of `spanpact verify` on a file, and on one ten times as large.

    python -m benchmarks.verification.file_memory

    --megabytes 100      the size of the smaller file
    --folder /tmp        where the files are while they are verified

Traffic `alike` has traces of one shape, which the cache knows after the first; in `varied` each trace has names and
values that never come again, so that every one of them is judged by the engine.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

TRAFFIC: Final = ("alike", "varied")
MOST: Final = 1.1
"""How many times the memory may be for ten times the file."""
CONTRACT: Final = """\
spanpact: 1
contract: memory
version: 1.0.0
span: GET /orders
attributes: {http.route: present, order: {matches: '[0-9a-f]+'}}
children: {query: {span: 'SELECT *', kind: client, count: 1..}}
every: {private: {span: '*', forbid: [email]}}
"""
_COLUMNS: Final = ", ".join(f"column_{number}" for number in range(40))  # a file has at most 2,000,000 spans
_TRACES: Final = 50  # of a request, which is a line
_START: Final = 1_767_225_600_000_000_000


def write(path: Path, size: int, traffic: str) -> None:
    """Write a file of OTLP JSON of at least `size` bytes."""
    with path.open("wb") as file:
        for request in _requests(traffic):
            file.write(json.dumps(request, separators=(",", ":")).encode() + b"\n")
            if file.tell() >= size:
                return


def _requests(traffic: str) -> Iterator[Mapping[str, Any]]:
    number = 0
    resource = {"attributes": [_attribute("service.name", "orders")]}
    while True:
        spans: list[Mapping[str, Any]] = []
        for _ in range(_TRACES):
            number += 1
            spans += _trace(number, number if traffic == "varied" else 0)
        yield {"resourceSpans": [{"resource": resource, "scopeSpans": [{"scope": {"name": "orders"}, "spans": spans}]}]}


def _trace(number: int, variation: int) -> Iterator[Mapping[str, Any]]:
    attributes = [_attribute("http.route", "/orders"), _attribute("order", f"{variation:012x}")]
    yield _span(number, 1, "GET /orders", 2, attributes)
    for child in range(2, 5):
        yield _span(
            number,
            child,
            f"SELECT orders_{variation}",
            3,
            [_attribute("db.query.text", f"SELECT {variation}, {_COLUMNS}")],
        )


def _span(trace: int, number: int, name: str, kind: int, attributes: list[Mapping[str, Any]]) -> Mapping[str, Any]:
    start = _START + trace * 1_000_000
    return {
        "traceId": f"{trace:032x}", "spanId": f"{trace * 8 + number:016x}",
        "parentSpanId": "" if number == 1 else f"{trace * 8 + 1:016x}", "name": name, "kind": kind,
        "startTimeUnixNano": str(start + number * 1000), "endTimeUnixNano": str(start + 10_000 - number),
        "attributes": attributes,
    }  # fmt: skip


def _attribute(key: str, value: str) -> Mapping[str, Any]:
    return {"key": key, "value": {"stringValue": value}}


def _peak_of_this_process() -> float:
    """Return the peak memory in MiB; `ru_maxrss` would include the process that started this one."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status["VmHWM"].split()[0]) / 1024


def peak_of(size: int, traffic: str, folder: Path) -> float:
    """Return the peak memory of verifying a file of a size, in MiB. Raise RuntimeError if its contract is not kept."""
    file, contract = folder / "traces.jsonl", folder / "memory.contract.yaml"
    contract.write_text(CONTRACT, encoding="utf-8")
    write(file, size, traffic)
    try:
        command = [sys.executable, "-m", "benchmarks.verification.file_memory", "--verify", str(contract), str(file)]
        done = subprocess.run(command, capture_output=True, text=True)
    finally:
        file.unlink()
    if done.returncode:
        raise RuntimeError(f"{done.stdout}{done.stderr}")
    return float(done.stdout.splitlines()[-1])


def main() -> int:
    """Print the peaks and their ratio for both kinds of traffic; return 1 if one is above `MOST`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=100)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--verify", nargs=2, metavar=("CONTRACT", "FILE"), help="verify, and print the peak (MiB)")
    options = parser.parse_args()
    if options.verify:
        from spanpact.cli import main as spanpact

        code = spanpact(["verify", options.verify[0], "--from", options.verify[1]])
        print(_peak_of_this_process())
        return code
    missed, sizes = False, (options.megabytes, 10 * options.megabytes)
    for traffic in TRAFFIC:
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            small, large = (peak_of(size * 10**6, traffic, Path(folder)) for size in sizes)
        missed |= large > MOST * small
        peaks = f"{sizes[0]} MB: {small:.1f} MiB, {sizes[1]} MB: {large:.1f} MiB"
        print(f"{traffic}: {peaks}, {large / small:.2f} times", flush=True)
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
