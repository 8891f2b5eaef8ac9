"""Whatever the traces, a recorded contract accepts them, lint finds nothing to fix in it, and its examples hold."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from spanpact.lint import lint
from spanpact.recording import Recorded, record
from spanpact.trace.model import Reading, Span, Trace, Value
from spanpact.verification.examples.contract_examples import verify_examples
from spanpact.verification.verifying import verify
from tests.properties import examples
from tests.recording.recorded_traces import MS, Flow, reading_of
from tests.sources.trace_strategies import made_anew

_NAMES = ["GET /a", "GET /users/{}", "redis.get", "job *", "été", "it's: #{}", "{}@example.com"]
_VALUES: Sequence[Value] = [
    "free",
    "absent",
    "a*b",
    "no",
    7,
    7.5,
    True,
    None,
    b"\x00",
    ["a"],
    {"b": 1},
    "\ud800",
    "x\n",
]


def repeated(readings: Sequence[Reading], times: int) -> Reading:
    """Return the traces of all readings, so many times, each with an id of its own."""
    traces: list[Trace] = []
    for reading in readings:
        for trace in [*reading.traces] * times:
            traces.append(with_id(trace, f"{len(traces) + 1:032x}"))
    return msgspec.structs.replace(readings[0], traces=traces)


def with_id(trace: Trace, trace_id: str) -> Trace:
    """Return a trace with another id; links to its own spans lead there, too."""
    spans = [
        msgspec.structs.replace(
            span,
            trace_id=trace_id,
            links=[
                msgspec.structs.replace(link, trace_id=trace_id) if link.trace_id == trace.trace_id else link
                for link in span.links
            ],
        )
        for span in trace.spans
    ]
    return msgspec.structs.replace(trace, trace_id=trace_id, spans=spans)


def check(reading: Reading, enough: int) -> int:
    """Record a contract for each kind of root and assert what holds for each. Return how many there were."""
    recorded = Recorded(reading)
    kinds = [kind for kind in recorded.roots() if len(recorded.flows(kind).spans) >= enough]
    for kind in kinds:
        contract = record(recorded, kind, enough=enough)
        report = verify([contract.plan], reading)
        assert report.verdict == "kept", (contract.text, report.findings)
        assert verify_examples([contract.plan]).verdict == "kept", contract.text
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "recorded.contract.yaml")
            file.write_text(contract.text, encoding="utf-8")
            linted = lint([file])
        wrong = [f"{each.id}: {each.message}" for each in linted.messages if each.level != "information"]
        assert wrong == [], (*wrong, contract.text)
    return len(kinds)


@settings(max_examples=examples(60))
@given(st.lists(made_anew, min_size=1, max_size=3), st.integers(1, 4))
def test_malformed_traces_are_accepted(readings: list[Reading], enough: int) -> None:
    check(repeated(readings, 2), enough)


@dataclass(frozen=True)
class Place:
    """What may be below a span: how often and how many, the values of its attribute, and what is below it."""

    name: str
    chance: float
    most: int
    key: str
    values: Sequence[Value]
    below: Sequence[Place]


@settings(max_examples=examples(60))
@given(st.integers(0, 2**32), st.integers(1, 12), st.integers(4, 24))
def test_flows_that_vary_are_accepted(seed: int, enough: int, times: int) -> None:
    random = Random(seed)
    places = [_place(random, 0) for _ in range(random.randint(0, 4))]

    def make(flow: Flow, number: int) -> None:
        _add(flow, flow.span(f"GET /{number}", attributes={"request": f"r{number}"}), places, random)

    assert check(reading_of(make, times), min(enough, times)) == 1


def _place(random: Random, depth: int) -> Place:
    below = [_place(random, depth + 1) for _ in range(random.randint(0, 2))] if depth < 3 else []
    values = random.sample(_VALUES, random.randint(1, 3))
    chance = random.choice([0.1, 0.6, 1, 1])
    return Place(random.choice(_NAMES), chance, random.randint(1, 3), random.choice("ab"), values, below)


def _add(flow: Flow, parent: Span, places: Sequence[Place], random: Random) -> None:
    """Add spans as planned: some of them, several times, at times together or in another order."""
    ordered = random.sample(places, len(places)) if random.random() < 0.1 else places
    for place in ordered:
        for _ in range(random.randint(1, place.most) if random.random() < place.chance else 0):
            attributes = {"request": parent.attributes["request"]}
            if random.random() < 0.9:
                attributes[place.key] = random.choice(place.values)
            made = flow.span(
                place.name.format(random.randint(1, 99)),
                parent,
                at=flow.now - (MS // 2 if random.random() < 0.05 else 0),
                kind=random.choice(["client", "client", "client", "internal"]),
                status=random.choice(["unset"] * 9 + ["error"]),
                attributes=attributes,
            )
            _add(flow, made, place.below, random)
