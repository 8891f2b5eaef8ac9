"""What the comparison calls compatible is so: by the real engine, on generated contracts and traces."""

from __future__ import annotations

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from spanpact.contract.compiled import ContractPlan
from spanpact.trace.model import Reading
from tests.diff.generated_contracts import pairs, traces
from tests.diff.judging import assert_sound
from tests.properties import examples


@settings(max_examples=examples(100), suppress_health_check=[HealthCheck.too_slow])
@given(pairs(), st.lists(traces(), min_size=3, max_size=6))
def test_a_trace_that_is_kept_stays_kept_unless_the_contract_tightens(
    pair: tuple[ContractPlan, ContractPlan], readings: list[Reading]
) -> None:
    """And the mirror image: one that is broken stays so unless the contract loosens."""
    compared = assert_sound(*pair, readings)
    event("a trace is kept by both" if compared else "nothing to compare")
