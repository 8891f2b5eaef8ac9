"""Settings without an environment, spans, and an exporter in memory that can fail."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from reference_impl.settings import Settings
from reference_impl.telemetry import Telemetry

# Asked for below is at most 0.8 s; the SDK by itself takes 13 s and more. A slow machine is neither.
MUCH_TOO_LONG_S = 8.0


def settings_for(url: str = "http://127.0.0.1:9", **more: Any) -> Settings:
    return Settings.load({}, endpoint=url, **{"schedule_delay_ms": 60_000, "exit_deadline_s": 1, **more})


def make_spans(telemetry: Telemetry, number: int, name: str = "work") -> None:
    tracer = telemetry.tracer("tests")
    for index in range(number):
        tracer.start_span(f"{name} {index}").end()


class Collecting(SpanExporter):
    """An exporter in memory that can be made to raise, to fail and to hang."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.poison: dict[str, BaseException] = {}
        self.result = SpanExportResult.SUCCESS
        self.released = threading.Event()
        self.released.set()
        self.shutdowns = 0

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.released.wait(60)
        for span in spans:
            if span.name in self.poison:
                raise self.poison[span.name]
        self.names += [span.name for span in spans]
        return self.result

    def shutdown(self) -> None:
        self.shutdowns += 1
        self.released.set()
