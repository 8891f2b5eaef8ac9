"""Two versions of contracts compared: what changed, who may break, and whether the version says so.

`diff_contracts` gives a `Diff`. The rules, one a keyword, are in `table`; docs/contract-format.md, section 12, is
what they follow.
"""

from __future__ import annotations

from spanpact.diff.changes import Change, ContractDiff, Diff, Shift
from spanpact.diff.contracts import compare, diff_contract, diff_contracts

__all__ = ["Change", "ContractDiff", "Diff", "Shift", "compare", "diff_contract", "diff_contracts"]
