"""Tell contracts from spans, so that either may be given first, and refuse what is neither."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, Final

from spanpact.contract.compiled import ContractPlan
from spanpact.contract.python_api import Contract
from spanpact.errors import UsageError
from spanpact.trace.model import Reading, Span, Trace

_CONTRACT_TYPES: Final = (str, os.PathLike, ContractPlan, Contract)
_ACCEPTED_CONTRACTS: Final = (
    "accepted: a contract file, a folder, a contract written in Python or compiled, or a list of them; "
    "verify_spans(contracts, spans)"
)
_ACCEPTED_SPANS: Final = (
    "accepted: the fixture spanpact_spans, an InMemorySpanExporter, or a list of finished spans; "
    "verify_spans(contracts, spans)"
)


def in_order(contracts: Any, spans: Any) -> tuple[Any, Any]:
    """Return (contracts, spans), which a caller may have given the other way round."""
    if are_contracts(spans) and not are_contracts(contracts):
        return spans, contracts
    return contracts, spans


def are_contracts(value: Any) -> bool:
    """Return whether the value is a contract in one of its forms, or a list of some."""
    if isinstance(value, list | tuple):
        return bool(value) and all(isinstance(each, _CONTRACT_TYPES) for each in value)
    return isinstance(value, _CONTRACT_TYPES)


def listed_contracts(contracts: Any) -> Sequence[Any]:
    """Return one contract or several as a list. Raise UsageError for what is no contract."""
    if isinstance(contracts, _CONTRACT_TYPES):
        return [contracts]
    if not isinstance(contracts, list | tuple) or (contracts and not are_contracts(contracts)):
        raise UsageError(f"{_kind(contracts)} is no contract", hint=_ACCEPTED_CONTRACTS)
    return contracts


def span_holder(spans: Any) -> Any:
    """Return what was given as spans: a `Reading`, an exporter, or a list. Raise UsageError for what holds no spans."""
    if isinstance(spans, Reading) or hasattr(spans, "get_finished_spans"):
        return spans
    if are_contracts(spans):
        raise UsageError("two contracts and no spans are given", hint=_ACCEPTED_SPANS)
    try:
        listed = list(spans)
    except TypeError:
        raise UsageError(f"{_kind(spans)} holds no finished spans", hint=_ACCEPTED_SPANS) from None
    for each in listed:
        if not isinstance(each, Trace | Span) and not (hasattr(each, "context") and hasattr(each, "end_time")):
            raise UsageError(f"{_kind(each)} is no finished span", hint=_ACCEPTED_SPANS)
    return listed


def _kind(value: Any) -> str:
    return f"an object of type {type(value).__qualname__}"
