"""A soak in which nothing is wrong, to change one thing in."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from integration.soak.faults import Window
from integration.soak.outcome import Soak
from integration.soak.schedule import BLACK_HOLE, BREAKER_OPENS, JAEGER_DIES, REDIS_FREEZES, REDIS_STOPS
from integration.soak.stored_traces import StoredTraces
from integration.soak.traffic import Record, Sent
from integration.soak.watching import Reading, Sample
from reference_impl.export.ledger import LedgerReading

BEGAN = 1_000_000.0
WINDOWS = (
    Window(JAEGER_DIES, BEGAN + 100, BEGAN + 110),
    Window(BLACK_HOLE, BEGAN + 200, BEGAN + 210),
    Window(REDIS_STOPS, BEGAN + 400, BEGAN + 410),
    Window(REDIS_FREEZES, BEGAN + 500, BEGAN + 510),
    Window(BREAKER_OPENS, BEGAN + 600, BEGAN + 610),
)
TRACES = tuple(number.to_bytes(16, "big") for number in range(1, 5))
RECORDS = [
    Record(TRACES[0], BEGAN + 50, BEGAN + 50.1, 200),
    Record(TRACES[1], BEGAN + 105, BEGAN + 105.1, 200),
    Record(TRACES[2], BEGAN + 605, BEGAN + 605.1, 503),
    Record(TRACES[3], BEGAN + 700, BEGAN + 700.1, 201),
]


def samples(*, last_mib: float = 100.0, lost_at: float = 104.0) -> list[Sample]:
    """Return samples of 20 minutes; spans are lost at a time, in seconds from the start."""
    return [
        Sample(
            BEGAN + at, last_mib if at > 600 else 100.0, LedgerReading(30, 20, {"export": 5} if at >= lost_at else {})
        )
        for at in range(1200)
    ]


def a_soak(**changed: Any) -> Soak:
    """Return a soak of 20 minutes, with some fields changed."""
    reading = Reading(LedgerReading(25, 20, {"export": 5}), 0, 1, 0, 0)
    stored = StoredTraces(20, 0, frozenset([TRACES[0], *TRACES[2:]]), {})
    soak = Soak(
        1200, 7, False, 1000, 700, BEGAN, Sent({"read 200": 2, "create 201": 1, "end 503": 1}, 3, {}, 1200), WINDOWS,
        samples(), reading, 0, (), stored, (50, 50),
    )  # fmt: skip
    return replace(soak, **changed)
