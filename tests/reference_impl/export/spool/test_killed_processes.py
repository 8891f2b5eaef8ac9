"""A process with a spool may be killed at any moment: every span whose `end` has returned is stored, and none twice."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from tests.reference_impl.export.otlp_sink import OtlpSink
from tests.reference_impl.export.spool import killed_processes
from tests.reference_impl.python_process import without_settings


def kill(sink: OtlpSink, folder: Path, seed: int, rounds: int) -> None:
    environ = {**without_settings(), "STUDIO_SPOOL_DIR": str(folder), "JAEGER_ENDPOINT": sink.url,
               "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "10", "OTEL_BSP_SCHEDULE_DELAY": "5"}  # fmt: skip
    command = [sys.executable, str(killed_processes.__file__), str(seed), str(rounds)]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=600, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    stored: dict[int, set[int]] = defaultdict(set)
    for span in sink.spans:
        name, number = span.name.split()
        stored[int(name)].add(int(number))
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(found) == rounds
    for place, seen in enumerate(found):
        check(seen, stored[place])
    assert sum(seen["returned"] for seen in found) > 5 * rounds
    assert any(seen["settled"] for seen in found)  # some were killed while they sent
    assert any(seen["heir"]["stored"] for seen in found)


def check(seen: dict, stored: set[int]) -> None:  # type: ignore[type-arg]  # JSON
    ended, heir = seen["ended"], seen["heir"]
    assert ended - seen["returned"] in (0, 1), seen  # one may be within its call of `end`
    assert stored >= set(range(seen["returned"])), seen
    assert (heir["status"], seen["files"]) == (0, 0), seen
    assert heir["ended"] == heir["stored"] + heir["lost"] == seen["pending"], seen
    if seen["known"]:
        assert ended == seen["settled"] + heir["stored"] + seen["lost before"] + heir["lost"], seen
        assert len(stored) == seen["settled"] + heir["stored"], seen


@pytest.mark.fault("E13")
def test_a_killed_process_loses_no_span_that_has_ended(sink: OtlpSink, tmp_path: Path) -> None:
    kill(sink, tmp_path, seed=13, rounds=12)


@pytest.mark.expensive
@pytest.mark.timeout(600)
def test_200_killed_processes_lose_no_span_that_has_ended(sink: OtlpSink, tmp_path: Path) -> None:
    kill(sink, tmp_path, seed=200, rounds=200)
