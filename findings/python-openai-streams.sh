#!/bin/sh
# A streamed answer of OpenAI's client that is not read to its end leaves its span current: later requests hang below a lost span.
#
# Libraries: opentelemetry-instrumentation-openai-v2 2.4b0 with opentelemetry-util-genai 1.1b0 (newer ones cannot be imported by
#   it), openai 2.54.0, opentelemetry-sdk 1.45.1.
# Behaviour: the span of a streamed chat is made current when the request is sent, and ends with the last chunk or when the
#   stream is closed. A loop that breaks off without closing the stream never ends it, and what this thread starts afterwards,
#   such as the next request, becomes its child and is in its trace. While a stream is read, the caller's own spans are below
#   the span of the chat.
# Why it matters: one forgotten close merges all later requests of a thread into one trace whose root is never sent. Each is
#   an orphan. The cause, the span that is missing, is nowhere in the data.
# Seen on 2026-11-29:
#   read to its end: chat sent=yes, the next request is a root
#   closed early: chat sent=yes, the next request is a root
#   abandoned: chat sent=no, the next request is below a span that was not sent
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
cd "$folder"

python3 -m venv environment
environment/bin/pip install --quiet opentelemetry-instrumentation-openai-v2==2.4b0 opentelemetry-util-genai==1.1b0 \
    openai==2.54.0 httpx opentelemetry-sdk==1.45.1 || exit 2
cat > chat.py <<'END'
import http.server
import json
import threading

import openai
from opentelemetry import trace
from opentelemetry.instrumentation.openai_v2 import OpenAIInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

CHUNK = {
    "id": "1",
    "object": "chat.completion.chunk",
    "created": 1,
    "model": "m",
    "choices": [{"index": 0, "delta": {"content": "tea"}, "finish_reason": None}],
}


class Model(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for text in [json.dumps(CHUNK)] * 3 + ["[DONE]"]:
            self.wfile.write(f"data: {text}\n\n".encode())

    def log_message(self, *parts):
        pass


spans = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(spans))
trace.set_tracer_provider(provider)
OpenAIInstrumentor().instrument()
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = openai.OpenAI(api_key="none", base_url=f"http://127.0.0.1:{server.server_port}/v1")


def read_to_its_end(stream):
    for _ in stream:
        pass


def closed_early(stream):
    next(iter(stream))
    stream.close()


def abandoned(stream):
    next(iter(stream))


for use in (read_to_its_end, closed_early, abandoned):
    spans.clear()
    use(client.chat.completions.create(model="m", messages=[{"role": "user", "content": "?"}], stream=True))
    provider.get_tracer("shop").start_span("request").end()
    sent = {span.name: span for span in spans.get_finished_spans()}
    parent = sent["request"].parent
    below = "a root" if parent is None else "below a span that was not sent"
    assert parent is None or all(span.context.span_id != parent.span_id for span in sent.values())
    chat = "yes" if "chat m" in sent else "no"
    print(f"{use.__name__.replace('_', ' ')}: chat sent={chat}, the next request is {below}")
END
seen=$(environment/bin/python chat.py)
expected='read to its end: chat sent=yes, the next request is a root
closed early: chat sent=yes, the next request is a root
abandoned: chat sent=no, the next request is below a span that was not sent'
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo "changed: see what is printed above" >&2; exit 1; }
