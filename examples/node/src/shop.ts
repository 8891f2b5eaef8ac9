// A shop with two endpoints, and the load that calls it. tracing.ts traces http and sends pino's log records with the ids
// of the current span. BREAK plants a fault (see README.md).
import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { type Span, SpanKind, type SpanOptions, SpanStatusCode, trace } from "@opentelemetry/api";
import pino from "pino";

const BREAK = process.env.BREAK || "";
const FLOWS = Number(process.env.FLOWS || 500);
const AT_ONCE = 4;
const log = pino({ level: process.env.LOG_LEVEL || "info" });
const tracer = trace.getTracer("shop");

class CardDeclined extends Error {
  name = "CardDeclined";
}

/** Run `work` in a span of its own, which ends with it and records what it throws. */
function inSpan<T>(name: string, options: SpanOptions, work: (span: Span) => T | Promise<T>): Promise<T> {
  return tracer.startActiveSpan(name, options, async (span) => {
    try {
      return await work(span);
    } catch (error) {
      span.recordException(error as Error);
      span.setAttribute("error.type", (error as Error).name);
      if (BREAK !== "missing-status") span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  });
}

// A queue of our own: its timer was started outside every request, and so it calls the jobs outside their context.
const jobs: (() => void)[] = [];
setInterval(() => jobs.splice(0).forEach((job) => job()), 1).unref();

function reserve() {
  const work = () => inSpan("stock.reserve", {}, () => pause(1));
  return BREAK === "lost-context" ? new Promise<void>((done) => jobs.push(() => done(work()))) : work();
}

function loadCart() {
  return inSpan("cart.load", {}, (span) => span.setAttribute("cart.items", BREAK === "wrong-type" ? "3" : 3));
}

function store(order: number) {
  const attributes = { "db.system.name": "postgresql", "db.operation.name": "INSERT", "db.collection.name": "orders" };
  return inSpan("INSERT orders", { kind: SpanKind.CLIENT, attributes }, async (span) => {
    if (BREAK === "email") span.setAttribute("db.query.text", `INSERT INTO orders VALUES (${order}, 'ada@example.com')`);
    await pause(BREAK === "missing-await" ? 20 : 1);
  });
}

function charge(order: number, amount: number) {
  return inSpan("payment.charge", { kind: SpanKind.CLIENT, attributes: { "payment.amount": amount } }, async () => {
    await pause(1);
    if (order % 10 === 0) throw new CardDeclined("the card was declined");
  });
}

async function checkout(order: number) {
  await loadCart();
  const [price] = await Promise.all([call(`/price?item=${order}`), reserve()]);
  const stored = store(order);
  if (BREAK !== "missing-await") await stored;
  try {
    await charge(order, Number(price.body));
  } catch (error) {
    log.warn({ order, reason: (error as Error).name }, "order refused");
    return 402;
  }
  log.info({ order }, "order placed");
  return 200;
}

const server = http.createServer(async (request, response) => {
  const url = new URL(request.url!, "http://shop");
  if (url.pathname === "/price") {
    response.end("12.5");
  } else {
    response.writeHead(await checkout(Number(url.searchParams.get("order")))).end();
  }
});

/** Call the shop itself; gives status and body. */
async function call(path: string) {
  const { port } = server.address() as AddressInfo;
  const [response] = await once(http.get({ host: "127.0.0.1", port, path }), "response");
  let body = "";
  for await (const part of response) body += part;
  return { status: response.statusCode, body };
}

async function main() {
  await once(server.listen(0, "127.0.0.1"), "listening");
  let next = 1;
  const customer = async () => {
    while (next <= FLOWS) await call(`/checkout?order=${next++}`);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, customer));
  server.close();
  server.closeIdleConnections(); // nothing is left to wait for: the process ends, and tracing.ts flushes
}

main();
