// A shop with two endpoints, and the load that calls it. package.json starts it with OpenTelemetry's register script,
// which traces http and adds the ids of the current span to pino's log records. BREAK plants a fault (see README.md).
const { once } = require("node:events");
const http = require("node:http");
const { setTimeout: pause } = require("node:timers/promises");
const { trace, SpanKind, SpanStatusCode } = require("@opentelemetry/api");
const log = require("pino")({ level: process.env.LOG_LEVEL || "info" });

const BREAK = process.env.BREAK || "";
const FLOWS = Number(process.env.FLOWS || 500);
const AT_ONCE = 4;
const tracer = trace.getTracer("shop");

class CardDeclined extends Error {
  name = "CardDeclined";
}

/** Run `work` in a span of its own, which ends with it and records what it throws. */
function inSpan(name, options, work) {
  return tracer.startActiveSpan(name, options, async (span) => {
    try {
      return await work(span);
    } catch (error) {
      span.recordException(error);
      span.setAttribute("error.type", error.name);
      if (BREAK !== "missing-status") span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  });
}

// A queue of our own: its timer was started outside every request, and so it calls the jobs outside their context.
const jobs = [];
setInterval(() => jobs.splice(0).forEach((job) => job()), 1).unref();

function reserve() {
  const work = () => inSpan("stock.reserve", {}, () => pause(1));
  return BREAK === "lost-context" ? new Promise((done) => jobs.push(() => done(work()))) : work();
}

function loadCart() {
  return inSpan("cart.load", {}, (span) => span.setAttribute("cart.items", BREAK === "wrong-type" ? "3" : 3));
}

function store(order) {
  const attributes = { "db.system.name": "postgresql", "db.operation.name": "INSERT", "db.collection.name": "orders" };
  return inSpan("INSERT orders", { kind: SpanKind.CLIENT, attributes }, async (span) => {
    if (BREAK === "email") span.setAttribute("db.query.text", `INSERT INTO orders VALUES (${order}, 'ada@example.com')`);
    await pause(BREAK === "missing-await" ? 20 : 1);
  });
}

function charge(order, amount) {
  return inSpan("payment.charge", { kind: SpanKind.CLIENT, attributes: { "payment.amount": amount } }, async () => {
    await pause(1);
    if (order % 10 === 0) throw new CardDeclined("the card was declined");
  });
}

async function checkout(order) {
  await loadCart();
  const [price] = await Promise.all([call(`/price?item=${order}`), reserve()]);
  const stored = store(order);
  if (BREAK !== "missing-await") await stored;
  try {
    await charge(order, Number(price.body));
  } catch (error) {
    log.warn({ order, reason: error.name }, "order refused");
    return 402;
  }
  log.info({ order }, "order placed");
  return 200;
}

const server = http.createServer(async (request, response) => {
  const url = new URL(request.url, "http://shop");
  if (url.pathname === "/price") {
    response.end("12.5");
  } else {
    response.writeHead(await checkout(Number(url.searchParams.get("order")))).end();
  }
});

/** Call the shop itself; gives status and body. */
async function call(path) {
  const [response] = await once(http.get({ host: "127.0.0.1", port: server.address().port, path }), "response");
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
  server.closeIdleConnections(); // nothing is left to wait for: the process ends, and the register script flushes
}

main();
