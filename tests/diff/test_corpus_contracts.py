"""The contracts of tests/corpus, each with one clause removed: their traces agree with the comparison."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from spanpact.contract.compiled import ContractPlan
from spanpact.errors import ContractError
from spanpact.trace.model import Reading
from tests.diff.judging import assert_sound, plan_of, reading_of

CORPUS = sorted((Path(__file__).parents[1] / "corpus").glob("*.yaml"))


def clause_paths(node: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the path of each key of a contract, at any depth."""
    if isinstance(node, dict):
        for key, item in node.items():
            yield (*path, key)
            yield from clause_paths(item, (*path, key))


def without_clause(contract: dict[str, Any], path: tuple[str, ...]) -> ContractPlan | None:
    """Compile the contract without a clause; None if the rest is not a contract."""
    other = copy.deepcopy(contract)
    node: Any = other
    for key in path[:-1]:
        node = node[key]
    del node[path[-1]]
    try:
        return plan_of(other)
    except ContractError:
        return None


@pytest.mark.expensive
@pytest.mark.unmeasured
@pytest.mark.parametrize("file", CORPUS, ids=lambda file: file.stem)
def test_removing_a_clause_shifts_as_the_comparison_says(file: Path) -> None:
    compared = 0
    for group in YAML(typ="safe", pure=True).load(file.read_text()):
        plan, readings = plan_of(group["contract"]), list(_readings(group))
        for path in clause_paths(group["contract"]):
            if other := without_clause(group["contract"], path):
                assert_sound(plan, other, readings)
                compared += 1
    assert compared


def _readings(group: dict[str, Any]) -> Iterator[Reading]:
    scenario = group["contract"].get("scenario", "")
    for case in group["cases"]:
        traces = {key: case[key] for key in ("trace", "traces", "offered") if key in case}
        yield reading_of({**traces, "scenario": case.get("scenario", scenario)}, group.get("given"))
