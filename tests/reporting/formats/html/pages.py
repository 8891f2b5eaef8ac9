"""HTML pages read back: their elements, texts and data, by the parser of the standard library."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from html.parser import HTMLParser
from typing import Any

from spanpact.findings import Report
from spanpact.reporting import TextOptions
from spanpact.reporting.formats import render_report

_VOID = frozenset(["meta"])


@dataclass
class Page:
    """A page: its source, its elements with their attributes, its text, and the raw text of scripts and styles."""

    source: str
    elements: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    text: str = ""
    raw: list[tuple[str, str]] = field(default_factory=list)

    def all(self, name: str, **attributes: str) -> list[dict[str, str | None]]:
        """Return the attributes of the elements with a name, and with these values of attributes."""
        wanted = {key.rstrip("_").replace("_", "-"): value for key, value in attributes.items()}
        return [has for tag, has in self.elements if tag == name and wanted.items() <= has.items()]

    @cached_property
    def data(self) -> dict[str, Any]:
        """Return the data of the script."""
        (found,) = [text for kind, text in self.raw if kind == "application/json"]
        loaded: dict[str, Any] = json.loads(found)
        return loaded

    @property
    def policy(self) -> str:
        """Return the content security policy."""
        (found,) = self.all("meta", http_equiv="Content-Security-Policy")
        return found["content"] or ""


class _Reader(HTMLParser):
    def __init__(self, page: Page) -> None:
        super().__init__(convert_charrefs=True)
        self.page, self.open, self.kind = page, [""], ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.page.elements.append((tag, dict(attrs)))
        assert len(dict(attrs)) == len(attrs), f"an attribute of <{tag}> occurs twice"
        if tag in ("script", "style"):
            self.kind = dict(attrs).get("type") or tag
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        self.kind = ""

    def handle_data(self, data: str) -> None:
        if self.kind:
            self.page.raw.append((self.kind, data))
        else:
            self.page.text += data


def read_page(source: str) -> Page:
    """Return a page; every element that is opened must be closed in order."""
    page = Page(source)
    reader = _Reader(page)
    reader.feed(source)
    reader.close()
    assert reader.open == [""]
    return page


def page_of(report: Report, **options: Any) -> Page:
    """Return the page of a report."""
    return read_page(render_report("html", report, TextOptions(**options)))
