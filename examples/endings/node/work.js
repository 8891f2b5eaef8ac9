// Ten spans by the NodeSDK.
const { NodeSDK } = require("@opentelemetry/sdk-node");
const { trace } = require("@opentelemetry/api");

const sdk = new NodeSDK();
sdk.start();
for (let i = 0; i < 10; i++) trace.getTracer("endings").startSpan("work").end();
if (process.env.ENDING === "wait") {
  console.log("ready");
  setTimeout(() => {}, 60_000);
} else if (process.env.ENDING === "flush") {
  sdk.shutdown();
} else {
  process.exit(0);
}
