"""Reports on the traces of a source, waited for as `spanpact verify --wait` does."""

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
from spanpact.trace.trace_selection import TraceSelection
from spanpact.verification.options import VerificationOptions
from spanpact.verification.verifying import verify
from spanpact.verification.waiting import WaitSettings, wait_for_verdict

WAIT_SETTINGS: Final = WaitSettings(30)
"""Longer than any flow takes; a wait ends as soon as the verdict is settled."""


def wait_for_report(
    source: JaegerSource, contracts: Sequence[CompiledContract] | None = None, *, allow_unseen: bool = False
) -> Report:
    """Return the report of the contracts (default: all shipped) on the traces of a source, once it is settled."""
    judge = partial(judge_reading, contracts=contracts, allow_unseen=allow_unseen)
    return wait_for_verdict(source.read, judge, WAIT_SETTINGS, wanted=TraceSelection.of(source.trace_ids))


def judge_reading(
    reading: Reading, *, contracts: Sequence[CompiledContract] | None = None, allow_unseen: bool = False
) -> Report:
    """Return the report of the contracts (default: all shipped) on a reading."""
    return verify(
        _contracts() if contracts is None else contracts, reading, VerificationOptions(allow_unseen=allow_unseen)
    )


@cache
def _contracts() -> Sequence[CompiledContract]:
    return [CompiledContract.of(plan) for plan in load_contracts([shipped_contracts()])]
