"""Contracts with every keyword that a split key must hold, and traces that share parts but differ as wholes.

They differ in fan-out, order, overlap, competition of entries, equal values, processes, clocks and log records. Some
have several flows or nested ones, and some a fault.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from random import Random
from typing import Final

from spanpact.contract.loader import load_text
from spanpact.engine import CompiledContract
from spanpact.trace.model import (
    ALL_CAPABILITIES,
    Capability,
    Event,
    LogRecord,
    Reading,
    Resource,
    SourceInfo,
    Span,
    SpanKind,
    Trace,
    Value,
)

_TEXTS: Final = {
    "related": """
span: t
where: {attributes: {w: {optional: true, equals: 1}}}
children:
  x: {span: x, count: 0.., attributes: {a: {same_as: top.a, optional: true}}}
  y: {span: y, count: 0..3}
order: [x, y]
conditions:
  held: {when: {top: {attributes: {m: 1}}}, then: {x: present, y: {count: 0..1}}}
  ordered: {when: {top: {attributes: {m: 2}}}, then: {x: {count: 0..}}, order: [y, x]}
""",
    "competing": """
span: t
children:
  one: {span: x, count: 0..2, attributes: {k: {optional: true, one_of: [p]}}, children: {below: {span: z, count: 0..1}}}
  two: {span: x, count: 0..3, attributes: {k: {one_of: [q, r]}}, children: {deep: {span: z, count: 0..2}}}
conditions: {both: {when: {one: {attributes: {m: 1}}}, then: {top: {attributes: {a: present}}}}}
order: [one, two]
""",
    "at-once": """
span: t
clock: {skew: 40us}
descendants: {z: {span: z, count: 0.., concurrency: 0..2}}
children:
  batch:
    span: x
    count: 0..
    children: {item: {span: y, count: 0..}, other: {span: z, count: 0..}}
    order: [item, other]
""",
    "whole": """
descendants: {t: {span: t, count: 1..}}
children: {root: {span: [t, x], count: 0..2}}
conditions: {first: {when: {top: {attributes: {m: 1}}}, then: {t: {count: 0..2}}}}
every:
  few: {span: y, count: 0..3}
  none: {span: bad, count: 0}
  booms: {event: boom, count: 0..2, attributes: {a: {optional: true, same_as: top.a}}}
""",
    "single": """
span: t
every:
  same: {span: [x, z], attributes: {a: {optional: true, same_as: top.a}}}
  parents: {span: y, parents: [t, x, z]}
  local: {span: z, where: {kind: internal}, parent: local}
  slow: {span: x, duration: 90us}
  quick: {span: y, where: {duration: 30us}, attributes: {q: {optional: true, equals: 1}}}
  exact: {span: [x, y], where: {attributes: {m: present}}, exactly_one_true: [f, g]}
  private: {span: '*', forbid: [email]}
""",
    "labelled": """
scenario: login
span: t
children: {x: {span: x, count: 0..3}}
every: {said: {event: said, via: log, count: 0..1}, raised: {event: exception, via: either, count: 0..1}}
""",
    "nested": """
span: [t, x]
kind: internal
closed: [children]
children: {x: {span: x, count: 0..}, y: {span: y, count: 0.., duration: 120us}, z: {span: z, count: 0..}}
descendants: {bad: {span: bad, count: 0..}}
""",
    "counted": """
span: t
children:
  x: {span: x, count: 0.., children: {below: {span: y, count: {same_as: x.n}}, z: {span: z, count: 0..}}}
  y: {span: y, count: {same_as: x}}
every: {named: {span: x, attributes: {n: {type: number}}}}
""",
    "closed": """
span: y
closed: [attributes, events]
attributes: {a: {optional: true}, k: {optional: true}}
parent: local
every: {m: {span: y, where: {kind: client}, attributes: {m: {optional: true}, f: {optional: true}}}}
events: {boom: {event: boom, count: 0..}, raised: {event: exception, via: either, count: 0..1}}
""",
    "remote": """
span: z
parent: remote
children: {y: {span: y, count: 0.., attributes: {a: {same_as: top.a}}}}
""",
    "collected": """
