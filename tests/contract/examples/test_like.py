"""`like` and `but`, `file`, and every example of the fixtures judged by the engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from spanpact.contract.compiled import ContractPlan
from spanpact.contract.examples import Example, load_examples
from spanpact.contract.loader import load_contract, load_contracts, load_text
from spanpact.engine.flow_assignments import assignments
from spanpact.errors import ContractError, SourceError, UsageError
from spanpact.trace.model import Reading, SourceInfo, Span, Trace
from spanpact.verification.verifying import verify

FIXTURES = Path(__file__).parents[1] / "contract_examples"
HEAD = """spanpact: 1
contract: c
version: 1.0.0
span: a
children:
  get: {span: get, where: {status: error}, count: 0..}
  ok: {span: get, where: {status: unset}, count: 0..}
  set: {span: set, count: 0..1}
examples:
  given: {get: {attributes: {x: 1, y: 1}}}
  base: {trace: [{span: a, children: [{span: get, repeat: 2, attributes: {z: 1}}, {span: set, children: [deep]}]}]}
"""


def like(but: str, **options: Any) -> Example:
    text = HEAD + f"  good: {{like: base, but: {but}, findings: [top/status]}}\n"
    options = {"assignments": assignments, **options}
    return next(e for e in load_examples(load_text(text, file="f"), **options) if e.id == "good")


def names(example: Example) -> list[str]:
    return [span.name for trace in example.reading.traces for span in trace.spans]


def refusal(but: str) -> str:
    with pytest.raises(ContractError) as caught:
        like(but)
    return str(caught.value)


def test_but_changes_every_span_of_an_entry_over_its_own_and_the_given_fields() -> None:
    example = like("{ok: {attributes: {x: absent, z: 2, w: 3}, takes: 5ms}}")
    first, second = (s for s in example.reading.traces[0].spans if s.name == "get")
    assert first.attributes == second.attributes == {"y": 1, "z": 2, "w": 3}
    assert second.start_ns - first.start_ns == 5 * 10**6


def test_absent_removes_a_span_with_all_below_it() -> None:
    assert names(like("{set: absent}")) == ["a", "get", "get"]
    assert names(like("{set: absent, ok: absent}")) == ["a"]
    assert names(like("{top: absent}")) == []


def test_children_and_other_lists_are_replaced() -> None:
    assert names(like("{top: {children: [x, {span: y, repeat: 2}]}}")) == ["a", "x", "y", "y"]
    assert names(like("{set: {children: []}}")) == ["a", "get", "get", "set"]


def test_a_change_can_rename_and_repeat_a_span() -> None:
    example = like("{set: {span: other, repeat: 2}, top: {attributes: {k: 1}}}")
    assert names(example) == ["a", "get", "get", "other", "deep", "other", "deep"]
    assert example.reading.traces[0].spans[0].attributes == {"k": 1}


def test_ids_are_numbered_after_the_changes() -> None:
    example = like("{ok: absent}")
    assert [s.span_id for s in example.reading.traces[0].spans] == [f"{n:016x}" for n in (1, 2, 3)]


@pytest.mark.parametrize(
    ("but", "message"),
    [
        (
            "{gte: absent}",
            "12:28: `but` names `gte`, which is not an entry (did you mean `get`? accepted: top, get, ok, set)",
        ),
        ("{get: absent}", "12:28: the example `base` has no span of the entry `get`"),
        ("{ok: gone}", "12:32: the change of `ok` must be a mapping, not the text `gone`"),
        ("{ok: {kin: client}}", "12:33: unknown keyword `kin` in the change of `ok` (did you mean `kind`?"),
        ("[ok]", "12:27: `but` must be a mapping, not a list"),
        ("{ok: {repeat: 60000}}", "12:32: the example has more than 100,000 spans"),
    ],
)
def test_a_wrong_change_is_an_error_with_line_and_column(but: str, message: str) -> None:
    assert refusal(but).startswith(f"f:{message}")


def test_like_needs_assignments() -> None:
    with pytest.raises(UsageError, match="need `assignments`"):
        like("{set: absent}", assignments=None)


@dataclass(frozen=True)
class Flow:
    spans: Mapping[str, Sequence[Span]]


def test_a_span_of_two_entries_gets_both_changes_and_a_removal_wins() -> None:
    def everything(plan: ContractPlan, reading: Reading) -> Sequence[Flow]:
        return [Flow({"top": reading.traces[0].spans[:1], "set": reading.traces[0].spans[:1]})]

    both = like("{top: {attributes: {x: 1, y: 1}}, set: {attributes: {y: 2}}}", assignments=everything)
    assert both.reading.traces[0].spans[0].attributes == {"x": 1, "y": 2}
    assert names(like("{top: absent, set: {kind: client}}", assignments=everything)) == []
    assert names(like("{top: {kind: client}, set: absent}", assignments=everything)) == []


def test_a_file_next_to_the_contract_is_read_and_labelled(tmp_path: Path) -> None:
    path = contract_with_file(tmp_path, "traces.json")
    read: list[Path] = []

    def reader(path: Path) -> Reading:
        read.append(path)
        return Reading(SourceInfo("file"), [Trace("t", [], complete=False)])

    good, _ = load_examples(load_contract(path), read_file=reader)
    assert read == [tmp_path / "traces.json"]
    assert good.reading.traces == [Trace("t", [], complete=True, scenario="s")]
    assert good.reading.offered == 3


def test_a_file_that_cannot_be_read_is_an_error_at_its_place(tmp_path: Path) -> None:
    def reader(path: Path) -> Reading:
        raise SourceError("no JSON")

    path = contract_with_file(tmp_path, "traces.json")
    with pytest.raises(ContractError, match=r":7:16: cannot read the example: no JSON"):
        load_examples(load_contract(path), read_file=reader)
    with pytest.raises(UsageError, match="need `read_file`"):
        load_examples(load_contract(path))
    with pytest.raises(ContractError, match=r":7:16: `\.\./x\.json` leads out of its folder"):
        load_examples(load_contract(contract_with_file(tmp_path, "../x.json")), read_file=reader)


def contract_with_file(folder: Path, name: str) -> Path:
    path = folder / "c.contract.yaml"
    path.write_text(
        "spanpact: 1\ncontract: c\nversion: 1.0.0\nscenario: s\nspan: a\nexamples:\n"
        f"  good: {{file: {name}, offered: 3}}\n  bad: {{trace: [a], findings: [top/status]}}\n"
    )
    return path


ALL = [
    (plan, example) for plan in load_contracts([FIXTURES]) for example in load_examples(plan, assignments=assignments)
]


@pytest.mark.parametrize(("plan", "example"), ALL, ids=[f"{p.name}-{e.id}" for p, e in ALL])
def test_a_fixture_gives_the_findings_it_lists(plan: ContractPlan, example: Example) -> None:
    report = verify([plan], example.reading)
    found = sorted(f.key for f in report.findings if f.level in ("violation", "improvement"))
    assert tuple(found) == example.expected


def test_the_fixtures_hold_many_examples() -> None:
    assert len(ALL) == 52
