"""Contracts: read them, compile them, and build the traces of their examples.

From a file to a compiled contract, in order:

1. `yaml_reader` parses the text into the nodes of `document`, each with its file, line and column. A contract written
   in Python (`python_api`) is converted to the same nodes.
2. `loader` checks the nodes and compiles them (see its docstring).
3. `compiled` has the result: a `ContractPlan`, frozen and typed, which the engine judges traces by.

`examples` builds the traces that a contract accepts and rejects, `shipped` finds the contracts that spanpact ships.
May import: `findings`, `privacy`, `trace`, `errors`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from spanpact.lazy_names import lazy_names

if TYPE_CHECKING:
    from spanpact.contract.compiled import ContractPlan
    from spanpact.contract.loader import compile_contract, load_contract, load_contracts, load_each, load_text
    from spanpact.contract.python_api import Condition, Contract, Entry, Event, Fragment, Link, Pending, Rule, Statement
    from spanpact.contract.shipped import shipped_contracts

__all__ = [
    "Condition",
    "Contract",
    "ContractPlan",
    "Entry",
    "Event",
    "Fragment",
    "Link",
    "Pending",
    "Rule",
    "Statement",
    "compile_contract",
    "load_contract",
    "load_contracts",
    "load_each",
    "load_text",
    "shipped_contracts",
]

__getattr__ = lazy_names(
    __name__,
    {
        "spanpact.contract.compiled": ("ContractPlan",),
        "spanpact.contract.loader": ("compile_contract", "load_contract", "load_contracts", "load_each", "load_text"),
        "spanpact.contract.python_api": (
            "Condition",
            "Contract",
            "Entry",
            "Event",
            "Fragment",
            "Link",
            "Pending",
            "Rule",
            "Statement",
        ),
        "spanpact.contract.shipped": ("shipped_contracts",),
    },
)
