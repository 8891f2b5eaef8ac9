"""Every part of a split key is needed: if it is left out, some report differs from that of the engine (ADR 0040)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final, TypeAlias

import pytest

from spanpact.contract.compiled import ContractPlan
from spanpact.contract.loader import load_text
from spanpact.engine import CompiledContract
from spanpact.engine.results.coverage import CoverageCounter, PendingCounts
from spanpact.trace.model import ALL_CAPABILITIES, Event, Reading, Resource, SourceInfo, Span, Trace, Value
from spanpact.verification.split_keys import split_contract, trace_parts
from spanpact.verification.split_keys.contract_parts import ContractParts
from spanpact.verification.split_keys.flow_keys import _KeyBuilder
from spanpact.verification.split_keys.span_contents import SpanContents
from spanpact.verification.split_keys.split_contract import SplitContract
from spanpact.verification.split_keys.trace_view import KnownShapes, TraceView
from tests.verification.split_keys.test_split_keys import assert_same, judged
from tests.verification.split_keys.traces_of_parts import CONTRACTS, reading_of_parts

Case: TypeAlias = tuple[Sequence[CompiledContract], Reading]
_US: Final = 1000


def contract(text: str) -> CompiledContract:
    return CompiledContract.of(load_text(f"spanpact: 1\ncontract: case\nversion: 1.0.0\n{text.strip()}\n"))


def span(name: str, start: int, end: int, resource: str = "", **attributes: Value) -> Span:
    """Return a span below the flow's own, with times in nanoseconds."""
    carried: dict[str, Value] = {"service.name": "s", **({"service.instance.id": resource} if resource else {})}
    return Span("", "", name, f"{1:016x}", "internal", start, end, attributes=attributes, resource=Resource(carried))


def case(text: str, *traces: Sequence[Span], lacking: frozenset[Any] = frozenset(), events: Sequence[str] = ()) -> Case:
    """Return traces with these spans below one of the name `t`, and in each another number of spans that none names.

    The flow's own span has the `events` in those after the third.
    """
    made = []
    for number, spans in enumerate(traces, 1):
        resource = spans[0].resource
        instance = str(resource.attributes.get("service.instance.id", ""))
        others = [span("other", 999, 1009, instance) for _ in range(number)]
        top = Span(
            "",
            f"{1:016x}",
            "t",
            start_ns=0,
            end_ns=10**6,
            events=[Event(each, 5) for each in events if number > 3],
            resource=resource,
        )
        below = [replace_ids(each, f"{place:016x}") for place, each in enumerate([*spans, *others], 2)]
        made.append(Trace(f"{number:032x}", [top, *below]))
    return [contract(text)], Reading(SourceInfo("case", ALL_CAPABILITIES - lacking), made)


def replace_ids(one: Span, span_id: str) -> Span:
    return Span(
        "", span_id, one.name, one.parent_id, one.kind, one.start_ns + 1, one.end_ns + 1, attributes=one.attributes,
        resource=one.resource,
    )  # fmt: skip


_APART = [span("z", at, at + 5) for at in (10, 20, 30)]
_TOGETHER = [span("z", at, at + 50) for at in (10, 20, 30)]
_FIRST, _SECOND = span("x", 10, 20, m=2), span("x", 30, 40, m=1)
_OTHER_FIRST, _OTHER_SECOND = span("x", 10, 20, m=1), span("x", 30, 40, m=2)


def _overlapping(first: int, *, one: str, other: str) -> Sequence[Span]:
    return [span("x", first, first + 10 * _US + 500, one), span("y", first + 10 * _US, first + 30 * _US, other)]


