"""One verification of an archive on a new Spark: `python -m benchmarks.spark.one_run MASTER ARCHIVE PARTITIONS`.

Prints JSON: seconds and CPU seconds (driver, JVM and Python workers, without the start of Spark), spans, bytes that
tasks wrote for a shuffle by Spark's own metrics, and the load of the machine.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from integration.spark.sessions import spark_session
from spanpact.contract.loader import load_contracts
from spanpact.contract.shipped import shipped_contracts
from spanpact.spark.tables import ArchiveTables
from spanpact.spark.verify_spark import verify_on_spark
from spanpact.verification.options import VerificationOptions

_TICKS = os.sysconf("SC_CLK_TCK")


def main(master: str, archive: str, partitions: int) -> dict[str, Any]:
    """Run it and return the figures."""
    plans, options = load_contracts([shipped_contracts()]), VerificationOptions(allow_unseen=True)
    with tempfile.TemporaryDirectory() as events:
        settings = {"spark.eventLog.enabled": "true", "spark.eventLog.dir": f"file://{events}"}
        settings["spark.eventLog.compress"] = "false"
        with spark_session(master, settings) as session:
            session.range(1).rdd.map(bool).collect()  # a Python worker has started
            started, used = time.monotonic(), _cpu_seconds()
            tables = ArchiveTables(session, archive)
            report = verify_on_spark(tables, plans, options, partitions=partitions)
            seconds, cpu = time.monotonic() - started, _cpu_seconds() - used
        written = sum(_shuffle_bytes(Path(events)))
    assert report.reading is not None
    return {
        "master": master,
        "seconds": seconds,
        "cpu_seconds": cpu,
        "spans": report.reading.span_count,
        "verdict": report.verdict,
        "shuffle_bytes": written,
        "load": os.getloadavg()[0],
    }


def _shuffle_bytes(folder: Path) -> Iterator[int]:
    for file in folder.rglob("*"):
        if not file.is_file():
            continue
        for line in file.read_text().splitlines():
            if '"SparkListenerTaskEnd"' in line:
                metrics = json.loads(line).get("Task Metrics") or {}
                yield metrics.get("Shuffle Write Metrics", {}).get("Shuffle Bytes Written", 0)


def _cpu_seconds() -> float:
    """Return the CPU seconds of this process and all below it, those that have ended included."""
    parents: dict[int, int] = {}
    ticks: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended
        pid = int(path.parent.name)
        parents[pid] = int(fields[1])
        ticks[pid] = sum(map(int, fields[11:15]))
    return sum(number for pid, number in ticks.items() if _is_below(pid, os.getpid(), parents)) / _TICKS


def _is_below(pid: int, top: int, parents: dict[int, int]) -> bool:
    while pid and pid != top:
        pid = parents.get(pid, 0)
    return pid == top


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
