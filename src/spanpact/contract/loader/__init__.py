"""Contract files, contract texts and contracts written in Python to a `ContractPlan`.

Everything that can be known without a trace is checked here, and what is wrong is one `ContractError` with the
file, line and column of the first mistake, which knows the others. docs/contract-format.md is the language.
"""

from __future__ import annotations

from spanpact.contract.loader.loading import (
    LoadedFile,
    compile_contract,
    load_contract,
    load_contracts,
    load_each,
    load_text,
)

__all__ = ["LoadedFile", "compile_contract", "load_contract", "load_contracts", "load_each", "load_text"]
