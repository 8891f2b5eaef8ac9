"""Tables of contents of the docs site, taken from the pages themselves."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

INDEX: Final = "docs/index"
DECISIONS: Final = "docs/adr/0001-record-decisions"
PATTERNS: Final = ("*.md", "docs/*.md", "docs/*/*.md", "*/README.md", "*/*/README.md")
"""Where the pages of the site are in the checkout, outside of NO_PAGES."""
NO_PAGES: Final = ("tests", "target", "node_modules", "build", "dist")
"""Folders without pages, next to those whose names begin with a dot."""
_LINK: Final = re.compile(r"\[([^\]]*)\]\(([^)\s#]+)(?:#[^)]*)?\)")


def pages_by_reader(index: str) -> Mapping[str, tuple[str, ...]]:
    """Return the pages that each second-level section of docs/index.md links to, as paths from docs/.

    A page that several sections link to belongs to the first of them.
    """
    readers, seen = {}, set[str]()
    for section in index.split("\n## ")[1:]:
        title, _, text = section.partition("\n")
        linked = [target for _, target in _LINK.findall(text) if target.endswith(".md") and "://" not in target]
        readers[title] = tuple(page for page in dict.fromkeys(linked) if page not in seen)
        seen.update(linked)
    return readers


def site_pages(root: Path) -> Sequence[Path]:
    """Return the files of all pages of the site, sorted."""
    found = {path.resolve() for pattern in PATTERNS for path in root.glob(pattern)}
    parts = {path: path.relative_to(root.resolve()).parts for path in found}
    return sorted(path for path in found if not any(each in NO_PAGES or each[0] == "." for each in parts[path]))


def contents_by_reader(root: Path) -> str:
    """Return the site's navigation: the README, the pages of each reader, and the other pages of the checkout."""
    readers = pages_by_reader((root / f"{INDEX}.md").read_text(encoding="utf-8"))
    named = {(root / "docs" / page).resolve() for pages in readers.values() for page in pages}
    named |= {(root / "README.md").resolve(), (root / f"{INDEX}.md").resolve()}
    decisions = (root / DECISIONS).parent.resolve()
    others = [path for path in site_pages(root) if path not in named and path.parent != decisions]
    rest = tuple(f"../{path.relative_to(root.resolve()).as_posix()}" for path in others)
    tables = {"": ("../README.md",), **readers, "Elsewhere in the checkout": rest}
    return "".join(_contents(caption, pages) for caption, pages in tables.items())


def contents_of_decisions(root: Path) -> str:
    """Return the list of all decisions, for the first of them."""
    files = sorted((root / DECISIONS).parent.glob("*.md"))
    return "\n## All decisions" + _contents("", tuple(each.name for each in files[1:]), shown=True)


def without_folder_links(text: str, folder: Path) -> str:
    """Return a page without its links to folders: only their text is left. `folder` is the page's own."""
    return _LINK.sub(lambda link: link[1] if (folder / link[2]).is_dir() else link[0], text)


def _contents(caption: str, pages: tuple[str, ...], *, shown: bool = False) -> str:
    options = [*([f":caption: {caption}"] if caption else []), ":titlesonly:" if shown else ":hidden:"]
    return "\n".join(["", "```{toctree}", *options, *pages, "```", ""])


ADDITIONS: Final[Mapping[str, Callable[[Path], str]]] = {INDEX: contents_by_reader, DECISIONS: contents_of_decisions}
"""What the site adds to pages, by their paths in the checkout without `.md`."""
