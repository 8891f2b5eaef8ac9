"""The targets of verification: ratios of CPU time and of memory to build 47e6372 in the same run.

Pairs are for one contract of seven rules, and for 13. A target that is not reached is shown, and fails nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

CONTRACTS: Final = ("1", "13")
ENCODINGS: Final = {".jsonl": "JSON", ".pb": "protobuf"}

FILES: Final[Mapping[str, tuple[float, float]]] = {
    "same, JSON": (8, 8),
    "same, protobuf": (10, 10),
    "varied": (10, 8),
    "parallel": (10, 8),
    "logs": (8, 8),
    "broken": (5, 4),
    "mixed": (3, 2),
}
"""How many times faster a file is verified with the native core."""
FILES_WITHOUT_CORE: Final[Mapping[str, tuple[float, float]]] = {"varied": (1.8, 5), "logs": (5, 5)}
RECEIVER: Final = (10.0, 20.0)
"""The same for a receiver that gets 512 spans in a request."""
SAME_RATE: Final = 250_000.0
"""Spans of a CPU second, of traffic `same`."""
GROWTH: Final = 1.15
"""Peak memory of 3,000,000 spans, as a part of that of 100,000."""
ARCHIVE: Final = 10.0
"""How many times faster an archive is verified than OTLP JSON by 47e6372."""
ARCHIVE_BYTES: Final = 0.25
"""The size of an archive, as a part of that of the JSON."""
ONE_TRACE: Final = (0.9, 0.7)
"""The CPU time of one test's trace, as a part of that of 47e6372."""


def of_file(traffic: str, suffix: str, contracts: str, *, core: bool) -> float | None:
    """Return the target of a file, None where there is none."""
    targets = FILES if core else FILES_WITHOUT_CORE
    pair = targets.get(f"{traffic}, {ENCODINGS[suffix]}") or targets.get(traffic)
    return pair and of_pair(pair, contracts)


def of_pair(pair: tuple[float, float], contracts: str) -> float:
    """Return the target of a pair for a number of contracts."""
    return pair[CONTRACTS.index(contracts)]
