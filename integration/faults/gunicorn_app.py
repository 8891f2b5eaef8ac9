"""A WSGI application that makes one span in each request, for gunicorn."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from reference_impl.settings import Settings
from reference_impl.telemetry import configure_tracing

telemetry = configure_tracing(Settings.load())


def app(environ: dict[str, Any], start_response: Callable[[str, list[tuple[str, str]]], object]) -> Iterable[bytes]:
    """Answer a request with an empty body."""
    telemetry.tracer("tests").start_span("work").end()
    start_response("204 No Content", [])
    return []
