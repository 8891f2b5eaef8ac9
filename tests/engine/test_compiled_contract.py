"""A plan is compiled once, however many traces it judges."""

from __future__ import annotations

from spanpact.contract.loader import load_text
from spanpact.engine import CompiledContract
from spanpact.engine.compiled_contract import compiled

TEXT = "spanpact: 1\ncontract: c\nversion: 1.0.0\nspan: a\n"


def test_a_plan_is_compiled_once() -> None:
    plan = load_text(TEXT)
    assert compiled(plan) is compiled(plan)


def test_another_plan_is_compiled_by_itself_even_if_equal() -> None:
    plans = [load_text(TEXT), load_text(TEXT)]
    assert plans[0] == plans[1]
    assert [compiled(plan).plan for plan in plans] == plans
    assert compiled(plans[0]) is not compiled(plans[1])


def test_what_is_compiled_stays_as_it_is() -> None:
    contract = CompiledContract.of(load_text(TEXT))
    assert compiled(contract) is contract


def test_a_plan_that_was_dropped_from_the_cache_is_compiled_again() -> None:
    plan = load_text(TEXT)
    before = compiled(plan)
    for _ in range(64):
        compiled(load_text(TEXT))
    assert compiled(plan) is not before
    assert compiled(plan).plan is plan
