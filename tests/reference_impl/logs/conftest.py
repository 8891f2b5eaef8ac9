"""Pipelines that write to a text, alone and with OpenTelemetry log records."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor

from reference_impl.logs.structured import configure_logging
from tests.reference_impl.logs.logs_support import SERVICE, Logs


@pytest.fixture(autouse=True)
def _no_handlers_of_pytest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep pytest from adding handlers to the root logger during a test: they would call `str` on hostile values."""
    monkeypatch.setattr(logging.getLogger(), "addHandler", lambda _: None)


@pytest.fixture
def records() -> InMemoryLogRecordExporter:
    return InMemoryLogRecordExporter()


@pytest.fixture
def logs() -> Iterator[Logs]:
    stream = io.StringIO()
    pipeline = configure_logging(SERVICE, stream=stream, level="debug")
    yield Logs(pipeline, stream)
    pipeline.close()


@pytest.fixture
def exporting(records: InMemoryLogRecordExporter) -> Iterator[Logs]:
    """Logs that go to a LoggerProvider too."""
    provider = LoggerProvider(shutdown_on_exit=False)
    provider.add_log_record_processor(SimpleLogRecordProcessor(records))
    stream = io.StringIO()
    pipeline = configure_logging(SERVICE, stream=stream, logger_provider=provider)
    yield Logs(pipeline, stream)
    pipeline.close()
    provider.shutdown()
