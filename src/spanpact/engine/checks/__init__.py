"""The checks: one file per family of keywords, one function per expectation, from a span and its context to outcomes.

Checks return a list of outcomes, never raise, and never stop at the first departure. An empty list means that the
expectation is kept on that span.

- `outcomes`, `context`, `check`: what a check returns, what it may ask for, and the check itself.
- `content` compiles all content keywords of an entry, a rule or a condition; `attributes`, `events`, `links`, `leaks`,
  `span_fields`, `parent` and `duration` are the families, `closed` is the keyword of that name.
- `values` judges one attribute value, `shown` writes values and durations for reports.
- `order` and `concurrency` compare the spans of several entries.
- `integrity` holds what every trace must fulfil, whatever its contract.

May import: `contract`, `privacy`, `trace`, `findings`, `errors`; not the rest of the engine.
"""

from __future__ import annotations

from spanpact.engine.checks.check import Check, Judge
from spanpact.engine.checks.context import Context
from spanpact.engine.checks.outcomes import KEPT, Breach, Outcome, Undecided, Vacuous

__all__ = ["KEPT", "Breach", "Check", "Context", "Judge", "Outcome", "Undecided", "Vacuous"]
