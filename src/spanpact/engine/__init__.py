"""The engine: judge traces by compiled contracts. Pure functions: no file, no clock, no network.

`judging` runs the steps for one trace and one contract, in this order:

1. select flows, the spans that the contract's top entry selects: `flows.selection`;
2. build candidates, the spans that each entry selects: `assignment.candidates`;
3. assign spans to entries, one to one, at the least cost: `assignment.assigner`; the result is a `flows.flow`;
4. check every expectation on its spans: `flow_checking` with the `checks`, and `rules` for `every`;
5. relate spans to each other, and flows to each other: `relations` (order, concurrency), `same_counts`, `conditions`,
   `across`;
6. decide: `early_decisions` while spans still arrive, `results` for findings, gaps, coverage and the verdict.

`flow_assignments` stops after step 3. May import: `contract`, `findings`,
`privacy`, `trace`, `errors`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from spanpact.lazy_names import lazy_names

if TYPE_CHECKING:
    from spanpact.engine.compiled_contract import CompiledContract
    from spanpact.engine.flow_assignments import FlowAssignment, assignments

__all__ = ["CompiledContract", "FlowAssignment", "assignments"]

__getattr__ = lazy_names(
    __name__,
    {
        "spanpact.engine.compiled_contract": ("CompiledContract",),
        "spanpact.engine.flow_assignments": ("FlowAssignment", "assignments"),
    },
)
