"""Compare what contracts say of traces in a store with what they say of the same traces in memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeAlias

import msgspec
from hypothesis import HealthCheck, Phase

from spanpact.engine import CompiledContract
from spanpact.trace.model import ALL_CAPABILITIES, Reading, SourceInfo
from spanpact.verification.verifying import verify
from tests.sources.every_source import without_capabilities
from tests.verification.test_same_verdict import departures

Situation: TypeAlias = tuple[Sequence[CompiledContract], Reading]
QUIET: Final[Any] = {
    "deadline": None, "derandomize": True, "database": None, "phases": [Phase.generate],
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture,
                              HealthCheck.filter_too_much],
}  # fmt: skip
_DECIDES_HOW: Final = frozenset(["value_types", "scalar_types", "number_types", "bytes", "status_ok"])
"""Capabilities that decide how values are judged, and not what is there."""


def has_spans(situation: Situation) -> bool:
    """Return whether there is a span to send."""
    return any(trace.spans for trace in situation[1].traces)


def assert_nothing_else(contracts: Sequence[CompiledContract], memory: Reading, there: Reading) -> None:
    """Assert that what cannot be decided is not checked: no finding is invented, none is lost without a word."""
    whole = verify(contracts, without_capabilities(memory, SourceInfo("memory", ALL_CAPABILITIES - {"remote"})))
    seen = verify(contracts, there)
    invented = departures(seen) - departures(whole)
    assert not invented, invented
    known = msgspec.structs.replace(there.source, capabilities=there.source.capabilities | _DECIDES_HOW)
    carried = verify(contracts, without_capabilities(memory, known))
    for wanted, result in zip(carried.results, seen.results, strict=True):
        lost = departures(carried, wanted.contract) - departures(seen, wanted.contract)
        assert not lost or any(each.reason == "capability" for each in result.not_checked), lost
