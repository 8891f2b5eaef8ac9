"""Read the cases of tests/corpus, and count them by keyword: `python -m tests.engine.corpus_cases`.

tests/corpus/README.md describes the format. `--write` writes the table of keywords to it.
"""

from __future__ import annotations

import datetime as dt
import io
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from ruamel.yaml import YAML

from spanpact.contract.compiled import ContractPlan
from spanpact.contract.examples import load_examples
from spanpact.contract.loader import load_text
from spanpact.contract.loader.vocabulary import EVERY_KEYWORD
from spanpact.engine import CompiledContract
from spanpact.trace.model import ALL_CAPABILITIES, Reading, SourceInfo

CORPUS = Path(__file__).parents[1] / "corpus"
README = CORPUS / "README.md"
OF_FILES = frozenset(
    ("spanpact", "contract", "fragment", "version", "about", "extends", "examples", "like", "but", "file")
)
"""Keywords of files and examples, which judging does not depend on."""
TABLE_STARTS = "| keyword | cases |\n|---|---|\n"
HEADER = {"spanpact": 1, "contract": "case", "version": "1.0.0"}


@dataclass(frozen=True)
class Case:
    """A case with the group that it belongs to."""

    file: str
    group: Mapping[str, Any]
    case: Mapping[str, Any]

    @property
    def id(self) -> str:
        return f"{self.file}: {self.group['description']}: {self.case['description']}"

    @property
    def today(self) -> dt.date:
        return dt.date.fromisoformat(str(self.case.get("today", "2026-01-01")))


def _cases() -> Iterator[Case]:
    for path in sorted(CORPUS.glob("*.yaml")):
        for group in YAML(typ="safe", pure=True).load(path.read_text()):
            yield from (Case(path.stem, group, case) for case in group["cases"])


CASES = list(_cases())


@dataclass(frozen=True)
class Group:
    """The contract of a group, and the traces of its cases by their index in CASES."""

    plan: ContractPlan
    contract: CompiledContract
    readings: Mapping[int, Reading]


@cache
def _group_of(first: int) -> Group:
    """Return the group whose first case has this index, as one contract with its cases as examples."""
    group = CASES[first].group
    places = range(first, first + len(group["cases"]))
    examples = {
        **({"given": group["given"]} if "given" in group else {}),
        **{_example(place): _traces(CASES[place].case) for place in places},
        "accepted": {"trace": []},
        "rejected": {"trace": [], "findings": ["top/span-missing"]},
    }
    plan = load_text(as_yaml({**HEADER, **group["contract"], "examples": examples}), file="case.contract.yaml")
    readings = {example.id: example.reading for example in load_examples(plan)}
    return Group(plan, CompiledContract.of(plan), {place: readings[_example(place)] for place in places})


_FIRST = [next(p for p in range(place + 1) if CASES[p].group is case.group) for place, case in enumerate(CASES)]


def _example(place: int) -> str:
    return f"case_{place}"


def _traces(case: Mapping[str, Any]) -> Mapping[str, Any]:
    return {key: case[key] for key in ("trace", "traces", "offered", "logs") if key in case}


def plan_of(place: int) -> tuple[ContractPlan, CompiledContract]:
    """Return the contract of a case's group, as a plan and compiled."""
    group = _group_of(_FIRST[place])
    return group.plan, group.contract


def as_yaml(mapping: Mapping[str, Any]) -> str:
    """Return the mapping as YAML without anchors, which contracts refuse."""
    yaml, text = YAML(typ="safe", pure=True), io.StringIO()
    yaml.representer.ignore_aliases = lambda *_: True
    yaml.dump(mapping, text)
    return text.getvalue()


def reading_of(place: int) -> Reading:
    """Return the traces of a case as its source gives them."""
    group, case = _group_of(_FIRST[place]), CASES[place].case
    reading = group.readings[place]
    label = case.get("scenario", group.plan.scenario)
    traces, spanless = (
        [msgspec.structs.replace(trace, complete=case.get("complete", True), scenario=label) for trace in several]
        for several in (reading.traces, reading.spanless)
    )
    source = SourceInfo("case", ALL_CAPABILITIES - set(case.get("without", ())), case.get("resolution", 1))
    clocks = None if case.get("clocks") == "inferred" else reading.clocks
    return msgspec.structs.replace(reading, source=source, traces=traces, spanless=spanless, clocks=clocks)


def cases_by_keyword() -> Mapping[str, int]:
    """Return how many cases have a keyword in their contract or traces, for every keyword that judging depends on."""
    counted: Counter[str] = Counter()
    for case in CASES:
        group = {key: case.group.get(key) for key in ("contract", "given")}
        counted.update(set(_keys([group, case.case])) & EVERY_KEYWORD)
    return {keyword: counted[keyword] for keyword in sorted(EVERY_KEYWORD - OF_FILES)}


def _keys(tree: Any) -> Iterator[str]:
    if isinstance(tree, dict):
        yield from map(str, tree)
        tree = list(tree.values())
    if isinstance(tree, list):
        for each in tree:
            yield from _keys(each)


def table() -> str:
    """Return the number of cases by keyword as a table for the README."""
    rows = [f"| `{keyword}` | {number} |" for keyword, number in cases_by_keyword().items()]
    return TABLE_STARTS + "\n".join(rows) + "\n"


def main(arguments: list[str]) -> None:
    """Print the table, or write it to the README."""
    if arguments == ["--write"]:
        text = README.read_text()
        README.write_text(text[: text.index(TABLE_STARTS)] + table())
    else:
        print(f"{len(CASES)} cases in {len({case.file for case in CASES})} files\n\n{table()}", end="")


if __name__ == "__main__":
    main(sys.argv[1:])
