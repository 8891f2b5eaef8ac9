"""A line that cannot be written is counted, and the caller notices nothing (S5.3)."""

from __future__ import annotations

import io
import logging
import threading

from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor

from reference_impl.logs.structured import configure_logging, get_logger
from tests.reference_impl.logs.logs_support import LOGGER, SERVICE, Logs


class Full(io.StringIO):
    def write(self, _: str) -> int:
        raise BrokenPipeError


def test_a_line_that_cannot_be_written_is_counted_and_its_record_goes_on(records: InMemoryLogRecordExporter) -> None:
    provider = LoggerProvider(shutdown_on_exit=False)
    provider.add_log_record_processor(SimpleLogRecordProcessor(records))
    closed = io.StringIO()
    closed.close()
    for stream in (Full(), closed):
        pipeline = configure_logging(SERVICE, stream=stream, logger_provider=provider)
        get_logger(LOGGER).error("x")
        reading = pipeline.reading()
        pipeline.close()
        assert (reading.lines, reading.dropped) == ({}, {"otlp": 0, "render": 0, "stream": 1})
    assert len(records.get_finished_logs()) == 2


def test_a_record_that_cannot_be_described_is_counted(logs: Logs) -> None:
    record = logging.makeLogRecord({"created": float("nan"), "levelno": logging.ERROR})
    logging.getLogger(LOGGER).handle(record)
    assert logs.pipeline.reading().dropped["render"] == 1


def test_lines_are_counted_by_level(logs: Logs) -> None:
    for method in ("debug", "info", "warning", "warning", "error", "critical"):
        getattr(get_logger(LOGGER), method)("x")
    reading = logs.pipeline.reading()
    assert reading.lines == {"debug": 1, "info": 1, "warning": 2, "error": 1, "critical": 1}


class Refusing(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        raise RuntimeError("no")


def test_somebody_else_s_filter_that_raises_does_not_reach_the_caller(logs: Logs) -> None:
    refusing, logger = Refusing(), logging.getLogger(LOGGER)
    logger.addFilter(refusing)
    get_logger(LOGGER).info("x")
    logger.removeFilter(refusing)
    assert logs.lines == []


def test_threads_write_whole_lines(logs: Logs) -> None:
    def work() -> None:
        for number in range(200):
            get_logger(LOGGER).info("x", number=number)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(logs.lines) == logs.pipeline.reading().lines["info"] == 800
