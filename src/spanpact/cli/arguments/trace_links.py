"""`--trace-url`: where a trace of a report can be looked at."""

from __future__ import annotations

import argparse
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from spanpact.cli.arguments.options import Parser

PLACEHOLDER: Final = "{trace_id}"
"""What stands for the id of a trace in the template of `--trace-url`."""
_JAEGER: Final = "jaeger:"


def add_trace_url_option(parser: Parser) -> None:
    """Add `--trace-url`."""
    parser.add_argument(
        "--trace-url", type=_template, metavar="URL",
        help=f"show a link next to a trace: a URL with {PLACEHOLDER} in it, such as https://ui.example/trace/"
        f"{PLACEHOLDER}; '' shows none (default: Jaeger's page, if the only source is a Jaeger)",
    )  # fmt: skip


def trace_url(given: argparse.Namespace) -> str:
    """Return the template of links to traces, "" for none: the one given, else that of the only source, a Jaeger."""
    template: str | None = getattr(given, "trace_url", None)
    if template is not None:
        return template
    sources = getattr(given, "sources", [])
    if len(sources) != 1 or not sources[0].startswith(_JAEGER):
        return ""
    url = urlsplit(str(sources[0]).removeprefix(_JAEGER))
    host = url.netloc.rpartition("@")[2]  # a link holds no password
    return str(urlunsplit((url.scheme, host, f"{url.path.rstrip('/')}/trace/{PLACEHOLDER}", "", "")))


def _template(text: str) -> str:
    if not text:
        return ""
    if not text.startswith(("https://", "http://")) or PLACEHOLDER not in text or not _is_plain(text):
        problem = f"cannot be {text!r}; accepted: a URL (https, http) with {PLACEHOLDER} in it"
        raise argparse.ArgumentTypeError(f"{problem}, such as https://ui.example/trace/{PLACEHOLDER}")
    return text


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable() and not set(text) & set(' "<>`\\|')
