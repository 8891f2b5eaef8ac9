"""Every link of the documentation leads to a page that is there, and every anchor to a heading on it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, ROOT

EXAMPLES = [ROOT / "examples" / "README.md", *(ROOT / "examples").glob("*/README.md")]
DOCUMENTS = sorted(
    [
        *ROOT.glob("*.md"),
        *DOCS.rglob("*.md"),
        *(ROOT / "tests").rglob("*.md"),
        ROOT / "reference_impl" / "README.md",
        ROOT / "monitoring" / "README.md",
        ROOT / "semconv" / "README.md",
        *EXAMPLES,
    ]
)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)


def prose(document: Path) -> str:
    """A page without its blocks of code."""
    return FENCE.sub("", document.read_text(encoding="utf-8"))


def anchors(document: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    found: dict[str, int] = {}
    names = set()
    for title in re.findall(r"^#{1,6} +(.+?) *#*$", prose(document), re.MULTILINE):
        slug = re.sub(r"[^\w\- ]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title).lower()).replace(" ", "-")
        seen = found[slug] = found.get(slug, -1) + 1
        names.add(f"{slug}-{seen}" if seen else slug)
    return names


def broken(document: Path) -> list[str]:
    """The links of a page inside the repository that lead nowhere."""
    lost = []
    for link in LINK.findall(prose(document)):
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        if "://" in link or link.startswith("mailto:"):
            continue
        if not target.exists() or (anchor and anchor not in anchors(target)):
            lost.append(link)
    return lost


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_leads_to_a_page_and_a_heading_that_are_there(document: Path) -> None:
    assert broken(document) == []


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# A page: `of` mine\n## Twice\n## Twice\n[a](#a-page-of-mine) [b](#twice-1) [c](#twice-2) [d](other.md)\n"
        "```\n# not a heading\n[e](nowhere.md)\n```\n[f](page.md#not-a-heading) [g](https://example.com/#x)\n"
    )
    assert broken(page) == ["#twice-2", "other.md", "page.md#not-a-heading"]
