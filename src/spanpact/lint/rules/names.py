"""Contracts with the same name and version, which a report could not distinguish."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from spanpact.contract.compiled import ContractPlan
from spanpact.lint.linted_contract import LintedContract
from spanpact.lint.messages import LintMessage, lint_message


def check_names(contracts: Sequence[LintedContract]) -> Iterator[LintMessage]:
    """Yield a message for each contract whose name and version another contract already has."""
    first: dict[tuple[str, str], ContractPlan] = {}
    for plan in (contract.plan for contract in contracts):
        known = first.setdefault((plan.name, plan.version), plan)
        if known is not plan:
            message = f"another contract has the name `{plan.name}` and the version {plan.version}: {known.place or ''}"
            yield lint_message("name-twice", message, hint="give one of them another name", place=plan.place)
