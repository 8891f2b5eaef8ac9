// Calls of HTTP, PostgreSQL and Redis, traced by the set-up without code.
const http = require("node:http");
const { trace } = require("@opentelemetry/api");
const { Client } = require("pg");
const Redis = require("ioredis");

const CLOSED = ["http://localhost:9/closed", "http://localhost/closed"]; // nothing listens; the second has no port

const server = http.createServer((request, response) => {
  response.statusCode = Number(new URL(request.url, "http://localhost").searchParams.get("status") ?? 200);
  request.resume().on("end", () => response.end("ok"));
});

function get(url, method = "GET") {
  return new Promise((resolve) => {
    const request = http.request(url, { method }, (response) => response.resume().on("end", resolve));
    request.on("error", resolve).end();
  });
}

async function callByHttp(base) {
  for (const status of [200, 404, 503]) await get(`${base}/items/7?status=${status}`);
  await get(`${base}/items/7`, "PROPFIND");
  for (const url of CLOSED) await get(url);
}

async function callByFetch(base) {
  for (const status of [200, 404, 503]) await (await fetch(`${base}/items/8?status=${status}`)).text();
  await (await fetch(`${base}/items/8`, { method: "PROPFIND" })).text();
  await fetch(CLOSED[1]).catch(() => {});
}

async function callPostgres() {
  const postgres = new Client({ connectionString: process.env.POSTGRES_URL });
  await postgres.connect();
  await postgres.query("SELECT $1::int AS number", [7]);
  await postgres.query("SELECT nothing FROM nowhere").catch(() => {});
  await postgres.end();
}

async function callRedis() {
  const redis = new Redis(process.env.REDIS_URL, { lazyConnect: true, disableClientInfo: true });
  await redis.connect(); // before the first command: one that waits for the connection has two spans
  await redis.set("item:7", "pear");
  await redis.get("item:7");
  await redis.lpush("item:7", "plum").catch(() => {}); // of another type
  await redis.quit();
}

server.listen(0, "127.0.0.1", async () => {
  const base = `http://localhost:${server.address().port}`;
  await callByHttp(base);
  await callByFetch(base);
  server.closeAllConnections();
  server.close();
  await callPostgres();
  const span = trace.getTracer("work").startActiveSpan("work", (span) => callRedis().then(() => span)); // it needs a parent
  (await span).end();
});
