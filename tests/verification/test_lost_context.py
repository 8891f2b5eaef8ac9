"""A missing span that is the root of another trace: the report names that trace, however the traces are read."""

from __future__ import annotations

from pathlib import Path

from spanpact.contract.loader import load_text
from spanpact.sources import OtlpFileSource, encode_traces_json
from spanpact.trace.model import Reading, SourceInfo, Span, Trace
from spanpact.verification import verify
from spanpact.verification.streaming import verify_file

PLAN = load_text(
    "spanpact: 1\ncontract: order\nversion: 1.0.0\nspan: POST /order\n"
    "children: {ship: {span: ship.*}, pay: {span: pay, count: 0..1}}\n"
)
SECOND = 1_000_000_000


def span(trace: int, number: int, name: str, at_ns: int, parent: int = 0) -> Span:
    return Span(
        trace_id=f"{trace:032x}",
        span_id=f"{number:016x}",
        name=name,
        parent_id=f"{parent:016x}" if parent else "",
        start_ns=10**18 + at_ns,
        end_ns=10**18 + at_ns + 5_000_001,
    )


def reading(*spans: Span) -> Reading:
    traces = {each.trace_id: [own for own in spans if own.trace_id == each.trace_id] for each in spans}
    return Reading(SourceInfo("memory"), [Trace(id, tuple(own)) for id, own in traces.items()])


def hints(given: Reading) -> list[str]:
    return [finding.hint for finding in verify([PLAN], given).findings if finding.id == "span-missing"]


def test_the_root_of_another_trace_is_named() -> None:
    lost = reading(span(1, 1, "POST /order", 1), span(2, 2, "ship.parcel", 3_000_001))
    assert hints(lost) == [f"ship.parcel is found as the root of trace {2:032x}, 3ms later: was the context passed on?"]


def test_private_data_in_the_name_of_a_root_is_masked() -> None:
    lost = reading(span(1, 1, "POST /order", 1), span(2, 2, "ship.ada@example.com", 3_000_001))
    (finding,) = (each for each in verify([PLAN], lost).findings if each.id == "span-missing")
    assert finding.lost_root
    assert "ada" not in finding.hint + finding.lost_root.name


def test_each_root_explains_one_missing_span_and_the_nearest_is_chosen() -> None:
    orders = [span(n, n, "POST /order", n * SECOND + 1) for n in (1, 2)]
    roots = [span(n + 10, n + 10, "ship.parcel", n * SECOND + 1_000_001) for n in (1, 2)]
    assert [f"{n:032x}" in hint for n, hint in zip((11, 12), hints(reading(*orders, *roots)), strict=True)] == [
        True
    ] * 2


def test_no_other_span_explains_it() -> None:
    order = span(1, 1, "POST /order", 1)
    assert hints(reading(order, span(2, 2, "other", 1))) == [""]
    assert hints(reading(order, span(2, 2, "ship.parcel", 3600 * SECOND))) == [""]
    assert hints(reading(order, span(2, 3, "caller", 0), span(2, 2, "ship.parcel", 1, parent=3))) == [""]


def test_a_file_that_is_streamed_gives_the_same(tmp_path: Path) -> None:
    spans = [
        each for n in range(1, 60, 2) for each in (span(n, n, "POST /order", n), span(n + 1, n + 1, "ship.a", n + 9))
    ]
    file = tmp_path / "traces.json"
    file.write_bytes(encode_traces_json(reading(*spans)))
    streamed = verify_file(OtlpFileSource(str(file)), [PLAN])
    assert streamed is not None
    whole = verify([PLAN], OtlpFileSource(str(file)).read())
    assert [f.hint for f in streamed.findings] == [f.hint for f in whole.findings]
    assert all("found as the root" in finding.hint for finding in streamed.findings if finding.id == "span-missing")


def test_nothing_is_said_of_a_span_whose_id_is_not_its_own() -> None:
    order = [span(1, 1, "POST /order", 1), span(1, 1, "POST /order", 5)]
    assert not any(hints(reading(*order, span(2, 2, "ship.parcel", 9))))
