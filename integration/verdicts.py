"""Verdicts on what a source holds, waited for as `spanpact verify --wait` does."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final

from spanpact.comparing import compare
from spanpact.engine import CompiledContract, verify
from spanpact.findings import Report
from spanpact.loader import load_contracts
from spanpact.model import Reading
from spanpact.shipped_contracts import shipped_contracts
from spanpact.sources import JaegerSource
from spanpact.waiting import Looking, Patience, content_of, wait, wait_for_verdict

PATIENCE: Final = Patience(30)
"""Longer than any flow takes: a verdict comes as soon as it is settled."""


def judged(source: JaegerSource, *, patience: Patience = PATIENCE) -> Report:
    """The verdict of all contracts of the project on the traces of a source, once it is settled."""
    return wait_for_verdict(source.read, judgement, patience, trace_ids=source.trace_ids)


def judgement(reading: Reading) -> Report:
    """The verdict of all contracts of the project on what is there."""
    return verify(_contracts(), reading)


def compared(first: Reading, source: JaegerSource, patience: Patience = PATIENCE) -> Report:
    """The first reading against the source, once nothing is missing there or the patience is at its end."""
    looking = Looking(
        source.read,
        lambda reading: compare(first, reading, complete=False),
        lambda reading: compare(first, reading),
        content_of,
    )
    return wait(looking, patience)


@cache
def _contracts() -> Sequence[CompiledContract]:
    return [CompiledContract.of(plan) for plan in load_contracts([shipped_contracts()])]
