"""The checks: one file per family of keywords, one function per expectation, from a span and its context to outcomes.

Checks return a list of outcomes, never raise, and never stop at the first departure. An empty list means that the
expectation is kept on that span.

- `outcomes`, `context`, `check`: what a check returns, what it may ask for, and the check itself.
- `content` compiles all content keywords of an entry, a rule or a condition; `keywords` has one file for each family.
- `between_spans` compares the spans of several entries.
- `values` judges and writes attribute values, `clocks` says which clocks were compared; `attribute_hints` explains a
  missing attribute, with what the conventions renamed (`renamed_attributes`).
- `integrity` holds what every trace must fulfil, whatever its contract.

May import: `contract`, `privacy`, `trace`, `findings`, `errors`; not the rest of the engine.
"""

from __future__ import annotations

from spanpact.engine.checks.check import Check, Judge
from spanpact.engine.checks.context import Context
from spanpact.engine.checks.outcomes import KEPT, Breach, Outcome, Undecided, Vacuous

__all__ = ["KEPT", "Breach", "Check", "Context", "Judge", "Outcome", "Undecided", "Vacuous"]
