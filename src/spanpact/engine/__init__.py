"""The engine: judge traces by compiled contracts. Pure functions: no file, no clock, no network.

One run, in order:

1. select flows: the spans that the contract's top entry selects (`judging`, `flow_spans`);
2. build candidates: which spans each entry may stand for (`assignment.matching`);
3. assign spans to entries, one to one, at the least cost (`assignment.least_cost`);
4. check every expectation on its span (`flow`, `checks`, `rules`);
5. relate spans to each other and flows to each other: order, conditions, statements over all flows (`conditions`,
   `across`);
6. decide: findings, what was not checked, coverage, verdict (`early_decisions`, `coverage`, `pending`, `verdict`).

May import: `contract`, `findings`, `privacy`, `trace`, `errors`.
"""

from __future__ import annotations

from spanpact.engine.flow_assignments import FlowAssignment, assignments
from spanpact.engine.judging import CompiledContract

__all__ = ["CompiledContract", "FlowAssignment", "assignments"]
