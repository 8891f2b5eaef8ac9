"""A contract with everything compiled that judging needs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from spanpact.contract.compiled import ContractPlan
from spanpact.engine.assignment.compiled_entries import CompiledEntry, compile_entry
from spanpact.engine.results.expectations import ContractExpectations
from spanpact.engine.rules import CompiledRule, compile_rule
from spanpact.engine.spanless_logs import LogScan, compile_log_scans

_MOST_KEPT: Final = 64  # a compiled contract takes some hundred kilobytes


@dataclass(frozen=True, slots=True)
class CompiledContract:
    """A contract with all its checks compiled. Compile it once and judge with it any number of times."""

    plan: ContractPlan
    top: CompiledEntry
    rules: tuple[CompiledRule, ...]
    expectations: ContractExpectations
    log_scans: tuple[LogScan, ...]

    @classmethod
    def of(cls, plan: ContractPlan) -> CompiledContract:
        """Compile a plan."""
        rules = tuple(map(compile_rule, plan.rules))
        scans = compile_log_scans(plan, rules)
        return cls(plan, compile_entry(plan.top), rules, ContractExpectations.of(plan), scans)


def compiled(plan: ContractPlan | CompiledContract) -> CompiledContract:
    """Return the contract compiled. Each plan is compiled once, because tests verify one trace by the same plans.

    The last 64 are kept.
    """
    return plan if isinstance(plan, CompiledContract) else _compiled_once(_Identity(plan))


class _Identity:
    """A plan as a key: two are the same if they are one object. A plan cannot be hashed, and is never changed."""

    __slots__ = ("plan",)

    def __init__(self, plan: ContractPlan) -> None:
        self.plan = plan

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Identity) and self.plan is other.plan

    def __hash__(self) -> int:
        return id(self.plan)


@lru_cache(maxsize=_MOST_KEPT)
def _compiled_once(identity: _Identity) -> CompiledContract:
    return CompiledContract.of(identity.plan)
