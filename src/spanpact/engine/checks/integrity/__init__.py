"""Integrity: what every trace must fulfil, whatever its contract (section 14 of docs/contract-format.md).

One file per rule. `child_and_parent_times` compares a span's start and end with those of its parent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from spanpact.engine.checks.context import Context
from spanpact.engine.checks.integrity.child_and_parent_times import check_child_and_parent_times
from spanpact.engine.checks.integrity.dropped_data import check_dropped_data
from spanpact.engine.checks.integrity.duplicates import check_duplicates
from spanpact.engine.checks.integrity.finite_values import check_finite_values
from spanpact.engine.checks.integrity.ids import check_ids
from spanpact.engine.checks.integrity.link_targets import check_link_targets
from spanpact.engine.checks.integrity.log_correlation import check_log_correlation
from spanpact.engine.checks.integrity.repeated_keys import check_repeated_keys
from spanpact.engine.checks.integrity.span_times import check_span_times
from spanpact.engine.checks.integrity.tree import check_cycles, check_orphans, check_roots
from spanpact.engine.checks.outcomes import LocatedBreach

__all__ = ["check_integrity"]

_OF_COMPLETE_TRACES: Sequence[Callable[[Context], Iterator[LocatedBreach]]] = (
    check_roots, check_orphans, check_cycles, check_log_correlation, check_link_targets,
)  # fmt: skip
_OF_ALL_TRACES: Sequence[Callable[[Context], Iterator[LocatedBreach]]] = (
    check_duplicates, check_ids, check_span_times, check_child_and_parent_times, check_finite_values,
    check_dropped_data, check_repeated_keys,
)  # fmt: skip


def check_integrity(context: Context) -> Iterator[LocatedBreach]:
    """Yield the integrity breaches of one trace.

    While spans still arrive, those of `_OF_COMPLETE_TRACES` wait, and so do those of spans that have not ended: their
    copy that comes at the end is judged.
    """
    for check in (*_OF_COMPLETE_TRACES, *_OF_ALL_TRACES) if context.complete else _OF_ALL_TRACES:
        yield from (each for each in check(context) if context.complete or _has_ended(each[0], context))


def _has_ended(span_id: str, context: Context) -> bool:
    """Return whether what has this id is final: a span that ended, or the trace."""
    i = context.topology.by_id.get(span_id)
    return i is None or context.topology.spans[i].end_ns != 0
