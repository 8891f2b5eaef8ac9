"""Verification: run the engine over a whole source, and over the examples of a contract.

- `verifying` judges trace by trace with the `verdict_cache`, which knows traces by their `shapes`;
- `streaming` does so for files that are too large to hold, with `link_targets` for links into other traces;
- `live_search` does so for a search among live traces;
- `waiting` repeats reading and judging until the verdict is settled;
- `source_comparison` compares two sources of one run, `span_comparison` one span in both;
- `contract_examples` judges a contract by its own examples, `proving` finds the expectations that they need, with
  `expectation_removal`.

May import: `engine`, `sources`, and what these may import.
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