span: t
every: {spent: {span: [x, y], sum: {n: {at_most: 9}}}, alike: {span: x, repeats: {k: 0..4}}}
across: {quick: {of: spent, duration: {p90: 80us}, samples: 5}, failing: {error_rate: 0.3, samples: 5}}
""",
}  # fmt: skip

CONTRACTS: Final[Sequence[CompiledContract]] = [
    CompiledContract.of(load_text(f"spanpact: 1\ncontract: {name}\nversion: 1.0.0\n{text.strip()}\n"))
    for name, text in _TEXTS.items()
]

_RESOURCES: Final = [
    Resource({"service.name": "one", "service.instance.id": "1"}),
    Resource({"service.name": "one", "service.instance.id": "2"}),
    Resource({"service.name": "two"}),
    Resource({"service.name": "coarse"}),
]
_START: Final = 1_767_225_600_000_000_000
_US: Final = 1000


@dataclass(slots=True)
class _Part:
    """A span to make with what is below it. `wait` is how long after the span before it, or with `together` after the
    start of its parent, it starts; `rest` is how long it lasts after all below it.
    """

    name: str
    attributes: dict[str, Value] = field(default_factory=dict)
    below: list[_Part] = field(default_factory=list)
    kind: SpanKind = "internal"
    resource: Resource = _RESOURCES[0]
    remote: bool | None = None
    events: list[str] = field(default_factory=list)
    logs: list[str] = field(default_factory=list)
    wait: int = _US
    rest: int = 5 * _US
    together: bool = False

    def walk(self) -> Iterator[_Part]:
        yield self
        for each in self.below:
            yield from each.walk()


def _bases(chance: Random) -> list[_Part]:
    """Return requests that keep most of the contracts."""
    batch = _Part("x", {"a": "p", "k": "p", "n": 1}, [_Part("y", {"a": "p"}), _Part("z", {"k": "q"})])
    flat = _Part("t", {"a": "p"}, [_Part("x", {"a": "p", "k": "q", "n": 0}), _Part("y", {"a": "p"})])
    deep = _Part("t", {"a": "p", "m": 1}, [batch, _Part("x", {"k": "q", "n": 0}), _Part("y"), _Part("y")])
    plain = _Part("t", {}, [_Part("z", {"k": "p"}, [_Part("y", {"a": "q"})], remote=True)])
    two = _Part(
        "t", {"a": "q"}, [_Part("x", {"k": "p", "n": 0}), _Part("x", {"k": "p", "n": 0}), _Part("y"), _Part("y")]
    )
    return chance.sample([flat, deep, plain, two], 3)


def _change(root: _Part, chance: Random) -> None:
    """Change one thing of a trace."""
    parts = list(root.walk())
    part = chance.choice(parts)
    what = chance.randrange(16)
    if what <= 2:
        part.below.append(_Part(chance.choice("xxyyz"), {"k": chance.choice("pq"), "n": 0}))
    elif what == 3 and part.below:
        part.below.append(deepcopy(chance.choice(part.below)))
    elif what == 4 and part.below:
        part.below.pop(chance.randrange(len(part.below)))
    elif what == 5:
        chance.shuffle(part.below)
    elif what == 6:
        part.together = not part.together
    elif what == 7:
        part.rest = chance.choice([0, _US, 30 * _US, 100 * _US])
    elif what <= 10:
        name = chance.choice(list(_VALUES))
        part.attributes[name] = chance.choice(_VALUES[name])
    elif what == 11 and part.attributes:
        part.attributes.pop(chance.choice(list(part.attributes)))
    elif what == 12:
        part.resource = chance.choice(_RESOURCES)
        part.remote = chance.choice([None, True, False])
    elif what == 13:
        part.kind = chance.choice(["client", "server", "internal"])
    elif what == 14:
        part.events.append(chance.choice(["boom", "boom p", "boom q", "exception u", "exception v"]))
    else:
        part.logs.append(chance.choice(["said", "heard", "exception u", "exception v"]))


_VALUES: Final[dict[str, Sequence[Value]]] = {
    "a": ["p", "q"],
    "k": ["p", "q", "r"],
    "m": [1, 2],
    "n": [0, 1, 2],
    "w": [1, 2],
    "q": [1, 2],
    "f": [True, False],
    "z": ["text", "ada@example.com"],
}


class _Recorder:
    """Makes the spans and log records of one trace. `still`: the clock of all its resources stands still."""

    def __init__(self, number: int, chance: Random, *, still: bool) -> None:
        self._chance, self._still = chance, still
        self.trace_id = f"{number + 1:032x}"
        self.spans: list[Span] = []
        self.logs: list[LogRecord] = []

    def record(self, part: _Part, parent: str, start: int) -> int:
        """Record a span with what is below it, and return its end."""
        span_id = f"{self._chance.getrandbits(63) + 1:016x}"
        if part.resource is _RESOURCES[3]:
            start += -start % _US
        end = at = start
        for each in part.below:
            done = self.record(each, span_id, (start if each.together else at) + each.wait)
            end = max(end, done)
            at = max(at, done)
        end = at = end + part.rest
        if self._still:
            start = end = _START
        events = [Event(text.split()[0], start, _carried(text)) for text in part.events]
        span = Span(
            self.trace_id, span_id, part.name, parent, part.kind, start, end, attributes=dict(part.attributes),
            events=events, resource=part.resource, parent_remote=part.remote if parent else None,
        )  # fmt: skip
        self.spans.append(span)
        for text in part.logs:
            of = span_id if self._chance.random() < 0.97 else ""
            name = "" if text.startswith("exception") else text
            self.logs.append(LogRecord(self.trace_id, of, name, attributes=_carried(text)))
        return at


def _carried(text: str) -> dict[str, Value]:
    name, *more = text.split()
    if name == "exception":
        return {"exception.type": "E", "exception.message": more[0]}
    return {"a": more[0]} if more else {}


def reading_of_parts(seed: int, traces: int = 200) -> Reading:
    """Return traces; of every third seed those of a source that lacks some capabilities."""
    chance = Random(seed)
    bases = _bases(chance)
    made = []
    for number in range(traces):
        request = deepcopy(chance.choice(bases))
        for _ in range(chance.choice([0, 1, 1, 2, 3])):
            _change(request, chance)
        recorder = _Recorder(number, chance, still=chance.random() < 0.03)
        requests = [request, deepcopy(chance.choice(bases))] if chance.random() < 0.3 else [request]
        parent = chance.choice(["", "", "", "root", "elsewhere"])
        if parent == "root" or len(requests) > 1:
            recorder.record(_Part(chance.choice(["root", "root", "t"]), below=requests), "", _START + number * 10**9)
        else:
            recorder.record(request, "e" * 16 if parent else "", _START + number * 10**9)
        label = "login" if chance.random() < 0.3 else ""
        spans = chance.sample(recorder.spans, len(recorder.spans))
        made.append(Trace(recorder.trace_id, spans, recorder.logs, True, label))
    missing = [frozenset[Capability](), frozenset[Capability](["logs", "remote"]), frozenset[Capability](["resource"])][
        seed % 3
    ]
    if "logs" in missing:
        made = [Trace(each.trace_id, each.spans, (), True, each.scenario) for each in made]
    return Reading(SourceInfo("parts", ALL_CAPABILITIES - missing), made)
