// Ten spans by the set-up without code.
const { trace } = require("@opentelemetry/api");

for (let i = 0; i < 10; i++) trace.getTracer("endings").startSpan("work").end();
if (process.env.ENDING === "wait") {
  console.log("ready");
  setTimeout(() => {}, 60_000);
} else if (process.env.ENDING === "flush") {
  process.exitCode = 0; // nothing to call: the set-up belongs to the script that was required
} else {
  process.exit(0);
}
