#!/bin/sh
# The SDK of OpenTelemetry for JavaScript ends a span too early if the process paused while the span was started.
#
# Libraries: @opentelemetry/sdk-trace-base 2.12.0, @opentelemetry/api 1.9.1.
# Behaviour: a span reads Date.now() for its start, in whole milliseconds, and then performance.now(). Its end is the start
#   plus what performance.now() has measured since. Time that passes between the two reads is missing from the span. It
#   passes when no processor is free for the process, or when garbage is collected; here Date.now() waits once, for 50 ms.
# Why it matters: a child that ended before its parent is shown to end after it, by the length of the pause. A check that
#   children end within their parents rejects a sound trace, and now and then does so on every busy machine.
# Seen on 2026-11-29:
#   no pause: the child, which ends first, ends 0 ms after its parent
#   a pause of 50 ms: the child, which ends first, ends 50 ms after its parent
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
cd "$folder"

cat > package.json <<'END'
{"private": true, "dependencies": {"@opentelemetry/api": "1.9.1", "@opentelemetry/sdk-trace-base": "2.12.0"}}
END
npm install --silent --no-audit --no-fund > install.txt 2>&1 || { tail -1 install.txt; exit 2; }
cat > shop.js <<'END'
const { ROOT_CONTEXT, trace } = require("@opentelemetry/api");
const { BasicTracerProvider } = require("@opentelemetry/sdk-trace-base");

const tracer = new BasicTracerProvider().getTracer("shop");
const readClock = Date.now;
let pause = 0;
Date.now = () => {
  const now = readClock();
  const end = performance.now() + pause;
  for (pause = 0; performance.now() < end; );
  return now;
};

function lateness(milliseconds) {
  pause = milliseconds;
  const parent = tracer.startSpan("parent", {}, ROOT_CONTEXT);
  const child = tracer.startSpan("child", {}, trace.setSpan(ROOT_CONTEXT, parent));
  child.end();
  parent.end();
  const [seconds, nanoseconds] = [0, 1].map((part) => child.endTime[part] - parent.endTime[part]);
  return seconds * 1e3 + nanoseconds / 1e6;
}

function show(title, milliseconds) {
  // The least of 30, as a busy machine adds pauses of its own, and to 10 ms, as starts are cut to 1 ms.
  const least = Math.min(...Array.from({ length: 30 }, () => lateness(milliseconds)));
  console.log(`${title}: the child, which ends first, ends ${Math.round(least / 10) * 10 || 0} ms after its parent`);
}

show("no pause", 0);
show("a pause of 50 ms", 50);
END
seen=$(node shop.js)
expected='no pause: the child, which ends first, ends 0 ms after its parent
a pause of 50 ms: the child, which ends first, ends 50 ms after its parent'
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo "changed: see what is printed above" >&2; exit 1; }
