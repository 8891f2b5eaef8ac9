"""Check the links of a built site: `python -m docs.site.links FOLDER` exits with 1 where one leads nowhere.

Each `href` and `src` must lead to a file of the site, and each anchor to an element of its page. What a browser loads
with a page (pictures, scripts, styles) must be part of the site, so that a reader without a network sees all of it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

_LOADING = frozenset({"audio", "iframe", "img", "link", "script", "source", "video"})
"""Elements whose address a browser loads with the page."""
_IN_STYLES = re.compile(r"(?:url\(|@import)\s*[\"']?(?!data:)([^\"')\s]+)")


class Page(HTMLParser):
    """What one page links to, as (address, whether it is loaded with the page), and the anchors that it has."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[tuple[str, bool]] = []
        self.anchors = {""}
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the links and the anchor of an element."""
        for name, value in attrs:
            if name == "id" and value:
                self.anchors.add(value)
            elif name in ("href", "src") and value is not None:
                self.links.append((value, tag in _LOADING))


def read_site(folder: Path) -> Mapping[Path, Page]:
    """Return the pages of a site by their files."""
    return {file: Page(file.read_text(encoding="utf-8")) for file in sorted(folder.resolve().rglob("*.html"))}


def broken_links(folder: Path, pages: Mapping[Path, Page]) -> Iterator[str]:
    """Yield `page: address: what is wrong` for each link that leads nowhere, or outside where it must not."""
    for file, page in pages.items():
        for address, loaded in page.links:
            if wrong := _wrong_with(address, loaded, file, pages):
                yield f"{file.relative_to(folder.resolve())}: {address}: {wrong}"
    for style in sorted(folder.resolve().rglob("*.css")):
        for address in _IN_STYLES.findall(style.read_text(encoding="utf-8")):
            if wrong := _wrong_with(address, True, style, pages):
                yield f"{style.relative_to(folder.resolve())}: {address}: {wrong}"


def _wrong_with(address: str, loaded: bool, file: Path, pages: Mapping[Path, Page]) -> str:
    """Return what is wrong with a link on a page or in a style; nothing if all is well."""
    parts = urlsplit(address)
    if parts.scheme or parts.netloc:
        return "is loaded from another host" if loaded and parts.scheme != "data" else ""
    target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
    if not target.is_file():
        return "no such file"
    if target in pages and unquote(parts.fragment) not in pages[target].anchors:
        return "no such anchor"
    return ""


def main(arguments: Sequence[str]) -> int:
    """Print the links that lead nowhere, and how many there are of how many; return 1 if there is one, or no page."""
    folder = Path(arguments[0])
    pages = read_site(folder)
    broken = list(broken_links(folder, pages))
    number = sum(len(page.links) for page in pages.values())
    print(*broken, f"{len(pages)} pages, {number} links, {len(broken)} broken", sep="\n")
    return 1 if broken or not pages else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
