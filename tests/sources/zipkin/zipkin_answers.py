"""Answers that were recorded from Zipkin 3.5: the recordings of files, and `/info`."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from tests.sources.scripted_http import answer

RECORDINGS = Path(__file__).parents[1] / "files" / "recordings"
INFO = answer(200, b'{"zipkin":{"version":"3.5.1","commit":"b7e2258"}}')
NOT_FOUND = answer(404, b"d4f5407f5019681dfa56a6073e20e1f5 not found", "text/*")


def zipkin(head: str) -> bytes:
    """Answer as a Zipkin did."""
    path = urlsplit(head.split()[1]).path
    if path == "/info":
        return INFO
    name = "zipkin-traces" if path == "/api/v2/traces" else "zipkin-trace"
    return NOT_FOUND if path.endswith("f" * 32) else answer(200, (RECORDINGS / f"{name}.json").read_bytes())
