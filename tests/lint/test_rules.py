"""The docstring of lint/rules maps every id to its module."""

from __future__ import annotations

import re
from pathlib import Path

from spanpact.lint import LINT_IDS, rules

FOLDER = Path(rules.__file__).parent
LISTED = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", rules.__doc__ or "", re.MULTILINE))


def test_every_id_is_listed_with_its_module() -> None:
    ids = [id for listed in LISTED.values() for id in listed.split(", ")]
    assert sorted(ids) == sorted(set(LINT_IDS) - {"contract-error"})  # the loader finds these
    assert set(LISTED) == {file.stem for file in FOLDER.glob("*.py")} - {"__init__"}


def test_every_module_gives_the_ids_that_are_listed_for_it() -> None:
    for module, listed in LISTED.items():
        code = (FOLDER / f"{module}.py").read_text(encoding="utf-8")
        assert [id for id in listed.split(", ") if f'"{id}"' not in code] == []
