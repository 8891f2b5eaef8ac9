#!/bin/sh
# Each retry of a Celery task is a span below the attempt before it, and an attempt that failed and is retried has no error.
#
# Libraries: opentelemetry-instrumentation-celery 0.66b1, celery 5.7.0, opentelemetry-sdk 1.45.1.
# Behaviour: self.retry() sends the task again from inside the attempt, so that the next attempt is below a producer's span
#   below this attempt, although it runs after it: three attempts are six levels. The status of an attempt that is retried is
#   unset and it has no exception, only celery.state=RETRY. The next attempt ends after the span that it is below.
# Why it matters: a contract for a task that sends no other task breaks at the first retry; the depth of a trace grows with each;
#   "no span is an error" accepts a task of which every attempt but the last failed.
# Seen on 2026-11-29:
#   level 0 apply_async/shop.charge PRODUCER UNSET
#   level 1 run/shop.charge CONSUMER UNSET RETRY
#   level 2 apply_async/shop.charge PRODUCER UNSET
#   level 3 run/shop.charge CONSUMER UNSET RETRY
#   level 4 apply_async/shop.charge PRODUCER UNSET
#   level 5 run/shop.charge CONSUMER UNSET SUCCESS
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
cd "$folder"

python3 -m venv environment
environment/bin/pip install --quiet opentelemetry-instrumentation-celery==0.66b1 celery==5.7.0 opentelemetry-sdk==1.45.1 || exit 2
cat > shop.py <<'END'
from celery import Celery
from celery.contrib.testing.worker import start_worker
from opentelemetry import trace
from opentelemetry.instrumentation.celery import CeleryInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

spans = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(spans))
trace.set_tracer_provider(provider)
CeleryInstrumentor().instrument()
shop = Celery("shop", broker="memory://", backend="cache+memory://")


@shop.task(name="shop.charge", bind=True, max_retries=3)
def charge(self):
    if self.request.retries < 2:
        raise self.retry(countdown=0)


with start_worker(shop, perform_ping_check=False, pool="solo"):
    charge.delay().get(timeout=30, disable_sync_subtasks=False)
found = sorted(spans.get_finished_spans(), key=lambda span: span.start_time)
levels = {}
for span in found:
    level = levels[span.parent.span_id] + 1 if span.parent else 0
    levels[span.context.span_id] = level
    print(f"level {level}", span.name, span.kind.name, span.status.status_code.name, span.attributes.get("celery.state", ""))
END
seen=$(environment/bin/python shop.py 2> errors.txt | sed 's/ *$//')
expected='level 0 apply_async/shop.charge PRODUCER UNSET
level 1 run/shop.charge CONSUMER UNSET RETRY
level 2 apply_async/shop.charge PRODUCER UNSET
level 3 run/shop.charge CONSUMER UNSET RETRY
level 4 apply_async/shop.charge PRODUCER UNSET
level 5 run/shop.charge CONSUMER UNSET SUCCESS'
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { cat errors.txt; echo "changed: see what is printed above" >&2; exit 1; }
