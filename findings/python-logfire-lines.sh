#!/bin/sh
# Logfire for Python sends each log line as a span of no duration, and lists and maps as JSON texts, to any OTLP receiver.
#
# Libraries: logfire 5.4.0, opentelemetry-sdk 1.45.1.
# Behaviour: logfire.info() inside a span makes a child span, named by the message's template, that starts and ends at one
#   instant; logfire.error() makes one with the status ERROR, below a span whose own status is unset. They are spans also
#   where they go to a plain OTLP endpoint; the attribute logfire.span_type tells them from others. A list of numbers, which
#   OTLP has a type for, becomes the text "[1,2]". Each span has some logfire.* and code.* attributes besides its own.
# Why it matters: a contract whose children are closed breaks when somebody adds a log line; "no span is an error" breaks at
#   a logged error; closed attributes break on each span.
# Seen on 2026-11-29:
#   paid {amount}: span_type=log duration is 0: True status=UNSET
#   refused: span_type=log duration is 0: True status=ERROR
#   order: span_type=span duration is 0: False status=UNSET items='[1,2]'
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
cd "$folder"

python3 -m venv environment
environment/bin/pip install --quiet logfire==5.4.0 opentelemetry-sdk==1.45.1 || exit 2
cat > shop.py <<'END'
import logfire
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

spans = InMemorySpanExporter()
logfire.configure(
    send_to_logfire=False, console=False, service_name="shop", additional_span_processors=[SimpleSpanProcessor(spans)]
)
with logfire.span("order", items=[1, 2]):
    logfire.info("paid {amount}", amount=3)
    logfire.error("refused")
for span in spans.get_finished_spans():
    items = f" items={span.attributes['items']!r}" if "items" in span.attributes else ""
    print(
        f"{span.name}: span_type={span.attributes['logfire.span_type']} duration is 0: {span.end_time == span.start_time}"
        f" status={span.status.status_code.name}{items}"
    )
END
seen=$(environment/bin/python shop.py)
expected="paid {amount}: span_type=log duration is 0: True status=UNSET
refused: span_type=log duration is 0: True status=ERROR
order: span_type=span duration is 0: False status=UNSET items='[1,2]'"
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo "changed: see what is printed above" >&2; exit 1; }
