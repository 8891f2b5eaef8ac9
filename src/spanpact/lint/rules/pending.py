"""Agreements of `pending` that are past their date (section 10 of docs/contract-format.md)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from spanpact.lint.linted_contract import LintedContract
from spanpact.lint.messages import LintMessage, lint_message
from spanpact.lint.rules.unused import key_location


def check_pending(contract: LintedContract, today: dt.date) -> Iterator[LintMessage]:
    """Yield a message for each agreement that ended before today (UTC)."""
    for id, pending in contract.plan.pending.items():
        if dt.date.fromisoformat(pending.until) < today:
            message = f"`{id}` was pending until {pending.until} ({pending.owner}: {pending.reason})"
            hint = "remove it, so that the requirement is binding, or agree on a later date"
            place = key_location(contract.document, "pending", id).place
            yield lint_message("pending-expired", message, hint=hint, place=place)
