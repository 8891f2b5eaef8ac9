"""Contracts with one mistake each, and the same contracts without it (contracts.yaml)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML

HEAD = "spanpact: 1\ncontract: c\nversion: 1.0.0\nspan: work\n"


@dataclass(frozen=True)
class Case:
    """A body with one message: its id, the text at its place, a part of it; and the body without the mistake."""

    id: str
    name: str
    wrong: str
    at: str
    says: str
    clean: str


CASES = [
    Case(id, name, **fields)
    for id, cases in YAML(typ="safe", pure=True).load(Path(__file__).with_suffix(".yaml")).items()
    for name, fields in cases.items()
]
