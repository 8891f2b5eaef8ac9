"""Verify the spans of a test against contracts, and fail the test unless they are kept."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from spanpact.contract.compiled import ContractPlan
from spanpact.contract.loader import compile_contract, load_contracts
from spanpact.contract.python_api import Contract
from spanpact.errors import SpanpactError
from spanpact.findings import Report
from spanpact.sources.memory import MemorySource
from spanpact.testing.arguments import in_order, listed_contracts, span_holder
from spanpact.testing.failure import failure_text
from spanpact.trace.assembly import TraceAssembler
from spanpact.trace.model import Reading, SourceInfo, Span, Trace
from spanpact.verification.options import VerificationOptions
from spanpact.verification.verifying import verify

OneContract: TypeAlias = str | os.PathLike[str] | ContractPlan | Contract
"""A contract file, a folder of contract files, a contract written in Python, or a compiled contract."""

Contracts: TypeAlias = OneContract | Sequence[OneContract]
"""One contract or several."""


def verify_spans(
    contracts: Contracts,
    spans: Any,
    *,
    logs: Any = None,
    scenario: str = "",
    scenarios: Mapping[str, str] | None = None,
    offered: int | None = None,
    complete: bool = True,
    strict: bool = False,
    allow_unseen: bool = False,
) -> Report:
    """Verify finished spans against contracts and return the report.

    `spans` is an `InMemorySpanExporter`, SDK spans (`ReadableSpan`), spans or traces of spanpact's model, or a
    `Reading`. `logs` is an in-memory log exporter or its records. `scenario` labels all traces, `scenarios` labels
    traces by id. `offered` is the number of requests made, sampled or not; `complete` says that no more spans
    come. The other order, spans first, is accepted too. Raises `ContractError` and `UsageError` for what is no contract
    and no spans, at the caller's line; nothing for what the spans hold.
    """
    __tracebackhide__ = True
    contracts, spans = in_order(contracts, spans)
    try:
        reading = _labelled_reading(_reading(spans, logs, offered, complete), scenario, scenarios or {})
        options = VerificationOptions(strict=strict, allow_unseen=allow_unseen)
        return verify(plans_of(contracts), reading, options)
    except SpanpactError as error:
        raise error.with_traceback(None) from None  # a mistake of the caller: spanpact's own frames do not help


def _labelled_reading(reading: Reading, scenario: str, named: Mapping[str, str]) -> Reading:
    if not scenario and not named:
        return reading
    traces, spanless = (
        [_labelled(trace, named.get(trace.trace_id, scenario)) for trace in several]
        for several in (reading.traces, reading.spanless)
    )
    return Reading(reading.source, traces, reading.offered, unread=reading.unread, spanless=spanless)


def _labelled(trace: Trace, scenario: str) -> Trace:
    return Trace(trace.trace_id, trace.spans, trace.logs, trace.complete, scenario or trace.scenario)


def _reading(spans: Any, logs: Any, offered: int | None, complete: bool) -> Reading:
    given = span_holder(spans)
    if isinstance(given, Reading):
        return given
    if isinstance(given, list) and given and isinstance(given[0], Trace):
        return Reading(SourceInfo("memory"), given, offered)
    if isinstance(given, list) and given and isinstance(given[0], Span):
        assembler = TraceAssembler()
        assembler.add(given)
        return Reading(SourceInfo("memory"), assembler.traces(complete=complete), offered)
    return MemorySource(given, logs=logs, offered=offered, complete=complete).read()


def plans_of(contracts: Contracts) -> list[ContractPlan]:
    """Return the compiled contracts, whatever form they are given in. Raise UsageError for what is no contract."""
    plans: list[ContractPlan] = []
    for each in listed_contracts(contracts):
        if isinstance(each, ContractPlan):
            plans.append(each)
        elif isinstance(each, Contract):
            plans.append(compile_contract(each))
        else:
            plans += load_contracts([each])
    return plans


def assert_kept(report: Report) -> None:
    """Raise `AssertionError` with the text of the report unless every contract is kept."""
    __tracebackhide__ = True
    if report.verdict != "kept":
        raise AssertionError(failure_text(report))
