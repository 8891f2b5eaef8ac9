"""What is wrong with a soak is found, and what its faults explain is not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from integration.soak.faults import Window
from integration.soak.outcome import Explained, Soak, find_wrong, memory_growth
from integration.soak.schedule import JAEGER_DIES, REDIS_STOPS
from integration.soak.stored_traces import StoredTraces
from integration.soak.traffic import Record, Sent
from integration.soak.watching import Reading
from reference_impl.export.ledger import LedgerReading
from tests.soak.soaks import BEGAN, RECORDS, TRACES, WINDOWS, a_soak, samples

STORED = a_soak().stored
LEDGER = a_soak().final.ledger


def reading(ledger: LedgerReading = LEDGER, *rest: int) -> Reading:
    return Reading(ledger, *(rest or (0, 1, 0, 0)))


def test_faults_explain_lost_traces_and_refusals() -> None:
    assert find_wrong(a_soak(), RECORDS) == []
    broken = {TRACES[1]: ("integrity/span-orphan",)}
    assert find_wrong(a_soak(stored=replace(STORED, trace_ids=frozenset(TRACES), broken=broken)), RECORDS) == []


@pytest.mark.parametrize(
    ("changed", "wrong"),
    [
        ({"problems": ["a fault could not be made"]}, "a fault could not be made"),
        ({"windows": WINDOWS[1:]}, f"it did not happen: {JAEGER_DIES}"),
        ({"final": reading(LEDGER, 0, 0, 0, 0)}, "the breaker opened 0 times in 1 faults of the database"),
        ({"final": reading(LEDGER, 0, 1, 2, 0)}, "2 exceptions in requests, 0 faults of metrics"),
        ({"final": reading(LedgerReading(26, 20, {"export": 5}), 1, 1, 0, 0)}, "1 spans are pending at the end"),
        ({"final": reading(LedgerReading(26, 21, {"export": 5}))}, "the ledger has 21 spans as stored, and 20 were"),
        ({"sent": Sent({}, 0, {"read: answered 500": 2}, 1200)}, "2 times: read: answered 500"),
        ({"exit_code": 1}, "the service ended with exit code 1"),
        ({"logged": ["Traceback (most recent call last):"]}, "in the log: Traceback (most recent call last):"),
        ({"samples": samples(last_mib=106)}, "the memory grew to 1.060 of that in minute 5"),
        ({"samples": samples()[:200]}, "the memory was not measured"),
        ({"samples": samples(lost_at=300)}, "{'export': 5} lost without a fault, 300 s after the start"),
        ({"in_jaeger": (49, 50)}, "Jaeger has 49 of the last 50 traces"),
        (
            {"stored": replace(STORED, trace_ids=frozenset(TRACES[2:]))},
            "1 answered requests have no stored trace, without a fault",
        ),
        (
            {"stored": replace(STORED, broken={TRACES[3]: ("lookup/span-missing",)})},
            "1 traces are broken without a fault: lookup/span-missing",
        ),
        (
            {"stored": replace(STORED, trace_ids=STORED.trace_ids | {bytes(16)})},
            "1 stored traces belong to no answer",
        ),
        ({"stored": replace(STORED, problems=("not judged",))}, "not judged"),
    ],
)
def test_what_no_fault_explains_is_found(changed: dict[str, Any], wrong: str) -> None:
    assert wrong in find_wrong(a_soak(**changed), RECORDS)


def test_a_refusal_without_a_fault_is_found() -> None:
    early = Record(TRACES[0], BEGAN + 50, BEGAN + 50.1, 503)
    assert find_wrong(a_soak(), [early, *RECORDS[1:]]) == [
        "1 requests were refused without a fault, 50 to 50 s after the start"
    ]


def test_with_a_spool_no_fault_explains_a_loss() -> None:
    soak = a_soak(has_spool=True)
    assert find_wrong(soak, RECORDS) == [
        "lost in spite of the spool: {'export': 5}",
        "1 answered requests have no stored trace, without a fault",
    ]
    whole = StoredTraces(25, 3, frozenset(TRACES), {})
    ledger = LedgerReading(25, 25, {})
    kept = a_soak(has_spool=True, stored=whole, final=reading(ledger), samples=samples(lost_at=9999))
    assert find_wrong(kept, RECORDS) == []


def test_the_memory_of_a_short_soak_is_not_judged() -> None:
    soak: Soak = a_soak(seconds=180, samples=samples(last_mib=500)[:180])
    assert memory_growth(soak.samples, BEGAN, 180) is None
    assert find_wrong(soak, RECORDS) == []


def test_windows_that_overlap_explain_as_one() -> None:
    windows = [Window(REDIS_STOPS, 10, 20), Window(REDIS_STOPS, 12, 14), Window(REDIS_STOPS, 40, 50)]
    explained = Explained(windows, 1, 5)
    assert [at for at in range(70) if explained.covers(at, at)] == [*range(9, 26), *range(39, 56)]
    assert explained.covers(0, 9)
    assert explained.covers(27, 60)
    assert not explained.covers(26, 38)
