#!/bin/sh
# The type of one exception in Python depends on the signal that reports it, and on how the program was started.
#
# Libraries: opentelemetry-sdk 1.45.1, opentelemetry-instrumentation-logging 0.66b1.
# Behaviour: the span event of record_exception has module and class as exception.type; the log record of
#   logger.exception, through the LoggingHandler of the instrumentation, has the class only. The module of a program
#   that is started as a script is __main__.
# Why it matters: a literal in a contract holds for one signal and one way to start the program. And who counts an
#   exception once that a span event and a log record report cannot recognize it by its type.
# Seen on 2026-11-29 (first as a script, then imported):
#   event=__main__.CardDeclined log=CardDeclined
#   event=shop.CardDeclined log=CardDeclined
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
cd "$folder"

python3 -m venv environment
environment/bin/pip install --quiet opentelemetry-sdk==1.45.1 opentelemetry-instrumentation-logging==0.66b1 || exit 2
cat > shop.py <<'END'
import logging

from opentelemetry.instrumentation.logging.handler import LoggingHandler
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter


class CardDeclined(Exception):
    pass


spans, records = InMemorySpanExporter(), InMemoryLogRecordExporter()
tracing, logs = TracerProvider(), LoggerProvider()
tracing.add_span_processor(SimpleSpanProcessor(spans))
logs.add_log_record_processor(SimpleLogRecordProcessor(records))
log = logging.getLogger("shop")
log.propagate = False
log.addHandler(LoggingHandler(logger_provider=logs))

with tracing.get_tracer("shop").start_as_current_span("charge") as span:
    try:
        raise CardDeclined("no money")
    except CardDeclined as error:
        span.record_exception(error)
        log.exception("refused")

event = spans.get_finished_spans()[0].events[0].attributes["exception.type"]
record = records.get_finished_logs()[0].log_record.attributes["exception.type"]
print(f"event={event} log={record}")
END
seen=$(environment/bin/python shop.py; environment/bin/python -c "import shop")
expected='event=__main__.CardDeclined log=CardDeclined
event=shop.CardDeclined log=CardDeclined'
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo "changed: see what is printed above" >&2; exit 1; }
