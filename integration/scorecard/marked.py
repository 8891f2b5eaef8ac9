"""Find the tests that name faults by the marker `fault`, without running them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
FOLDERS: Final = ("tests", "integration")


def files_by_fault() -> dict[str, list[str]]:
    """Return the files with marked tests by the id of the fault, as paths below the checkout, sorted."""
    found: dict[str, set[str]] = {}
    for folder in FOLDERS:
        for file in (ROOT / folder).rglob("test_*.py"):
            source = file.read_text(encoding="utf-8")
            for fault in marks_of(source) if "mark.fault(" in source else ():
                found.setdefault(fault, set()).add(file.relative_to(ROOT).as_posix())
    return {fault: sorted(files) for fault, files in found.items()}


def marks_of(source: str) -> Iterator[str]:
    """Yield the ids that the markers of a test file name."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.fault":
            yield from map(ast.literal_eval, node.args)
