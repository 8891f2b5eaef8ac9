"""Inputs of a verification that grow in one dimension, with the contract that looks at it.

Each function returns what is measured for one size: the verdict, and the reading of the contract where that grows.
Inputs of different sizes share no text that is remembered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from spanpact.contract.loader import load_text
from spanpact.engine import CompiledContract
from spanpact.findings import Report
from spanpact.trace.model import Reading, SourceInfo, Span, Trace, Value
from spanpact.verification.verifying import verify

Verify: TypeAlias = Callable[[], Report]
_HEAD: Final = "spanpact: 1\ncontract: grows\nversion: 1.0.0\n"
LINEAR: Final = 5.0
"""A ratio for four times the size: 4, and what n·log n adds."""
SQUARE: Final = 17.0


@dataclass(frozen=True, slots=True)
class Dimension:
    """One dimension: the smallest of its sizes, how an input of a size is made, and the bound of its growth.

    `most` is how many times the work may be for four times the size.
    """

    name: str
    size: int
    prepare: Callable[[int], Verify]
    most: float = LINEAR

    @property
    def sizes(self) -> tuple[int, int, int]:
        """Return the three sizes: each is four times the one before."""
        return self.size, 4 * self.size, 16 * self.size


def _contract(body: str) -> CompiledContract:
    return CompiledContract.of(load_text(_HEAD + body))


def _span(number: int, name: str, parent: int = 0, trace: int = 1, **attributes: Value) -> Span:
    ids = (f"{trace:032x}", f"{number:016x}", f"{parent:016x}" if parent else "")
    return Span(ids[0], ids[1], name, ids[2], "internal", number, 10**9 - number, attributes=attributes)


def _verdict(contract: CompiledContract, *traces: Sequence[Span], offered: int | None = None) -> Verify:
    reading = Reading(SourceInfo("made"), [Trace(spans[0].trace_id, spans) for spans in traces], offered)
    return lambda: verify([contract], reading)


def _traces(size: int) -> Verify:
    contract = _contract("span: a\nattributes: {k: {type: string}}\nevery: {r: {span: '*', forbid: [email]}}")
    return _verdict(contract, *([_span(1, "a", trace=n, k=f"value {size} {n}")] for n in range(1, size + 1)))


def _spans(size: int) -> Verify:
    contract = _contract("span: a\nchildren: {b: {span: b, count: 1.., attributes: {k: {type: string}}}}")
    return _verdict(contract, [_span(1, "a"), *(_span(n, "b", 1, k=f"value {size} {n}") for n in range(2, size + 2))])


def _chain(size: int) -> list[Span]:
    return [_span(1, "a"), *(_span(n, "b", n - 1) for n in range(2, size + 1))]


def _depth(size: int) -> Verify:
    nested = "{q: {span: b, count: 1}}"
    contract = _contract(f"span: a\ndescendants: {{p: {{span: b, attributes: {{k: v}}, descendants: {nested}}}}}")
    return _verdict(contract, _chain(size))


def _nested_flows(size: int) -> Verify:
    return _verdict(_contract("span: b\nevery: {r: {span: '*', kind: internal}}"), _chain(size))


def _attributes(size: int) -> Verify:
    attributes: dict[str, Value] = {f"key.{size}.{n}": f"value {size} {n}" for n in range(size)}
    contract = _contract("span: a\nattributes: {k: {optional: true}}\nevery: {r: {span: '*', forbid: [email]}}")
    return _verdict(contract, [_span(1, "a", 0, 1, **attributes)])


def _text(size: int) -> Verify:
    text = ("a sentence of words, some_names, 12345 and 10.0.0.1 " * (size // 50 + 1))[:size]
    contract = _contract("span: a\nevery: {r: {span: '*', forbid: [email, jwt, card, secret_pair]}}")
    return _verdict(contract, [_span(1, "a", body=text)])


def _patterns(size: int) -> Verify:
    lines = "".join(f"  k{n}: {{matches: '(GET|POST) /v{n}/[a-z0-9-]{{1,40}}', optional: true}}\n" for n in range(size))
    attributes: dict[str, Value] = {f"k{n}": f"GET /v{n}/x" for n in range(size)}
    spans = [_span(1, "a", 0, 1, **attributes)]
    return lambda: _verdict(_contract(f"span: a\nattributes:\n{lines}"), spans)()


def _entries(size: int) -> Verify:
    lines = "".join(f"  e{n}: {{span: s{n}, kind: internal}}\n" for n in range(size))
    spans = [_span(1, "a"), *(_span(n + 2, f"s{n}", 1) for n in range(size))]
    return lambda: _verdict(_contract(f"span: a\nchildren:\n{lines}"), spans)()


def _offered(size: int) -> Verify:
    contract = _contract("span: a\nacross: {rate: {sampling: 0.5, samples: 1}}")
    return _verdict(contract, [_span(1, "a")], offered=size)


DIMENSIONS: Final[Mapping[str, Dimension]] = {
    each.name: each
    for each in (
        Dimension("traces", 100, _traces),
        Dimension("spans of a trace", 200, _spans),
        Dimension("depth, below nested `descendants`", 200, _depth),
        Dimension("attributes of a span", 200, _attributes),
        Dimension("characters of a text", 20_000, _text),
        Dimension("patterns of a contract", 30, _patterns),
        Dimension("entries of a contract", 30, _entries),
        Dimension("offered requests", 100_000_000, _offered),
        Dimension("flows within flows", 50, _nested_flows, SQUARE),
    )
}
