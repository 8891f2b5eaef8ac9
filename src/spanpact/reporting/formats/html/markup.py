"""HTML elements as text: whatever comes in is shown as it is and is never markup."""

from __future__ import annotations

from html import escape
from typing import NewType

from spanpact.reporting.drawing.safe_text import escape_controls

Html = NewType("Html", str)
"""Text that is HTML already."""


def text(value: object) -> Html:
    """Return a text as HTML, with control, invisible and direction-changing characters escaped visibly."""
    return Html(escape(escape_controls(str(value))))


def join(*parts: Html | None) -> Html:
    """Return parts one after the other; those that are missing are left out."""
    return Html("".join(part for part in parts if part))


def element(name: str, *children: Html, **attributes: str | int | bool | None) -> Html:
    """Return an element. An attribute's name has `_` for `-`, and `_` at its end if it is a word of Python.

    An attribute that is None or False is left out, and one that is True has no value.
    """
    written = "".join(map(_attribute, attributes, attributes.values()))
    return Html(f"<{name}{written}>{''.join(children)}</{name}>")


def _attribute(name: str, value: str | int | bool | None) -> str:
    if value is None or value is False:
        return ""
    name = name.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{text(value)}"'


def web_link(url: str, *children: Html, **attributes: str | None) -> Html:
    """Return a link that opens a page of the web in a new tab; the children alone if the address is none of the web."""
    if not url.startswith(("https://", "http://")):
        return join(*children)
    return element("a", *children, href=url, target="_blank", rel="noopener noreferrer", **attributes)


def numbered(number: int, noun: str) -> str:
    """Return a number, which may be large, and its noun: `1 flow`, `20,000 flows`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
