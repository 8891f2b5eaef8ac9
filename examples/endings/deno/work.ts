// Ten spans by Deno's own OpenTelemetry, which OTEL_DENO switches on.
import { trace } from "npm:@opentelemetry/api@1.9.0";

for (let i = 0; i < 10; i++) trace.getTracer("endings").startSpan("work").end();
if (Deno.env.get("ENDING") === "wait") {
  console.log("ready");
  setTimeout(() => {}, 60_000);
}
