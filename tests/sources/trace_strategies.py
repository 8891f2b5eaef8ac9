"""Hypothesis strategies for traces of every topology, whole and broken, with odd values; and contracts for them.

All of them can be recorded by an SDK and carried by OTLP. They are generated anew, or a trace of tests/corpus in which
something was changed, so that they come near to what the contract speaks of.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from hypothesis import strategies as st

from spanpact.contract.loader import load_text
from spanpact.engine import CompiledContract
from spanpact.trace.model import Event, Link, Reading, Resource, Scope, SourceInfo, Span, Trace, Value
from tests.engine.corpus_cases import CASES, plan_of, reading_of
from tests.engine.test_hostile_traces import EVERYTHING, WHOLE_TRACE
from tests.sources.sdk_spans import can_be_recorded


class Contracts(tuple[CompiledContract, ...]):
    """Contracts that a failing test names and does not write out."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<contracts {', '.join(each.plan.name for each in self)}>"


START = 1_767_225_600_000_000_000
"""2026-01-01T00:00:00Z, from which examples count, too."""
TRACES = tuple(f"{number:032x}" for number in (0xA, 0xB))
ELSEWHERE = "e" * 32
UNKNOWN = "f" * 16
_MS, _US = 1_000_000, 1_000

MORE = CompiledContract.of(
    load_text("""
spanpact: 1
contract: more
version: 1.0.0
span: ['a', '*']
parent: remote
duration: {at_least: 1500ns, at_most: 2ms}
attributes: {s: {optional: true, type: array}, l: {optional: true, type: string}, n: {optional: true, type: double}}
children: {a: {span: a, count: 0..1, parent: local}, b: {span: b, count: 0.., attributes: {s: {same_as: top.s}}}}
closed: [links]
order: [a, b]
links: {k: {span: '*', count: 0.., attributes: {n: {optional: true, at_least: 0}}}}
every:
  l: {event: '*', via: log, count: 0..1, forbid: [email]}
  m: {span: '*', exactly_one_true: [t, f]}
levels: {span-orphan: improvement, trace-roots: information}
""")
)

TYPED = CompiledContract.of(
    load_text("""
spanpact: 1
contract: typed
version: 1.0.0
classes: {across: 'a", ?1', quoted: '"'}
span: '*'
attributes:
  n: {optional: true, type: array}
  m: {optional: true, type: map}
  s: {optional: true, type: string}
  l: {optional: true, equals: [1]}
  t: {optional: true, one_of: ['', '{}', [], true]}
  f: {optional: true, matches: '.?'}
  é: {optional: true, type: boolean}
resource: {l: {optional: true, type: array}}
events:
  e:
    event: '*'
    count: 0..
    attributes: {n: {optional: true, type: string}, l: {optional: true, same_as: top.n}}
children: {a: {span: '*', where: {attributes: {n: {type: array}}}, attributes: {n: {same_as: top.n}}, count: 0..1}}
every:
  p: {span: '*', forbid: [across, quoted, email, card]}
  q: {event: '*', where: {attributes: {m: {type: map}}}, attributes: {s: absent}, forbid: [across], count: 0..2}
""")
)

texts = st.sampled_from(
    ["", "a", "b", "x y", "é", "日本", "\x00", "bob@example.com", "4111 1111 1111 1111", '["a", 1]', "{}", "[1]"]
)
numbers = st.sampled_from(
    [0, 1, -1, 2**63 - 1, -(2**63), 4111111111111111, 0.0, -0.0, 1.0, 1.5, 1e308, 5e-324, float("nan"), float("-inf")]
)
scalars: st.SearchStrategy[Value] = (
    st.none() | st.booleans() | numbers | texts | st.sampled_from([b"", b"\xff\x00", b"a"])
)
names = st.sampled_from(["n", "m", "s", "l", "t", "f", "é", "service.name"])
values: st.SearchStrategy[Value] = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=2), max_leaves=4
)
attributes = st.dictionaries(names, values, max_size=3)
resources = st.sampled_from(
    [
        Resource({"service.name": "one"}),
        Resource({"service.name": "one", "service.instance.id": "i"}),
        Resource({"service.name": "one", "service.instance.id": "i", "n": 2}),
        Resource({"service.name": "one", "telemetry.sdk.name": "deno-opentelemetry"}),
        Resource({"service.name": "two", "n": 1}),
        Resource({"service.name": "two", "l": ["a"], "b": b"\x01"}, "https://schemas.example/1"),
    ]
)
scopes = st.sampled_from(
    [
        Scope(),
        Scope("one"),
        Scope("two", "1.0"),
        Scope("two", "2", {"n": 1, "t": "bob@example.com"}, "https://s.example/2"),
    ]
)
kinds: st.SearchStrategy[Any] = st.sampled_from(["internal", "server", "client", "producer", "consumer"])
span_names = st.sampled_from(["a", "b", "b1", "c", "", "é", "bob@example.com"])
starts = st.sampled_from([0, _MS, 2 * _MS, 2 * _MS + _US, 2 * _MS + 700, 3 * _MS, 500 * _MS])
lengths = st.sampled_from([0, 1, _US - 1, _US, 1500, _MS, 2 * _MS, 2 * _MS + 300, 400 * _MS])
counts = st.sampled_from([0, 0, 0, 2])
states = st.sampled_from(["", "", "v=1", "v=bob@example.com"])
targets = st.tuples(
    st.sampled_from([*TRACES, ELSEWHERE]), st.sampled_from([f"{n:016x}" for n in (1, 2, 9)] + [UNKNOWN])
)
events = st.builds(Event, span_names, starts.map(START.__add__), attributes, counts)
links = st.builds(lambda to, has, lost: Link(to[0], to[1], has, "", lost), targets, attributes, counts)
shapes = st.sampled_from(["tree", "deep", "wide", "forest", "two roots", "orphans", "cycles", "duplicates"])


