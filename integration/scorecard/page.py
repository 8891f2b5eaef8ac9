"""The table of docs/reliability.md: each fault, what is promised, and the files that test it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Final

from integration.scorecard.catalogue import FAULTS, GROUPS, Fault
from integration.scorecard.marked import ROOT, files_by_fault
from integration.support.page_parts import replace_part

PAGE: Final = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- scorecard -->", "<!-- end -->"


def render_tables(files: Mapping[str, Sequence[str]]) -> str:
    """Return the tables by group, and before them how many of the faults are promised."""
    missing = [fault.id for fault in FAULTS if fault.missing]
    promised = f"**{len(FAULTS) - len(missing)} of {len(FAULTS)} are promised and survived.**"
    promised += f" Not promised: {', '.join(missing)}." if missing else ""
    return "\n".join([promised, *_tables(files)]) + "\n"


def _tables(files: Mapping[str, Sequence[str]]) -> Iterator[str]:
    for letter, title in GROUPS.items():
        yield from ("", f"### {title}", "", "| id | fault | promise | tested in |", "|---|---|---|---|")
        for fault in FAULTS:
            if fault.id[0] == letter:
                links = ", ".join(f"[{_named(PurePosixPath(file))}](../{file})" for file in files.get(fault.id, ()))
                yield f"| {fault.id} | {fault.fault} | {_promise(fault)} | {links} |"


def _named(file: PurePosixPath) -> str:
    return f"{file.parent.name}/{file.stem.removeprefix('test_')}"


def _promise(fault: Fault) -> str:
    return f"**not promised**: {fault.missing}" if fault.missing else fault.promise


def write_page(page: Path = PAGE) -> None:
    """Write the tables into the page, between its marks."""
    replace_part(page, BEGIN, END, render_tables(files_by_fault()))
