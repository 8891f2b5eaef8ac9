"""With the core, traces that share parts are reported as without it, and every part of its split keys is needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

import msgspec
import pytest

from benchmarks.verification.encoded_requests import encoded
from spanpact.contract.loader import load_text
from spanpact.engine import CompiledContract
from spanpact.trace.model import ALL_CAPABILITIES, Reading, SourceInfo, Span, Trace, Value
from spanpact.verification.native import trace_answers
from spanpact.verification.native.part_answers import PartAnswers
from spanpact.verification.native.questions import Questions
from spanpact.verification.native.trace_answers import TraceAnswers
from tests.verification.native.core_runs import Counted, both_outcomes
from tests.verification.split_keys.test_split_key_parts import CASES, Case, contract, span
from tests.verification.split_keys.traces_of_parts import CONTRACTS, reading_of_parts

pytestmark = pytest.mark.core

_WHOLE: Final = """
spanpact: 1
contract: gathered
version: 1.0.0
span: t
every: {spent: {span: [x, y]}, alike: {span: x, repeats: {k: 0..4}}}
across: {failing: {of: spent, error_rate: 0.3, samples: 5}}
"""
HERE: Final = [*CONTRACTS[:-1], CompiledContract.of(load_text(_WHOLE))]
"""As `CONTRACTS`, but the last one sums nothing: with sums, Python reads the file."""


def family(text: str, *traces: Sequence[Span], attributes: Mapping[str, Value] | None = None) -> Case:
    """Return each trace twice. The first span of each is that of the flow; the others are below it.

    In each trace is also another number of spans of a third process, so that no key of a whole trace comes twice.
    """
    made = []
    for number, (first, *below) in enumerate([each for each in traces for _ in range(2)], 1):
        spans = [*below, *[span("other", 999, 1009, "third") for _ in range(number)]]
        root = msgspec.structs.replace(first, span_id=f"{1:016x}", parent_id="", attributes=dict(attributes or {}))
        ids = [msgspec.structs.replace(each, span_id=f"{place:016x}") for place, each in enumerate(spans, 2)]
        made.append(Trace(f"{number:032x}", [root, *ids]))
    return [contract(text)], Reading(SourceInfo("case", ALL_CAPABILITIES), made)


def top(process: str = "p") -> Span:
    return span("t", 0, 10**6 + 7, process)


def below(one: Span, place: int) -> Span:
    """Return a span with another parent."""
    return msgspec.structs.replace(one, parent_id=f"{place:016x}")


_ORDERED: Final = "span: t\nchildren: {x: {span: x}, y: {span: y}}\norder: [x, y]\nclock: {skew: 40us}"


def _overlapping(one: str, other: str, by: int) -> Sequence[Span]:
    return [top(), span("x", 10_007, 100_007, one), span("y", 100_007 - by, 200_009, other)]


FAMILIES: Final = [
    family("span: t\nwhere: {attributes: {m: 1}}", *[[top()]] * 3),
    family("span: t\nevery: {y: {span: y, parent: local}}", *[[top(each), span("y", 1, 2, "q")] for each in "qp"]),
    family(
        "span: t\nchildren: {x: {span: x, attributes: {a: {same_as: top.a}}}}",
        *[[top(), span("x", 1, 2, a=each)] for each in "pq"],
        attributes={"a": "p"},
    ),
    family(
        "span: t\nevery: {y: {span: y, parents: [t]}}",
        *[[top(), span("x", 1, 5), below(span("y", 2, 3), place)] for place in (1, 2)],
    ),
    family(_ORDERED, _overlapping("q", "q2", 30_000), _overlapping("q", "q2", 50_000)),
    family(_ORDERED, _overlapping("q", "q2", 30_000), _overlapping("q", "q", 30_000)),
]
"""Each with traces that one part of a key tells apart."""
_TIMES: Final = ("start_ns", "end_ns", "time_ns")
_YEARS: Final = 1_767_225_600_000_000_000


def later(what: Any) -> Any:
    """Return a span or an event with its times later, as a file has no time for 0."""
    times = {name: getattr(what, name) + _YEARS for name in _TIMES if hasattr(what, name)}
    events = {"events": tuple(map(later, what.events))} if hasattr(what, "events") else {}
    return msgspec.structs.replace(what, **times, **events)


def copied(trace: Trace, copy: int) -> Trace:
    """Return a trace with another id, which its spans have, and later times."""
    trace_id = f"{copy + 1:x}{trace.trace_id[1:]}"
    spans = [msgspec.structs.replace(later(each), trace_id=trace_id) for each in trace.spans]
    return msgspec.structs.replace(trace, trace_id=trace_id, spans=spans)


def file_cases() -> Iterator[tuple[Sequence[CompiledContract], Sequence[Trace]]]:
    """Yield contracts, each with traces."""
    for contracts, reading in [*FAMILIES, *CASES.values()]:
        yield contracts, [copied(each, copy) for each in reading.traces for copy in range(2)]
    for seed in range(2):
        yield HERE[:-1], reading_of_parts(seed).traces


def written(path: Path, traces: Sequence[Trace]) -> Path:
    """Write each trace as requests of its own: its spans, and as JSON its log records."""
    readings = [Reading(SourceInfo("made"), [one]) for one in traces]
    if path.suffix == ".jsonl":
        bodies = [message.body + b"\n" for one in readings for message in encoded(one, "json")]
    else:
        messages = [message for one in readings for message in encoded(one, "protobuf")]
        bodies = [message.body for message in messages if message.signal == "traces"]
    path.write_bytes(b"".join(bodies))
    return path


@pytest.mark.unmeasured
@pytest.mark.parametrize("suffix", ["jsonl", "pb"])
@pytest.mark.parametrize("seed", range(4))
def test_traces_that_share_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, suffix: str) -> None:
    counted = Counted(monkeypatch)
    file = written(tmp_path / f"traces.{suffix}", reading_of_parts(seed).traces)
    alone = [[contract] for contract in HERE] if suffix == "pb" else []  # so that more traces are known in full
    for contracts in (HERE, HERE[:-1], *alone):
        there, wanted = both_outcomes(file, contracts)
        assert there == wanted
    assert counted.counted


Patch: TypeAlias = tuple[object, str, object]


def _patched(owner: object, name: str, change: Callable[..., Any]) -> Patch:
    """Return a patch of a function or a method; `change` gets what it returns."""
    method = getattr(owner, name)
    return owner, name, lambda *given: change(method(*given))


def _outline(looks_at: int = -1, *, entry: int = -1) -> Patch:
    """Return a patch of all outlines: the contract does not look at one thing, or no entry does."""

    def without(outline: Any) -> Any:
        begins, looks, entries = outline
        looks = tuple(each and place != looks_at for place, each in enumerate(looks))
        return begins, looks, [(each[0] and entry != 0, each[1] and entry != 1, each[2]) for each in entries]

    return _patched(trace_answers, "outline_of", without)


def _open(outline: Any) -> Any:
    begins, looks, entries = outline
    return begins, looks, [(*each[:2], [(of_children, False) for of_children, _ in each[2]]) for each in entries]


def _seen(place: int, value: Any) -> Patch:
    """Return a patch of what all contracts see of a content, in one place."""
    return _patched(trace_answers, "described", lambda seen: (*seen[:place], value, *seen[place + 1 :]))


def _flow(place: int, change: Callable[[Any], Any]) -> Patch:
    """Return a patch of what is known of flows, in one place."""
    return _patched(
        PartAnswers,
        "_flow",
        lambda flow: tuple(change(each) if i == place and each else each for i, each in enumerate(flow)),
    )


def _of_span(place: int, value: Any) -> Patch:
    """Return a patch of what rules say of spans, in one place."""
    return _patched(PartAnswers, "_span", lambda span: span and (*span[:place], value, *span[place + 1 :]))


LEFT_OUT: Final[dict[str, Patch]] = {
    "durations": _outline(0),
    "where the parent is": _outline(1),
    "names of parents": _outline(2),
    "equal values of rules": _outline(3),
    "times of ordered spans": _outline(entry=0),
    "times of concurrent spans": _outline(entry=1),
    "others in closed places": _patched(trace_answers, "outline_of", _open),
    "equal values of entries": _seen(2, ()),
    "values that are compared": _seen(3, ()),
    "values referred to": _seen(4, ()),
    "processes": _patched(TraceAnswers, "processes", lambda found: [(0, *each[1:]) for each in found]),
    "flags that others make doubtful": _patched(
        TraceAnswers, "processes", lambda found: [(each[0], 0, False) for each in found]
    ),
    "allowances": _patched(TraceAnswers, "part_allowances", lambda _: [0]),
    "resolutions": (Questions, "resolution", lambda *_: 1),
    "integrity": _patched(TraceAnswers, "content", lambda found: found and (*found[:2], False, found[3])),
    "counts of entries": _flow(0, lambda entries: (0, entries[1])),
    "places of entries": _flow(0, lambda entries: (entries[0], [False for _ in entries[1]])),
    "counts of the flow": _flow(1, lambda _: (0, 0)),
    "counts of spans": _of_span(0, 0),
    "numbers of counted rules": _of_span(1, []),
    "spans without a place": _of_span(3, True),
    "rejected spans": _patched(PartAnswers, "known", lambda known: (0, *known[1:])),
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Sequence[CompiledContract], Path, Sequence[str]]]:
    """Return contracts, each with a file, and what is reported on it without the core."""
    folder = tmp_path_factory.mktemp("parts")
    found = []
    for number, (contracts, traces) in enumerate(file_cases()):
        file = written(folder / f"{number}.jsonl", traces)
        there, wanted = both_outcomes(file, contracts)
        assert there == wanted
        found.append((contracts, file, wanted))
    return found


@pytest.mark.unmeasured
@pytest.mark.parametrize("part", LEFT_OUT)
def test_a_report_differs_without(
    part: str,
    files: Sequence[tuple[Sequence[CompiledContract], Path, Sequence[str]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    owner, name, value = LEFT_OUT[part]
    monkeypatch.setattr(owner, name, value)
    assert any(both_outcomes(file, contracts)[0] != wanted for contracts, file, wanted in files)
