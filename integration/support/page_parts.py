"""Parts of a page of the docs that programs write, each between two lines that mark it."""

from __future__ import annotations

from pathlib import Path


def replace_part(page: Path, begin: str, end: str, text: str) -> None:
    """Write a text into a page between two lines. Raise ValueError for a page that does not have both."""
    before, begun, rest = page.read_text(encoding="utf-8").partition(f"{begin}\n")
    _, ended, after = rest.partition(f"{end}\n")
    if not (begun and ended):
        raise ValueError(f"{page}: has no part from {begin} to {end}")
    page.write_text("".join([before, begun, text, ended, after]), encoding="utf-8")
