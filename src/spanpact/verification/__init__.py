"""Verification: run the engine over a whole source, and over the examples of a contract.

`verifying` judges trace by trace with the `verdict_cache`, `streaming` does so for files that are too large to hold,
`waiting` repeats until the verdict is settled, `source_comparison` compares two sources of one run,
`contract_examples` and `proving` judge the contracts' own examples. May import: `engine`, `sources`, and below.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from spanpact.lazy_names import lazy_names

if TYPE_CHECKING:
    from spanpact.verification.verifying import Verification, verify

__all__ = ["Verification", "verify"]

__getattr__ = lazy_names(
    __name__,
    {
        "spanpact.verification.verifying": (
            "Verification",
            "verify",
        ),
    },
)
