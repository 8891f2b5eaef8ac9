"""A contract with everything compiled that judging needs."""

from __future__ import annotations

from dataclasses import dataclass

from spanpact.contract.compiled import ContractPlan
from spanpact.engine.assignment.compiled_entries import CompiledEntry, compile_entry
from spanpact.engine.results.expectations import ContractExpectations
from spanpact.engine.rules import CompiledRule, compile_rule
from spanpact.engine.spanless_logs import LogScan, compile_log_scans


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
