"""Machine instructions of a traced operation without Redis: sync and async, in all cases and modes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from benchmarks.operations import one_operation as o
from benchmarks.operations.instructions import by_place, count, valgrind

OF_THE_BARE_SPAN = {o.SIMPLE: 1.00, o.SEMCONV: 1.00, o.BOTH: 1.00, o.MEASURED: 1.20}
OF_CONTRIB = {o.SAMPLED: 0.75, o.UNSAMPLED: 0.30, o.DISABLED: 0.30}
VARIANTS = (o.API_ONLY, o.BARE, o.BY_HAND, o.CONTRIB, *o.OURS)
CALLS = 40


@pytest.mark.skipif(valgrind() is None, reason="valgrind is not installed: apt-get install valgrind")
@pytest.mark.timeout(900)
@pytest.mark.parametrize("kind", ["sync", "async"])
def test_instructions_of_one_operation(kind: str, measured: Callable[..., None]) -> None:
    added = by_place(count(VARIANTS, kinds=[kind], calls=CALLS))
    bare = added[kind, o.SAMPLED, o.BARE]
    for (_, case, variant), number in added.items():
        measured(f"{kind}, {case}: {variant}", [number], unit="instructions", calls=str(CALLS))
    for variant in (o.BY_HAND, o.CONTRIB, *o.OURS):
        ratio = added[kind, o.SAMPLED, variant] / bare
        goal = OF_THE_BARE_SPAN.get(variant)
        measured(f"{kind}, {o.SAMPLED}: {variant} / {o.BARE}", [ratio], goal=goal, unit="", of="instructions")
    for case in o.CASES:
        for variant in o.OURS:
            ratio = added[kind, case, variant] / added[kind, case, o.CONTRIB]
            # Contrib counts no calls, so there is no goal beside it but where the counts are most of the cost.
            goal = None if variant == o.MEASURED and case != o.UNSAMPLED else OF_CONTRIB[case]
            measured(f"{kind}, {case}: {variant} / {o.CONTRIB}", [ratio], goal=goal, unit="", of="instructions")