CASES: Final[dict[str, Case]] = {
    "open at once": case(
        "span: t\nchildren: {z: {span: z, count: 0.., concurrency: 0..2}}", _APART, _APART, _TOGETHER, _TOGETHER
    ),
    "the first of two that compete": case(
        """
span: t
children: {one: {span: x}, two: {span: x}}
conditions: {c: {when: {one: {attributes: {m: 1}}}, then: {top: {attributes: {a: present}}}}}
""",
        [_FIRST, _SECOND],
        [_FIRST, _SECOND],
        [_OTHER_FIRST, _OTHER_SECOND],
    ),
    "processes": case(
        "span: t\nchildren: {x: {span: x}, y: {span: y}}\norder: [x, y]",
        _overlapping(1, one="p", other="q"),
        _overlapping(1, one="p", other="q"),
        _overlapping(1, one="p", other="p"),
    ),
    "resolutions": case(
        "span: t\nchildren: {x: {span: x}, y: {span: y}}\norder: [x, y]",
        *[_overlapping(10 * _US - 1, one="whole", other="whole")] * 3,
        _overlapping(10 * _US + 6, one="exact", other="exact"),
    ),
    "places of entries": case(
        "span: t\nchildren: {x: {span: x, count: 0..}}", *[[span("x", 1, 2), span("z", 1, 2)]] * 4
    ),
    "exceptions where there are no logs": case(
        "span: t\nevery: {e: {event: exception, via: either, attributes: {a: absent}}}",
        *[[span("x", 1, 2)]] * 6,
        lacking=frozenset(["logs"]),
        events=["exception"],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_case_is_judged_alike(name: str) -> None:
    verification = assert_same(*CASES[name])
    assert verification.cache_hits


Patch: TypeAlias = tuple[object, str, object]


def _parts_without(**changes: object) -> Patch:
    found = ContractParts.of
    return ContractParts, "of", staticmethod(lambda plan, source: replace(found(plan, source), **changes))  # type: ignore[arg-type]


def _patched(owner: type, name: str, change: Callable[..., Any]) -> Patch:
    """Return a patch of a method; `change` gets the method first, then its arguments."""
    method = getattr(owner, name)
    return owner, name, lambda *given: change(method, *given)


def _sorted(place: Callable[..., Any], *given: Any) -> Any:
    numbers, spans = place(*given)
    return tuple(sorted(numbers)), spans


def _open(place: Callable[..., Any], builder: Any, of: Any, i: int) -> Any:
    closed, of.closed = of.closed, False
    found = place(builder, of, i)
    of.closed = closed
    return found


def _without(name: str) -> Callable[..., Any]:
    def classes(method: Callable[..., Any], contents: Any, view: TraceView) -> Any:
        setattr(view, name, None)
        return method(contents, view)

    return classes


def _listed(pending: Callable[..., Any], counter: Any, other: Any) -> PendingCounts:
    for key in other._undecided:
        counter._undecided.setdefault(key, 0)
    found: PendingCounts = pending(counter, other)
    return found


def _of_spans(look: Any) -> list[PendingCounts]:
    return [answer.counts for answer in look.answers]


def _by_rules(look: Any) -> list[int]:
    return [i for i, answer in zip(look.spans, look.answers, strict=True) if answer.placed]


LEFT_OUT: Final[dict[str, Patch]] = {
    "durations": _parts_without(durations=False),
    "where the parent is": _parts_without(parent=False),
    "names of parents": _parts_without(parents=False),
    "times of ordered spans": _parts_without(ordered=frozenset()),
    "times of concurrent spans": _parts_without(concurrent=frozenset()),
    "equal values of entries": _parts_without(compared_by_entries=frozenset()),
    "equal values of rules": _parts_without(compared_by_rules=frozenset()),
    "values referred to": _parts_without(references=[]),
    "numbers of counted rules": _parts_without(counted=[]),
    "which values are equal": (split_contract, "equal_values", lambda *_: 0),
    "start of those that compete": _patched(_KeyBuilder, "_place", _sorted),
    "others in closed places": _patched(_KeyBuilder, "_place", _open),
    "contents": (SpanContents, "classes", lambda _, view: [view.known.facts[each].name for each in view.contents]),
    "clocks that stood still": _patched(SpanContents, "classes", _without("still")),
    "resolutions": _patched(SpanContents, "classes", _without("resolutions")),
    "processes": (TraceView, "is_one_process", True),
    "flags that others make doubtful": (TraceView, "has_flags_by_shape", True),
    "integrity": (TraceView, "is_whole", True),
    "log records": (KnownShapes, "content", lambda _, shape, records: (shape, False)),
    "rules that select nothing": _patched(
        SplitContract,
        "_rules_of_flow",
        lambda method, self, answers: method(self, [replace(each, selecting=0) for each in answers]),
    ),
    "counts of the flow": (
        split_contract, "_counts_of", lambda look: [look.entries.counts, *_of_spans(look)],
    ),
    "places of entries": (split_contract, "_placed", lambda look: _by_rules(look)),
    "spans without a place": (split_contract, "_placed", lambda look: look.spans),
    "order of what is undecided": _patched(CoverageCounter, "pending", _listed),
    "contracts that may not be split": (trace_parts, "may_be_split", lambda plan: isinstance(plan, ContractPlan)),
}  # fmt: skip


@pytest.fixture(scope="module")
def by_engine() -> list[tuple[Case, str]]:
    """Return cases, each with the report that the engine gives."""
    cases: list[Case] = [*CASES.values(), *((CONTRACTS, reading_of_parts(seed)) for seed in range(4))]
    return [(each, judged(*each, use_cache=False)[0]) for each in cases]


@pytest.mark.parametrize("part", LEFT_OUT)
def test_a_report_differs_without(
    part: str, by_engine: Sequence[tuple[Case, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, name, value = LEFT_OUT[part]
    monkeypatch.setattr(owner, name, value)
    assert any(judged(*each, use_cache=True)[0] != wanted for each, wanted in by_engine)
