"""Contracts: documents with positions, the loader, the compiled form, examples, and the shipped contracts.

A file goes `yaml_reader` -> `document` -> `loader` -> `compiled.ContractPlan`; a contract written in Python
(`python_api`) joins at `document`. `examples` builds the traces that a contract accepts and rejects. May import:
`findings`, `privacy`, `trace`, `errors`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from spanpact.contract.compiled import ContractPlan
    from spanpact.contract.loader import compile_contract, load_contract, load_contracts, load_each, load_text
    from spanpact.contract.python_api import Contract
    from spanpact.contract.shipped import shipped_contracts

__all__ = [
    "Contract",
    "ContractPlan",
    "compile_contract",
    "load_contract",
    "load_contracts",
    "load_each",
    "load_text",
    "shipped_contracts",
]

_HOMES: Final = {"Contract": "python_api", "ContractPlan": "compiled", "shipped_contracts": "shipped"}


def __getattr__(name: str) -> Any:
    """Import a name of `__all__` when it is first used: a command that reads no contract needs no YAML reader."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'loader')}"), name)
