"""Each keyword of the language has a pair of contracts, and a trace that shows why the edit counts as it does."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from spanpact.diff.compatibility_rules import KEYWORDS
from spanpact.diff.inclusion.matchers import WORDS
from tests.diff.judging import changes, plan_of, reading_of, verdict

PAIRS: list[dict[str, Any]] = YAML(typ="safe", pure=True).load((Path(__file__).parent / "pairs.yaml").read_text())
ALWAYS_EQUAL = {"spanpact", "contract", "fragment", "extends", "version", "clock"}
"""Keywords that change no verdict by themselves: names, versions, file layout, sections."""


def name_of(pair: Mapping[str, Any]) -> str:
    return f"{pair['keyword']} {pair['change']}"


@pytest.mark.parametrize("pair", PAIRS, ids=[f"{i} {name_of(pair)}" for i, pair in enumerate(PAIRS)])
def test_edit_counts_as_its_traces_show(pair: Mapping[str, Any]) -> None:
    (change,) = changes(pair["old"], pair["new"])
    assert change.key == pair["change"]
    assert pair.get("says", "") in change.shift.reason
    _assert_directions(pair, change.shift.tightens, change.shift.loosens)
    assert change.waived == pair.get("waived", False)
    assert change.needs == ("major" if change.breaks else "minor" if change.waived else "patch")


def _assert_directions(pair: Mapping[str, Any], tightens: bool, loosens: bool) -> None:
    """Assert that each direction has a trace that shows it, unless the edit counts as both with a reason."""
    both = tightens and loosens
    assert tightens or not pair.get("refused")
    assert loosens or not pair.get("passes")
    if not both:
        assert (tightens, loosens) == (bool(pair.get("refused")), bool(pair.get("passes")))
    elif not (pair.get("refused") and pair.get("passes")):
        assert pair.get("both") or pair.get("says") or pair["keyword"] in ("span", "scenario"), "which trace shows it?"


WITNESSES = [(pair, kind) for pair in PAIRS for kind in ("refused", "passes") if pair.get(kind)]


@pytest.mark.parametrize(("pair", "kind"), WITNESSES, ids=[f"{kind} {name_of(pair)}" for pair, kind in WITNESSES])
def test_engine_judges_the_traces_as_the_edit_counts(pair: Mapping[str, Any], kind: str) -> None:
    reading = reading_of(pair[kind])
    old, new = verdict(plan_of(pair["old"]), reading), verdict(plan_of(pair["new"]), reading)
    if pair["keyword"] == "scenario":  # a contract whose scenario is not there is not checked
        assert (old, new) == ("not checked", "broken")
    else:
        assert (old, new) == (("kept", "broken") if kind == "refused" else ("broken", "kept"))


@pytest.mark.parametrize("pair", PAIRS, ids=[f"{i} {name_of(pair)}" for i, pair in enumerate(PAIRS)])
def test_opposite_edit_shifts_the_other_way(pair: Mapping[str, Any]) -> None:
    assert changes(pair["old"], pair["old"]) == changes(pair["new"], pair["new"]) == ()
    (there,), (back,) = changes(pair["old"], pair["new"]), changes(pair["new"], pair["old"])
    assert (back.shift.tightens, back.shift.loosens) == (there.shift.loosens, there.shift.tightens)


@pytest.mark.parametrize("keyword", [*sorted(KEYWORDS.keys() - ALWAYS_EQUAL), *WORDS])
def test_every_rule_has_a_pair(keyword: str) -> None:
    assert keyword in {pair["keyword"] for pair in PAIRS}
