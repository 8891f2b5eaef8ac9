"""Run one verification and print what it took: `python -m benchmarks.verification.verifying WAY FILE CONTRACTS`.

WAY: `file` verifies as `spanpact verify` does; `engine` reads it as a whole and judges each trace by itself; `decode`
only reads it; `memory` verifies its spans as an SDK holds them; `receiver` listens until its standard input ends.
CONTRACTS: `seven` for one contract of seven rules, or a folder.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from spanpact.contract.loader import load_contracts, load_text
from spanpact.engine import CompiledContract
from spanpact.findings import Report
from spanpact.sources import MemorySource, OtlpFileSource, OtlpReceiver
from spanpact.sources.files.otlp_file import iter_batches
from spanpact.verification.receiving import verify_received
from spanpact.verification.streaming import verify_file
from spanpact.verification.verifying import Verification, verify

SEVEN: Final = """
spanpact: 1
contract: seven-rules
version: 1.0.0
aliases: {operation: [db.operation.name], db_type: [db.system.name], error: [error.type]}
span: session.*
children:
  lookup: {span: redis.get, count: 0..1, attributes: {operation: GET, key: session:*}}
  store: {span: redis.set, count: 0..1, attributes: {operation: SET}}
order: [lookup, store]
every:
  correlated: {span: '*', attributes: {correlation.id: {type: string, same_as: top.correlation.id}}}
  redis: {span: redis.*, kind: client, attributes: {db_type: redis, latency_ms: {type: number, at_least: 0}}}
  read: {span: redis.get, where: {status: unset}, exactly_one_true: [cache_hit, cache_miss]}
  failed: {span: redis.*, where: {status: error}, attributes: {error: {type: string}}}
  fine: {span: redis.*, where: {status: unset}, attributes: {error: absent}}
  queried: {span: db.query, kind: client, attributes: {operation: {type: string}}}
  private: {span: '*', forbid: [email, jwt, bearer]}
"""


def main(arguments: Sequence[str]) -> None:
    """Verify, and print CPU seconds, the peak memory in MiB, the numbers of spans and traces, and the verdict."""
    way, file, contracts = arguments
    plans = [load_text(SEVEN)] if contracts == "seven" else load_contracts([contracts])
    prepared = WAYS[way](file, [CompiledContract.of(plan) for plan in plans])
    began = time.process_time()
    report = prepared()
    took = time.process_time() - began
    result: dict[str, object] = {"seconds": took, "mib": peak_memory_mib()}
    if report is not None and report.reading is not None:
        result |= {"spans": report.reading.span_count, "traces": report.reading.trace_count, "verdict": report.verdict}
    print(json.dumps(result))


def peak_memory_mib() -> float:
    """Return the peak memory of this process; `ru_maxrss` would include the process that started it."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status["VmHWM"].split()[0]) / 1024


def _engine(file: str, contracts: Sequence[CompiledContract]) -> Callable[[], Report | None]:
    def judge() -> Report:
        reading = OtlpFileSource(file).read()
        verification = Verification(contracts, reading, use_cache=False)
        for trace in reading.traces:
            verification.judge(trace)
        return verification.report(reading, strict=False, allow_unseen=True, today=None, header=())

    return judge


def _file(file: str, contracts: Sequence[CompiledContract]) -> Callable[[], Report | None]:
    return lambda: verify_file(OtlpFileSource(file), contracts, allow_unseen=True)


def _decode(file: str, contracts: Sequence[CompiledContract]) -> Callable[[], Report | None]:
    def decode() -> None:
        for _ in iter_batches(file):
            pass

    return decode


def _memory(file: str, contracts: Sequence[CompiledContract]) -> Callable[[], Report | None]:
    from tests.sources.sdk_spans import recorded

    spans, _ = recorded(OtlpFileSource(file).read())
    return lambda: verify(contracts, MemorySource(spans).read(), allow_unseen=True)


def _receiver(file: str, contracts: Sequence[CompiledContract]) -> Callable[[], Report | None]:
    receiver = OtlpReceiver().start()
    print(receiver.url, flush=True)

    def judge() -> Report:
        sys.stdin.read()  # until everything was sent
        receiver.stop()
        return verify_received(receiver, contracts, allow_unseen=True)

    return judge


WAYS: Final = {"file": _file, "engine": _engine, "decode": _decode, "memory": _memory, "receiver": _receiver}

if __name__ == "__main__":
    main(sys.argv[1:])
