"""Compare two versions of contracts: what changed, who may break, and whether the version number was raised enough.

Section 12 of docs/contract-format.md is the specification. Each module compares what its name says:

| module | compares |
|---|---|
| `contracts` | folders of contracts, paired by name, and two versions of one contract |
| `contract_head` | scenario, aliases, classes, clock, levels, pending, texts |
| `entries`, `conditions` | the tree of entries, and the conditions in it |
| `rules`, `statements` | `every` and `across` |
| `contents` | the content keywords that entries, rules and conditions share |
| `renames` | ids: which id of the old version is which of the new one |
| `versions` | version numbers |
| `inclusion/` | two values of one keyword: whether one accepts everything that the other accepts |

`compatibility_rules` has one rule for each keyword, `comparison` collects the changes, `contract_version` and
`raised_findings` answer questions about one version, `changes` has the resulting values, and `descriptions` turns
values into text.

May import `engine` (matchers, findings of keywords), `contract`, `findings`, `privacy`, `trace` and `errors`.
"""

from __future__ import annotations

from spanpact.diff.changes import Change, ContractDiff, Diff, Shift
from spanpact.diff.contracts import compare, diff_contract, diff_contracts

__all__ = ["Change", "ContractDiff", "Diff", "Shift", "compare", "diff_contract", "diff_contracts"]
