"""What the tests of the Jaeger source ask: which version it is, and whether all traces are there."""

from __future__ import annotations

import re
from typing import Final

from containers.servers.jaeger_server import JaegerBackend
from spanpact.findings import Report
from spanpact.sources import JaegerSource
from spanpact.trace.model import Reading
from spanpact.verification.comparison.source_comparison import compare
from spanpact.verification.waiting import Poll, WaitSettings, content_of, wait

WAIT_SETTINGS: Final = WaitSettings(30)


def seen_all(source: JaegerSource, trace_ids: set[str]) -> None:
    """Return when the source gives all of these traces."""

    def missing(reading: Reading) -> set[str]:
        return trace_ids - {trace.trace_id for trace in reading.traces}

    wait(Poll(source.read, itself, itself, content_of, missing, traces_known=True), WAIT_SETTINGS)


def itself(reading: Reading) -> Report:
    return compare(reading, reading)


def is_newer(jaeger: JaegerBackend) -> bool:
    """Return whether this Jaeger is one of those without a search in the old API (2.20 still has it)."""
    return tuple(map(int, re.findall(r"\d+", jaeger.version)[:2])) > (2, 20)
