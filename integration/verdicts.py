"""Verdicts on what a source holds, waited for as `spanpact verify --wait` does."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, partial
from typing import Final

from spanpact.contract.loader import load_contracts
from spanpact.contract.shipped import shipped_contracts
from spanpact.engine import CompiledContract
from spanpact.findings import Report
from spanpact.sources import JaegerSource
from spanpact.trace.model import Reading
from spanpact.verification.verifying import verify
from spanpact.verification.waiting import WaitSettings, wait_for_verdict

WAIT_SETTINGS: Final = WaitSettings(30)
"""Longer than any flow takes: a verdict comes as soon as it is settled."""


def judged(
    source: JaegerSource, contracts: Sequence[CompiledContract] | None = None, *, allow_unseen: bool = False
) -> Report:
    """The verdict of the contracts (default: all of the project) on the traces of a source, once it is settled."""
    judge = partial(judgement, contracts=contracts, allow_unseen=allow_unseen)
    return wait_for_verdict(source.read, judge, WAIT_SETTINGS, trace_ids=source.trace_ids)


def judgement(
    reading: Reading, *, contracts: Sequence[CompiledContract] | None = None, allow_unseen: bool = False
) -> Report:
    """The verdict of the contracts (default: all of the project) on what is there."""
    return verify(_contracts() if contracts is None else contracts, reading, allow_unseen=allow_unseen)


@cache
def _contracts() -> Sequence[CompiledContract]:
    return [CompiledContract.of(plan) for plan in load_contracts([shipped_contracts()])]
