"""What the garbage collector does in a service is counted from outside."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from benchmarks.service import watched_service
from benchmarks.service.watched_service import SIZE, CollectionCounts

SERVICE = """
import gc, sys
if __name__ == "__main__":
    for line in sys.stdin:
        generation, objects = map(int, line.split())
        kept = [[number] for number in range(objects)]
        gc.collect(generation)
        print("done", flush=True)
"""


def test_collections_are_counted_since_the_last_reset(tmp_path: Path) -> None:
    (tmp_path / "service.py").write_text(SERVICE)
    file = tmp_path / "counts"
    file.write_bytes(bytes(SIZE))
    counts = CollectionCounts(file)
    command = [sys.executable, "-P", watched_service.__file__, str(file), "service"]
    environ = {**os.environ, "PYTHONPATH": str(tmp_path)}
    with subprocess.Popen(
        command, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as service:
        assert service.stdin is not None
        assert service.stdout is not None

        def collect(generation: int, objects: int) -> None:
            assert service.stdin is not None
            assert service.stdout is not None
            service.stdin.write(f"{generation} {objects}\n")
            assert service.stdout.readline() == "done\n"

        collect(2, 100)
        assert counts.read().full >= 1, "what was started before counts too, until the reset"
        counts.reset()
        collect(1, 100)
        assert counts.read().full == 0
        collect(2, 100)
        few = counts.read()
        assert few.full == 1
        counts.reset()
        collect(2, 300_000)
        many = counts.read()
        service.stdin.close()
    assert many.longest_s > few.longest_s > 0, "a full collection looks at every object"