@st.composite
def spans_of(draw: st.DrawFn, trace_id: str) -> list[Span]:
    """The spans of one trace, in some topology."""
    number, shape = draw(st.integers(1, 9)), draw(shapes)
    made: list[Span] = []
    for i in range(number):
        parent = _parent(draw, shape, i, number)
        start, state = START + draw(starts), draw(st.sampled_from(["unset", "ok", "error"]))
        span = Span(
            trace_id,
            f"{draw(st.integers(0, i)) + 1 if shape == 'duplicates' else i + 1:016x}",
            draw(span_names),
            parent,
            draw(kinds),
            start,
            start + draw(lengths),
            state,  # type: ignore[arg-type]
            draw(texts) if state == "error" else "",
            draw(attributes),
            draw(st.lists(events, max_size=2)),
            draw(st.lists(links, max_size=2)),
            draw(resources),
            draw(scopes),
            draw(states),
            draw(st.booleans()) if parent else False,
            draw(counts),
            draw(counts),
            draw(counts),
        )
        made.append(span)
    return draw(st.permutations(made))


def _parent(draw: st.DrawFn, shape: str, i: int, number: int) -> str:
    """The parent of the span with this index, "" for none."""
    if shape == "cycles":
        return f"{draw(st.integers(1, number)):016x}"
    if i == 0 or shape == "forest" or (shape == "two roots" and i == 1):
        return draw(st.sampled_from(["", UNKNOWN])) if shape == "orphans" else ""
    if shape == "orphans" and draw(st.booleans()):
        return UNKNOWN
    return f"{ {'deep': i, 'wide': 1}.get(shape) or draw(st.integers(1, i)):016x}"


made_anew = (
    st.lists(st.sampled_from(TRACES), unique=True, min_size=1)
    .flatmap(lambda ids: st.tuples(*(spans_of(each).map(lambda s, t=each: Trace(t, s)) for each in ids)))  # type: ignore[misc]
    .map(lambda traces: Reading(SourceInfo("made"), traces, 3))
)


def _replaced(field: str, values: st.SearchStrategy[Any]) -> st.SearchStrategy[Callable[[Span], Span]]:
    return values.map(lambda value: lambda span: msgspec.structs.replace(span, **{field: value}))


changes: st.SearchStrategy[Callable[[Span], Span]] = st.one_of(
    _replaced("parent_id", st.sampled_from(["", UNKNOWN, f"{1:016x}", f"{2:016x}", f"{3:016x}"])),
    _replaced("span_id", st.sampled_from([f"{1:016x}", f"{2:016x}"])),
    _replaced("name", span_names),
    _replaced("kind", kinds),
    _replaced("start_ns", starts.map(START.__add__)),
    _replaced("end_ns", (starts.map(START.__add__)) | st.just(0)),
    _replaced("parent_remote", st.booleans()),
    _replaced("resource", resources),
    _replaced("scope", scopes),
    _replaced("trace_state", states),
    _replaced("dropped_events", st.just(1)),
    st.tuples(names, values).map(
        lambda pair: lambda span: msgspec.structs.replace(span, attributes={**span.attributes, pair[0]: pair[1]})
    ),
    events.map(lambda event: lambda span: msgspec.structs.replace(span, events=[*span.events, event])),
    links.map(lambda link: lambda span: msgspec.structs.replace(span, links=[*span.links, link])),
)

_WITH_ONE_TRACE = [place for place, case in enumerate(CASES) if "traces" not in case.case]


@st.composite
def _of_the_corpus(draw: st.DrawFn) -> tuple[Sequence[CompiledContract], Reading]:
    """A case of the corpus with up to three of its spans changed, doubled or gone."""
    place = draw(st.sampled_from(_WITH_ONE_TRACE))
    reading = reading_of(place)
    (trace,) = reading.traces
    spans = list(trace.spans)
    for change in draw(st.lists(changes | st.sampled_from(["doubled", "gone"]), max_size=3)) if spans else ():
        at = draw(st.integers(0, len(spans) - 1))
        if change == "gone" and len(spans) > 1:
            del spans[at]
        elif change == "doubled":
            spans.append(spans[at])
        elif callable(change):
            spans[at] = change(spans[at])
    changed = msgspec.structs.replace(trace, spans=spans, complete=True)
    return Contracts([plan_of(place)[1]]), msgspec.structs.replace(reading, traces=[changed])


situations: st.SearchStrategy[tuple[Sequence[CompiledContract], Reading]] = st.one_of(
    _of_the_corpus().filter(lambda situation: can_be_recorded(situation[1])),
    st.tuples(st.just(Contracts([EVERYTHING, WHOLE_TRACE, MORE, TYPED])), made_anew),
)
"""Contracts, and complete traces to judge by them."""
