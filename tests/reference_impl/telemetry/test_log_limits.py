"""What OpenTelemetry itself logs is limited (S1.5)."""

from __future__ import annotations

import logging

import pytest

from reference_impl.telemetry import configure_tracing
from reference_impl.telemetry.log_limits import MAX_LINE, BoundedLog
from tests.reference_impl.telemetry.telemetry_support import make_spans, settings_for


def test_the_sdk_logs_one_short_line_a_minute_and_says_what_it_left_out() -> None:
    now = [0.0]
    bound = BoundedLog(every_s=60, clock=lambda: now[0])
    passed = []
    for moment in (0, 1, 2, 61):
        now[0] = moment
        record = logging.LogRecord("x", logging.ERROR, "", 1, "bad header `%s`", ("a\r\n\x1b[31m" * 500,), None)
        if bound.filter(record):
            passed.append(record.getMessage())
    assert len(passed) == 2
    assert all(len(line) <= MAX_LINE and line.isprintable() for line in passed)
    assert passed[1].endswith("(2 more like this left out)")
    broken = logging.LogRecord("x", logging.ERROR, "", 1, "%d", ("no number",), None)
    assert bound.filter(broken)
    assert broken.getMessage() == "%d"
    for number in range(1000):
        assert bound.filter(logging.LogRecord("x", logging.ERROR, "", 1, f"made {number}", None, None))
    assert len(bound._seen) <= MAX_LINE + 1


def test_a_dead_endpoint_does_not_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    telemetry = configure_tracing(settings_for(max_export_batch_size=1, export_timeout_s=0.2))
    make_spans(telemetry, 20)
    telemetry.flush(2)
    telemetry.shutdown(1)
    lines = [record for record in caplog.records if record.name.startswith("opentelemetry")]
    assert len(lines) <= 4
