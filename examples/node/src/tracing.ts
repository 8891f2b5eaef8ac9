// Set OpenTelemetry up. Loaded before the program (node --require ./dist/tracing.js), so that what the program imports
// is traced. The SDK reads OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES and OTEL_EXPORTER_OTLP_* from the environment.
import { getNodeAutoInstrumentations } from "@opentelemetry/auto-instrumentations-node";
import { NodeSDK } from "@opentelemetry/sdk-node";

const sdk = new NodeSDK({
  instrumentations: getNodeAutoInstrumentations({
    "@opentelemetry/instrumentation-dns": { enabled: false }, // spans of a cold connection, which most requests lack
    "@opentelemetry/instrumentation-net": { enabled: false },
    "@opentelemetry/instrumentation-redis": { enabled: process.env.BREAK === "traced-twice" }, // redis.ts traces Redis
  }),
});
sdk.start();

let flushed: Promise<void> | undefined;

/** Send what has not been sent yet. A Node program that ends without this loses its last spans. */
function flush(): Promise<void> {
  return (flushed ??= sdk.shutdown().catch(console.error));
}

process.once("beforeExit", flush); // nothing is left to do
process.once("SIGTERM", () => void flush().finally(() => process.exit()));
