"""Verification: run the engine over a whole source, and over the examples of a contract.

- `verifying` judges trace by trace with the verdict `cache`, which knows traces by their `shapes` and their parts by
  `split_keys`;
- `streaming` does so for `documents` that are too large to hold, with the `native` core where it is installed, and
  `receiving` for what a receiver has kept;
- `live_search` does so for a search among live traces;
- `following` does so for files that are still being written;
- `waiting` repeats reading and judging until the verdict is settled;
- `options` pass through all of these;
- `lost_context` finds a missing span as the root of another trace;
- `examples` judges a contract by its own examples; `comparison` compares two sources of one run.

May import: `engine`, `sources`, and what these may import.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from spanpact.lazy_names import lazy_names

if TYPE_CHECKING:
    from spanpact.verification.options import VerificationOptions
    from spanpact.verification.verifying import Verification, verify

__all__ = ["Verification", "VerificationOptions", "verify"]

__getattr__ = lazy_names(
    __name__,
    {
        "spanpact.verification.options": ("VerificationOptions",),
        "spanpact.verification.verifying": (
            "Verification",
            "verify",
        ),
    },
)
